/* What one subscriber's transport-wide feedback says: the usual report, read and learned from in one go.

   `twcc.read_feedback` and `bwe.Estimator.on_feedback` (see there) know all that a report can say. This knows the one that nearly always
   comes: well formed, alone in its packet, by the clock of the reports before it, and about packets of which nothing is to be decided now.
   Any other is left to Python with nothing changed. Tests hold both beside each other. */
#include <math.h>
#include <string.h>
#include "native.h"
#include "octets.h"

enum { HEAD = 4, SSRCS = 8, FCI = 8, MAX_STATUSES = 2048, LOG = 2048, TICKS_PER_S = 4000, TICKS_PER_REFERENCE = 256, LOSS_TOLD = 250 };
enum { LOST, SMALL, LARGE };

static const double REFERENCE_PERIOD_MS = 1000.0 * (1 << 24) * TICKS_PER_REFERENCE / TICKS_PER_S, LEAP_MS = 5000.0;
static const double HEAVY_LOSS = 0.10, LOSS_EVERY_S = 0.5, LOSS_LONGEST_S = 2.0, LOSS_EVIDENT = 3.0;

/* Of packets from `base` on: when each arrived by the receiver's clock, NaN for a loss. Then, of those whose sending is remembered (`count`
   from `first` on, which is the one at `skipped`), when they were sent and their sizes, 0 for what was told before. */
struct report {
    uint16_t base, first;
    int told, skipped, count;
    double reference_s, arrived[MAX_STATUSES], sent[MAX_STATUSES];
    int32_t sizes[MAX_STATUSES];
};

/* ---- reading ---- */

/* Return the symbols of a chunk that is no run: how many, and each in its place. */
static int unpack(uint16_t chunk, unsigned char *symbols)
{
    int bits = chunk & 0x4000 ? 2 : 1, count = 14 / bits;
    for (int i = 0; i < count; i++)
        symbols[i] = (unsigned char)(chunk >> (14 - bits * (i + 1)) & (bits == 2 ? 3 : 1));
    return count;
}

/* Returns the offset behind the chunks, 0 where they tell too little. `symbols` has room for a chunk more than is told. */
static int read_symbols(const unsigned char *payload, int size, int told, unsigned char *symbols)
{
    int at = FCI, count = 0;
    while (count < told && at + 2 <= size) {
        uint16_t chunk = get16(payload + at);
        at += 2;
        if (chunk & 0x8000) {
            count += unpack(chunk, symbols + count);
            continue;
        }
        int run = chunk & 0x1FFF, left = told - count;
        memset(symbols + count, chunk >> 13, (size_t)(run < left ? run : left));
        count += run < left ? run : left;
    }
    return count < told ? 0 : at;
}

static int read_report(const unsigned char *payload, int size, struct report *report)
{
    unsigned char symbols[MAX_STATUSES + 14];
    if (size < FCI || get16(payload + 2) > MAX_STATUSES)
        return 0;
    report->base = get16(payload);
    report->told = get16(payload + 2);
    int at = read_symbols(payload, size, report->told, symbols);
    int32_t reference = (int32_t)(get32(payload + 4) & 0xFFFFFF00) >> 8;
    int64_t ticks = (int64_t)TICKS_PER_REFERENCE * reference;
    report->reference_s = (double)ticks / TICKS_PER_S;
    for (int i = 0; i < report->told; i++) {
        if (symbols[i] > LARGE || !at || at + symbols[i] > size)
            return 0;
        if (symbols[i] == SMALL)
            ticks += payload[at];
        else if (symbols[i] == LARGE)
            ticks += (int16_t)get16(payload + at);
        report->arrived[i] = symbols[i] == LOST ? NAN : (double)ticks / TICKS_PER_S;
        at += symbols[i];
    }
    return report->told > 0;
}

/* Find the report in a compound packet (RFC 3550) that holds nothing else; returns its payload's size, 0 for any other packet. */
static int find_report(const struct tally *tally, const unsigned char *packet, int size)
{
    if (size < HEAD + SSRCS || (packet[0] & ~0x20) != 0x8F || packet[1] != 205 || size != HEAD + 4 * get16(packet + 2))
        return 0;
    int padding = packet[0] & 0x20 ? packet[size - 1] : 0;
    if (get32(packet + HEAD) != tally->teller || padding > size - HEAD - SSRCS || (packet[0] & 0x20 && !padding))
        return 0;
    return size - HEAD - SSRCS - padding;
}

/* ---- is there nothing to be decided? ---- */

/* Whether it is told by the clock that is known: see `Estimator._anchor`. */
static int is_by_known_clock(const struct tally *tally, const struct report *report, double now)
{
    double newest = report->reference_s;
    for (int i = report->told - 1; i >= 0; i--)
        if (!isnan(report->arrived[i])) {
            newest = report->arrived[i];
            break;
        }
    double apart_ms = now * 1000 - newest * 1000 - tally->offset_ms;
    return rint(apart_ms / REFERENCE_PERIOD_MS) == 0 && fabs(newest * 1000 + tally->offset_ms - now * 1000) < LEAP_MS;
}

static void remember(const struct wire *wire, struct report *report)
{
    int ago = (uint16_t)(*wire->number - report->base), end = ago < report->told ? ago : report->told;
    report->skipped = ago > LOG ? ago - LOG : 0;
    report->first = (uint16_t)(report->base + report->skipped);
    report->count = end > report->skipped ? end - report->skipped : 0;
    for (int i = 0; i < report->count; i++) {
        int at = (report->first + i) & (LOG - 1);
        report->sent[i] = wire->sent_at[at];
        report->sizes[i] = wire->sizes[at];
    }
}

/* See `Estimator._weigh_loss`. */
static int loss_is_due(const struct tally *tally, int64_t told, int64_t lost, double now)
{
    double elapsed_s = now - tally->loss_at, heavy = HEAVY_LOSS * (double)told;
    int is_certain = told >= LOSS_TOLD || (double)lost > heavy + LOSS_EVIDENT * sqrt(heavy);
    return told && elapsed_s >= LOSS_EVERY_S && (is_certain || elapsed_s >= LOSS_LONGEST_S);
}

/* ---- what is learned ---- */

/* Learn how the delay changes; returns 0, with nothing changed, where the control of the rate is to be asked. */
static int learn(struct delay *delay, const struct report *report, double anchor_ms)
{
    struct delay before = *delay;
    const double *arrived = report->arrived + report->skipped;
    int at = 0;
    do {
        at = delay_learn(delay, arrived, report->sent, report->sizes, report->count, at, anchor_ms);
        if (delay->due) {
            *delay = before;
            return 0;
        }
    } while (at < report->count);
    return 1;
}

static void forget(struct wire *wire, const struct report *report)
{
    for (int i = 0; i < report->count; i++)
        wire->sizes[(report->first + i) & (LOG - 1)] = 0;
}

/* Take a decrypted packet of RTCP that came at `now`, if it is nothing but a usual report; returns whether it was. `stalled_at` is when our
   own process was held up last. */
int tally_take(struct wire *wire, const unsigned char *packet, int size, double now, double stalled_at)
{
    struct tally *tally = wire->tally;
    struct report report;
    int payload = tally && tally->has_offset && !tally->probes && tally->delay ? find_report(tally, packet, size) : 0;
    if (!payload || !read_report(packet + HEAD + SSRCS, payload, &report) || !is_by_known_clock(tally, &report, now))
        return 0;
    remember(wire, &report);
    const double *arrived = report.arrived + report.skipped;
    int64_t told = tally->told, lost = tally->lost;
    for (int i = 0; i < report.count; i++) {
        told += report.sizes[i] != 0;
        lost += report.sizes[i] && isnan(arrived[i]);
    }
    if ((report.count && report.sent[0] <= stalled_at) || loss_is_due(tally, told, lost, now) || !learn(tally->delay, &report, tally->offset_ms))
        return 0;
    forget(wire, &report);
    tally->heard_at = now;
    tally->has_heard = 1;
    tally->told = told;
    tally->lost = lost;
    int last = report.count - 1;
    if (report.count && report.sizes[last] && !isnan(arrived[last])) {
        tally->apart_s = tally->offset_ms / 1000 + arrived[last] - report.sent[last];
        tally->has_apart = 1;
    }
    return 1;
}
