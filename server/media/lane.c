/* The express lane: a packet of which nothing is new goes from socket to socket without a step of Python.

   Python (`publisher.py`, `forwarder.py`, `udp.py`) knows all that can happen to a packet; this knows the one thing that nearly always
   does: the next packet of a layer that begins as the one before it, for subscribers who are in the middle of it. At the first datagram
   that is anything else it stops, with everything before it sent and with all numbers where Python goes on from; nothing here decides.
   tests/live/media/test_lane.py holds both to the same output.

   Sizes come from the network and are checked before every read: see `is_regular`. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "native.h"
#include "octets.h"

#ifndef SO_TIMESTAMPNS
#define SO_TIMESTAMPNS 35
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    SLOT = 2048, SLOTS = 256, BATCH = 64, SOURCES = 32, RING = 512, LOG = 2048, HEARD = 256, BLOCK = 64, /* as in limits.py and others */
    LARGEST_PACKET = 1500, LARGEST_CLEAR = 1356,
    MOST_CUTS = 64, MOST_CUT_BYTES = 65000,
    FIXED = 12,
    KEY = 28,
};

static const double LONGEST_WAIT_S = 2.0; /* as in mmsg.py */
static const double PACKET_S = 1.0 / 2000, AHEAD_S = 2.0; /* as in limits.py */

typedef int (*work)(void *session, void *packet, int *size);

struct bound { unsigned char key[KEY]; int length; struct wire *wire; };

struct mark { size_t length; int level, type; uint16_t size; uint16_t unused[3]; };

struct stamp { size_t length; int level, type; int64_t seconds, nanoseconds; };

struct lane {
    work open, open_rtcp, seal;
    int cuts;
    struct told told;
    struct bound *table;
    uint32_t places, held;
    struct source *touched[BATCH];
    int touched_count;
    int next, messages, file;
    struct wire *wires[SLOTS];
    struct mmsghdr headers[SLOTS];
    struct iovec vectors[SLOTS];
    struct mark marks[SLOTS];
    unsigned char out[SLOTS * SLOT];
};

/* What is found out about a packet before it is taken. */
struct packet { unsigned char *data; int size; uint16_t sequence, picture; uint32_t timestamp; uint8_t tl0, is_vp8; int numbers_at; double came; };

/* ---- who sends from where: open addressing, at most half full ---- */

static uint32_t place_of(const struct lane *lane, const unsigned char *key, int length)
{
    uint64_t mixed = 1469598103934665603u;
    for (int i = 0; i < length; i++)
        mixed = (mixed ^ key[i]) * 1099511628211u;
    return (uint32_t)(mixed >> 32) & (lane->places - 1);
}

static struct bound *find(const struct lane *lane, const unsigned char *key, int length)
{
    uint32_t at = place_of(lane, key, length);
    while (lane->table[at].wire && (lane->table[at].length != length || memcmp(lane->table[at].key, key, (size_t)length)))
        at = (at + 1) & (lane->places - 1);
    return &lane->table[at];
}

static int grow(struct lane *lane)
{
    struct bound *old = lane->table;
    uint32_t places = lane->places;
    struct bound *table = calloc(places * 2, sizeof *table);
    if (!table)
        return 0;
    lane->table = table;
    lane->places = places * 2;
    for (uint32_t i = 0; i < places; i++)
        if (old[i].wire)
            *find(lane, old[i].key, old[i].length) = old[i];
    free(old);
    return 1;
}

int lane_bind(struct lane *lane, const unsigned char *key, int length, struct wire *wire)
{
    if (length < 1 || length > KEY || (lane->held * 2 >= lane->places && !grow(lane)))
        return 0;
    struct bound *at = find(lane, key, length);
    lane->held += !at->wire;
    memcpy(at->key, key, (size_t)length);
    at->length = length;
    at->wire = wire;
    return 1;
}

void lane_unbind(struct lane *lane, const unsigned char *key, int length)
{
    struct bound *gap = find(lane, key, length);
    if (!gap->wire)
        return;
    lane->held--;
    gap->wire = NULL;
    uint32_t mask = lane->places - 1, hole = (uint32_t)(gap - lane->table);
    for (uint32_t at = (hole + 1) & mask; lane->table[at].wire; at = (at + 1) & mask) {
        uint32_t home = place_of(lane, lane->table[at].key, lane->table[at].length);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue; /* it would not be found before its own place */
        lane->table[hole] = lane->table[at];
        lane->table[at].wire = NULL;
        hole = at;
    }
}

static struct wire *sender_of(const struct lane *lane, const struct msghdr *header)
{
    const struct sockaddr *name = header->msg_name;
    return find(lane, header->msg_name, name->sa_family == AF_INET ? 8 : KEY)->wire;
}

/* ---- the last packets ---- */

struct ring *ring_new(uint16_t first)
{
    struct ring *ring = calloc(1, sizeof *ring);
    if (ring) {
        for (int i = 0; i < RING; i++)
            ring->came[i] = -1;
        ring->highest = (uint16_t)(first - 1);
    }
    return ring;
}

void ring_free(struct ring *ring)
{
    for (int i = 0; i < RING; i++)
        free(ring->packets[i]);
    free(ring);
}

static void drop(struct ring *ring, uint16_t sequence)
{
    free(ring->packets[sequence % RING]);
    ring->packets[sequence % RING] = NULL;
}

/* Let go of these packets, where no later one has their place. */
void ring_forget(struct ring *ring, uint16_t first, int count)
{
    for (uint16_t sequence = first; count-- > 0; sequence++)
        if (ring->came[sequence % RING] == sequence)
            drop(ring, sequence);
}

int ring_put(struct ring *ring, uint16_t sequence, const unsigned char *packet, int size)
{
    int at = sequence % RING;
    if (ring->packets[at] && (!packet || ring->sizes[at] != size))
        drop(ring, sequence);
    if (packet && !ring->packets[at])
        ring->packets[at] = malloc((size_t)size);
    int kept = packet && ring->packets[at];
    if (kept)
        memcpy(ring->packets[at], packet, (size_t)size);
    ring->sizes[at] = (uint16_t)(kept ? size : 0);
    ring->came[at] = sequence;
    if ((uint16_t)(sequence - ring->highest) < 0x8000)
        ring->highest = sequence;
    return kept || !packet;
}

/* ---- is there nothing new about it? ---- */

static struct source *source_of(const struct wire *wire, uint32_t ssrc)
{
    for (int i = 0; i < wire->source_count; i++)
        if (wire->sources[i]->ssrc == ssrc)
            return wire->sources[i];
    return NULL;
}

static int begins_alike(const struct source *source, const unsigned char *data)
{
    for (int i = 0; i < source->body - FIXED; i++)
        if ((data[FIXED + i] & source->mask[i]) != source->block[i])
            return 0;
    return 1;
}

/* Read a VP8 descriptor (RFC 7741) that has a picture id of 15 bits with TL0PICIDX after it, or neither; another one is not regular. */
static int read_numbers(struct packet *packet, int body)
{
    const unsigned char *at = packet->data + body;
    int left = packet->size - body;
    packet->is_vp8 = 1;
    if (left < 2)
        return 0;
    if (!(at[0] & 0x80))
        return 1;
    if ((at[1] & 0xC0) != 0xC0 || left < 6 || !(at[2] & 0x80))
        return 0;
    packet->numbers_at = body + 2;
    packet->picture = get16(at + 2) & 0x7FFF;
    packet->tl0 = at[4];
    return !(at[1] & 0x30) || left > 6;
}

static int is_regular(const struct wire *wire, const struct source *source, struct packet *packet)
{
    const unsigned char *data = packet->data;
    return source->regular && !source->pending && wire->heard && packet->size >= source->body && data[0] == source->flags && (data[1] & 127) == source->payload_type
        && packet->sequence && packet->sequence == (uint16_t)(source->highest + 1) && begins_alike(source, data)
        && wire->heard_count < HEARD && (!source->is_vp8 || read_numbers(packet, source->body));
}

/* ---- what its publisher is told, and what is kept ---- */

/* RFC 3550, section 6.4.1, as of `Reception`. */
static void note_transit(struct source *source, uint32_t timestamp, double now)
{
    double transit = now * source->clock_hz - timestamp;
    if (source->has_transit) {
        double moved = fabs(transit - source->transit);
        if (moved >= source->clock_hz)
            moved = fabs(fmod(moved + 0x1p31, 0x1p32) - 0x1p31); /* the timestamp may have wrapped round in between */
        if (moved < source->clock_hz)
            source->jitter += (moved - source->jitter) / 16;
    }
    source->transit = transit;
    source->has_transit = 1;
}

static void note_heard(struct wire *wire, const struct source *source, const unsigned char *data, double now)
{
    if (source->numbered_at)
        arrivals_heard(wire->arrivals, get16(data + source->numbered_at), now);
    if (source->level_at)
        wire->heard[wire->heard_count++] = (struct heard){.at = now, .level = data[source->level_at] & 127};
}

/* Blank what names the publisher's lines, and renew the time of sending. */
static void make_ready(const struct source *source, unsigned char *data, double now)
{
    for (int i = 0; i < source->name_count; i++)
        memset(data + source->names[i].at, 0, source->names[i].length);
    if (source->sent_at) {
        uint32_t sent = (uint32_t)((uint64_t)(now * 262144) & 0xFFFFFF);
        data[source->sent_at] = (unsigned char)(sent >> 16);
        put16(data + source->sent_at + 1, (uint16_t)sent);
    }
}

/* When the kernel had it, as of `mmsg.Reader.came`. */
static double came(const struct lane *lane, const struct msghdr *header, double now)
{
    const struct stamp *stamp = header->msg_control;
    if (!stamp || header->msg_controllen < sizeof *stamp)
        return now;
    double waited = lane->told.began - ((double)stamp->seconds + (double)stamp->nanoseconds / 1e9);
    return waited > 0 && waited < LONGEST_WAIT_S ? now - waited : now;
}

static void take(struct lane *lane, struct wire *wire, struct source *source, const struct packet *packet, int index, double now)
{
    double at = packet->came;
    note_heard(wire, source, packet->data, at);
    make_ready(source, packet->data, now);
    source->heard_at = at;
    source->bytes += packet->size;
    source->packets++;
    source->highest = packet->sequence;
    note_transit(source, packet->timestamp, at);
    if (source->is_video)
        ring_put(source->ring, packet->sequence, source->taker_count ? packet->data : NULL, packet->size);
    if (!source->taker_count)
        return;
    if (!source->run_count)
        lane->touched[lane->touched_count++] = source;
    source->run[source->run_count++] = (uint8_t)index;
}

/* ---- on to the subscribers ---- */

static int is_full(int fault) { return fault == EAGAIN || fault == ENOBUFS || fault == ENOMEM; }

/* Send one by one what the kernel would not cut; returns how many it did not take. */
static uint32_t send_apart(struct lane *lane, int message)
{
    struct msghdr *header = &lane->headers[message].msg_hdr;
    size_t count = header->msg_iovlen;
    uint32_t lost = 0;
    if (count == 1)
        return 1;
    lane->wires[message]->cuts = 0;
    header->msg_control = NULL;
    header->msg_controllen = 0;
    header->msg_iovlen = 1;
    for (size_t i = 0; i < count; i++, header->msg_iov++)
        lost += sendmsg(lane->file, header, MSG_DONTWAIT) < 0;
    return lost;
}

/* Never waits, and repeats nothing: as of `mmsg.Writer`. */
static void flush(struct lane *lane)
{
    uint32_t lost = 0;
    for (int at = 0; at < lane->messages;) {
        int count = sendmmsg(lane->file, lane->headers + at, (unsigned)(lane->messages - at), MSG_DONTWAIT);
        if (count > 0) {
            at += count;
        } else if (is_full(errno)) {
            for (; at < lane->messages; at++)
                lost += (uint32_t)lane->headers[at].msg_hdr.msg_iovlen;
        } else {
            lost += send_apart(lane, at++);
        }
    }
    lane->told.sent += lane->next - (int64_t)lost;
    lane->told.dropped += lost;
    lane->next = lane->messages = 0;
}

/* Whether the sealed packet in the next slot can go out as a part of the newest message, which began with the run at `from`. */
static int joins(const struct lane *lane, const struct wire *wire, int size, int from)
{
    if (lane->messages <= from || !lane->cuts || !wire->cuts)
        return 0;
    const struct msghdr *header = &lane->headers[lane->messages - 1].msg_hdr;
    size_t count = header->msg_iovlen, whole = header->msg_iov[0].iov_len, last = header->msg_iov[count - 1].iov_len;
    return last == whole && (size_t)size <= whole && count < MOST_CUTS && (count + 1) * whole < MOST_CUT_BYTES;
}

static void address(struct lane *lane, struct wire *wire, int size, int from)
{
    struct iovec *vector = &lane->vectors[lane->next];
    vector->iov_len = (size_t)size;
    if (joins(lane, wire, size, from)) {
        struct msghdr *header = &lane->headers[lane->messages - 1].msg_hdr;
        struct mark *mark = &lane->marks[lane->messages - 1];
        mark->size = (uint16_t)header->msg_iov[0].iov_len;
        header->msg_iovlen++;
        header->msg_control = mark;
        header->msg_controllen = CMSG_SPACE(sizeof(uint16_t));
    } else {
        lane->wires[lane->messages] = wire;
        lane->headers[lane->messages++].msg_hdr
            = (struct msghdr){.msg_name = wire->name, .msg_namelen = (socklen_t)wire->name_length, .msg_iov = vector, .msg_iovlen = 1};
    }
    lane->next++;
}

/* As of `Continuity.takes`. */
static int goes_on(struct taker *taker, const struct packet *packet)
{
    uint16_t step = (uint16_t)(packet->sequence - taker->last);
    if (step >= 0x8000)
        return 0x10000 - step <= taker->passed;
    taker->last = packet->sequence;
    taker->last_timestamp = packet->timestamp;
    taker->passed += step;
    if (packet->is_vp8) {
        taker->last_picture = packet->picture;
        taker->last_tl0 = packet->tl0;
    }
    return 1;
}

static void number(struct wire *wire, unsigned char *at, int size, double now)
{
    uint16_t number = (*wire->number)++;
    wire->sent_at[number % LOG] = now;
    wire->sizes[number % LOG] = (uint16_t)size;
    put16(at, number);
}

static void copy(const struct source *source, const struct taker *taker, const struct packet *packet, unsigned char *out, double now)
{
    memcpy(out, packet->data, (size_t)packet->size);
    put16(out + 2, (uint16_t)(packet->sequence + taker->sequence));
    put32(out + 4, packet->timestamp + taker->timestamp);
    put32(out + 8, taker->ssrc);
    if (packet->numbers_at) {
        put16(out + packet->numbers_at, (uint16_t)((packet->picture + taker->picture) | 0x8000));
        out[packet->numbers_at + 2] = (unsigned char)(packet->tl0 + taker->tl0);
    }
    if (source->numbered_at && taker->wire->number)
        number(taker->wire, out + source->numbered_at, packet->size, now);
}

static void forward(struct lane *lane, const struct source *source, struct taker *taker, const struct packet *run, double now)
{
    struct wire *wire = taker->wire;
    if (lane->next + source->run_count > SLOTS || wire->file != lane->file)
        flush(lane);
    lane->file = wire->file;
    int from = lane->messages;
    for (int i = 0; i < source->run_count; i++) {
        if (!goes_on(taker, &run[i])) {
            taker->late++;
            continue;
        }
        if (!wire->sealer || !wire->name_length)
            continue;
        unsigned char *out = lane->out + lane->next * SLOT;
        int size = run[i].size;
        copy(source, taker, &run[i], out, now);
        if (size > LARGEST_CLEAR || lane->seal(wire->sealer, out, &size)) {
            lane->told.oversize += run[i].size > LARGEST_CLEAR;
            continue;
        }
        address(lane, wire, size, from);
        taker->packets++;
        taker->bytes += run[i].size - source->body;
        taker->sent_at = now;
    }
}

static void hand_on(struct lane *lane, struct source *source, struct mmsghdr *headers, const int *sizes, double now)
{
    struct packet run[BATCH];
    for (int i = 0; i < source->run_count; i++) {
        unsigned char *data = headers[source->run[i]].msg_hdr.msg_iov->iov_base;
        run[i] = (struct packet){.data = data, .size = sizes[source->run[i]], .sequence = get16(data + 2), .timestamp = get32(data + 4)};
        if (source->is_vp8)
            read_numbers(&run[i], source->body);
    }
    for (int i = 0; i < source->taker_count; i++)
        forward(lane, source, source->takers[i], run, now);
    source->run_count = 0;
}

static int is_media(const unsigned char *data, int size) { return size >= FIXED && size <= LARGEST_PACKET && data[0] > 127 && data[0] < 192; }

static int is_rtcp(const unsigned char *data) { return data[1] > 191 && data[1] < 224; }

/* Take a packet of RTCP, as of `pass`. */
static int pass_rtcp(struct lane *lane, struct wire *wire, unsigned char *data, int size, double now)
{
    if (lane->open_rtcp(wire->opener, data, &size)) {
        lane->told.refused++;
        return 1;
    }
    if (tally_take(wire, data, size, now, lane->told.stalled_at))
        return 1;
    lane->told.clear = size;
    return 0;
}

/* As of `Allowance.is_spent`. */
static int is_spent(struct wire *wire, double now)
{
    if (wire->due > now + AHEAD_S)
        return 1;
    wire->due = (wire->due > now ? wire->due : now) + PACKET_S;
    return 0;
}

/* Drop what is nobody's, or more than its sender may send; 0 for everything else. */
static int drop_unopened(struct lane *lane, struct wire *wire, int media, double now)
{
    if (wire && is_spent(wire, now))
        lane->told.excess++;
    else if (!wire && media)
        lane->told.strangers++;
    else
        return 0;
    return 1;
}

/* Take the datagram, or return 0: it is Python's, and `told.clear` says whether it is opened. */
static int pass(struct lane *lane, struct mmsghdr *header, int index, int *size, double now)
{
    struct packet packet = {.data = header->msg_hdr.msg_iov->iov_base, .size = (int)header->msg_len};
    struct wire *wire = sender_of(lane, &header->msg_hdr);
    int media = is_media(packet.data, packet.size);
    if (drop_unopened(lane, wire, media, now))
        return 1;
    if (!media || !wire->opener)
        return 0;
    if (is_rtcp(packet.data))
        return wire->tally ? pass_rtcp(lane, wire, packet.data, packet.size, now) : 0;
    if (lane->open(wire->opener, packet.data, &packet.size)) {
        lane->told.refused++;
        return 1;
    }
    *size = packet.size;
    packet.sequence = get16(packet.data + 2);
    packet.timestamp = get32(packet.data + 4);
    packet.came = came(lane, &header->msg_hdr, now);
    struct source *source = packet.size >= FIXED ? source_of(wire, get32(packet.data + 8)) : NULL;
    if (!source || !is_regular(wire, source, &packet)) {
        lane->told.clear = packet.size;
        return 0;
    }
    take(lane, wire, source, &packet, index, now);
    return 1;
}

/* Forward datagrams of a batch from the one at `at` on. Returns the index of the first that is not the lane's, or `told.count`. */
int lane_go_on(struct lane *lane, void *batch, int at, double now)
{
    struct mmsghdr *headers = batch;
    int sizes[BATCH];
    lane->told.clear = 0;
    while (at < lane->told.count && pass(lane, &headers[at], at, &sizes[at], now))
        at++;
    for (int i = 0; i < lane->touched_count; i++)
        hand_on(lane, lane->touched[i], headers, sizes, now);
    lane->touched_count = 0;
    flush(lane);
    return at;
}

/* Have room again for the stamps of a batch of which so many headers were used. */
static void make_room(struct mmsghdr *headers, int count)
{
    for (int i = 0; i < count; i++)
        headers[i].msg_hdr.msg_controllen = headers[i].msg_hdr.msg_control ? sizeof(struct stamp) : 0;
}

/* Read a batch of at most BATCH datagrams and forward it, as of `lane_go_on`. */
int lane_read(struct lane *lane, int file, void *batch, double now)
{
    struct timespec began;
    clock_gettime(CLOCK_REALTIME, &began);
    lane->told.began = (double)began.tv_sec + (double)began.tv_nsec / 1e9;
    make_room(batch, BATCH);
    int count = recvmmsg(file, batch, BATCH, MSG_DONTWAIT, NULL);
    lane->told.count = count > 0 ? count : 0;
    return lane_go_on(lane, batch, 0, now);
}

/* ---- the lane itself ---- */

struct told *lane_told(struct lane *lane) { return &lane->told; }

/* The beginning of the hash of the sources that this was made of: see native.sh. */
uint64_t native_sources(void) { return SOURCES_HASH; }

struct lane *lane_new(void *open_rtp, void *open_rtcp, void *seal_rtp, int cuts)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (!lane || !(lane->table = calloc(64, sizeof *lane->table))) {
        free(lane);
        return NULL;
    }
    lane->places = 64;
    lane->open = (work)open_rtp;
    lane->open_rtcp = (work)open_rtcp;
    lane->seal = (work)seal_rtp;
    lane->cuts = cuts;
    for (int i = 0; i < SLOTS; i++) {
        lane->vectors[i].iov_base = lane->out + i * SLOT;
        lane->marks[i] = (struct mark){.length = CMSG_LEN(sizeof(uint16_t)), .level = IPPROTO_UDP, .type = UDP_SEGMENT};
    }
    return lane;
}

void lane_free(struct lane *lane)
{
    free(lane->table);
    free(lane);
}
