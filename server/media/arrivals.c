/* What came in on one transport, and the reports that tell it to its sender (transport-wide feedback): `twcc.Arrivals` (see there) once
   more, which tests hold beside this.

   Compiled because it is done for every packet that a publisher sends. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "native.h"
#include "octets.h"

enum { MAX_STATUSES = 2048, MAX_TOLD = 250, MAX_HEARD = 4096, KEPT = 256, TICKS_PER_S = 4000, TICKS_PER_REFERENCE = 256 };
enum { LOST, SMALL, LARGE };
enum { NEVER = -1, HEAD = 20 };

static int64_t *ticks_of(struct arrivals *arrivals, int64_t place) { return &arrivals->ticks[place & (MAX_STATUSES - 1)]; }

static void begin(struct arrivals *arrivals, int64_t place)
{
    memset(arrivals->ticks, 0xFF, sizeof arrivals->ticks);
    arrivals->highest = arrivals->next = place;
    arrivals->least = place - KEPT;
    arrivals->heard = 0;
    arrivals->has_begun = 1;
}

void arrivals_heard(struct arrivals *arrivals, uint16_t sequence, double now)
{
    int64_t ahead = (int16_t)(sequence - (uint16_t)arrivals->highest), place = arrivals->highest + ahead;
    if (!arrivals->has_begun || ahead >= MAX_STATUSES || -ahead >= MAX_STATUSES)
        begin(arrivals, place = sequence);
    else if (arrivals->heard >= MAX_HEARD || place < arrivals->least || (ahead <= 0 && *ticks_of(arrivals, place) != NEVER))
        return;
    for (int64_t passed = arrivals->highest + 1; passed < place; passed++)
        *ticks_of(arrivals, passed) = NEVER;
    *ticks_of(arrivals, place) = (int64_t)(now * TICKS_PER_S);
    arrivals->heard++;
    arrivals->highest = place > arrivals->highest ? place : arrivals->highest;
    arrivals->next = place < arrivals->next ? place : arrivals->next;
    if (!arrivals->waits) {
        arrivals->waits = 1;
        arrivals->waiting_since = now;
    }
}

/* ---- a report ---- */

/* Write symbols and deltas of what one report can tell, into arrays of their own; returns what comes after it. */
static int64_t collect(struct arrivals *arrivals, unsigned char *symbols, unsigned char *deltas, int *delta_bytes, int64_t *reference)
{
    int64_t end = arrivals->next, last = 0;
    int told = 0;
    for (int64_t place = arrivals->next; place <= arrivals->highest; place++) {
        int64_t ticks = *ticks_of(arrivals, place);
        if (ticks == NEVER)
            continue;
        if (told && (told == MAX_TOLD || ticks - last < -0x8000 || ticks - last >= 0x8000))
            break;
        if (!told++)
            last = (*reference = ticks / TICKS_PER_REFERENCE) * TICKS_PER_REFERENCE;
        int64_t delta = ticks - last;
        int is_small = delta >= 0 && delta <= 0xFF;
        memset(symbols + (end - arrivals->next), LOST, (size_t)(place - end));
        symbols[place - arrivals->next] = is_small ? SMALL : LARGE;
        if (!is_small)
            deltas[(*delta_bytes)++] = (unsigned char)(delta >> 8);
        deltas[(*delta_bytes)++] = (unsigned char)delta;
        last = ticks;
        end = place + 1;
    }
    return end;
}

static int has_large(const unsigned char *symbols, int count) { return memchr(symbols, LARGE, (size_t)count) != NULL; }

static uint32_t packed(const unsigned char *symbols, int count, int places, int bits)
{
    uint32_t chunk = 0;
    for (int i = 0; i < places; i++)
        chunk = chunk << bits | (i < count ? symbols[i] : LOST);
    return chunk;
}

/* Write a run where it is the shortest, else 14 symbols of one bit, or 7 of two; returns the bytes behind the last. */
static unsigned char *write_chunks(unsigned char *out, const unsigned char *symbols, int count)
{
    for (int at = 0; at < count; out += 2) {
        int run = 1, left = count - at, vector = left < 14 ? left : 14;
        while (run < left && symbols[at + run] == symbols[at])
            run++;
        int large = has_large(symbols + at, vector);
        if (run >= 14 || (run >= 7 && large)) {
            put16(out, (uint32_t)(symbols[at] << 13 | run));
            at += run;
        } else if (!large) {
            put16(out, 0x8000 | packed(symbols + at, vector, 14, 1));
            at += 14;
        } else {
            put16(out, 0xC000 | packed(symbols + at, vector < 7 ? vector : 7, 7, 2));
            at += 7;
        }
    }
    return out;
}

/* Write the next report of all that was heard since the last taking into 1,500 bytes; returns its size, 0 when everything is told. */
int arrivals_take(struct arrivals *arrivals, uint32_t sender_ssrc, uint32_t media_ssrc, unsigned char *out)
{
    unsigned char symbols[MAX_STATUSES], deltas[2 * MAX_TOLD];
    int delta_bytes = 0;
    int64_t reference = 0, least = arrivals->highest - MAX_STATUSES + 1;
    if (!arrivals->waits)
        return 0;
    arrivals->next = arrivals->next > least ? arrivals->next : least;
    int64_t end = collect(arrivals, symbols, deltas, &delta_bytes, &reference);
    int count = (int)(end - arrivals->next);
    unsigned char *at = write_chunks(out + HEAD, symbols, count);
    memcpy(at, deltas, (size_t)delta_bytes);
    at += delta_bytes;
    while ((at - out) % 4)
        *at++ = 0;
    put16(out, 0x8F00 | 205);
    put16(out + 2, (uint32_t)((at - out) / 4 - 1));
    put32(out + 4, sender_ssrc);
    put32(out + 8, media_ssrc);
    put16(out + 12, (uint32_t)arrivals->next & 0xFFFF);
    put16(out + 14, (uint32_t)count);
    put32(out + 16, (uint32_t)(reference & 0xFFFFFF) << 8 | arrivals->count++);
    arrivals->next = end;
    if (end > arrivals->highest) {
        arrivals->least = arrivals->highest - KEPT;
        arrivals->heard = 0;
        arrivals->waits = 0;
    }
    return (int)(at - out);
}
