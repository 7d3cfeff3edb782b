/* The traffic of many browsers: publishers send what a camera and a microphone send, subscribers authenticate and measure every packet.
   One thread, one epoll. A packet carries the moment at which it was sent, and the kernel says when it arrived: so it does not count how
   long a packet waits here to be read. Compiled for the bench only; SRTP is called through functions that Python hands in. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "traffic.h"

enum { VIDEO, AUDIO, KINDS };
enum { BATCH = 64, SLOT = 2048, TICK_NS = 250000, BUCKETS = 400000, PENDING = 400, BUFFER = 4 << 20, NAMED = 200 };
enum { FRAME_PACKETS = 6, FRAME_BYTES = 1100, SOUND_BYTES = 100, KEY_EVERY = 300 };
static const int64_t SECOND = 1000000000, FRAME_NS = 1000000000 / 30, SOUND_NS = 20000000, FEEDBACK_NS = 100000000, CHECK_NS = 5000000000;
static const uint64_t MAGIC = 0x5AFEC0DE12345678;
enum { STAMP_AT = 16 }; /* in the payload: behind the longest VP8 descriptor and the header of a key frame */

struct stream { uint16_t sequence; uint32_t timestamp, sent; uint32_t heard_ssrc; uint16_t heard_sequence; int heard; };
struct arrival { uint16_t sequence; int64_t at_us; };
struct line {
    struct seat seat;
    struct stream streams[KINDS];
    uint16_t transport_sequence, picture;
    uint32_t frames;
    uint8_t feedbacks;
    int key_wanted;
    int64_t frame_at, sound_at, report_at, feedback_at, check_at;
    struct arrival pending[PENDING];
    int pending_count;
};

static struct srtp srtp;
static struct line *lines;
static int line_count, line_space, poller = -1;
static struct counts counts;
static uint32_t *delays;
static int64_t marked_ns;

static uint8_t slots[BATCH][SLOT], controls[BATCH][64];
static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];

static int64_t clock_ns(int clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void put16(uint8_t *at, uint16_t value) { value = htons(value); memcpy(at, &value, 2); }
static void put32(uint8_t *at, uint32_t value) { value = htonl(value); memcpy(at, &value, 4); }
static uint16_t get16(const uint8_t *at) { uint16_t value; memcpy(&value, at, 2); return ntohs(value); }
static uint32_t get32(const uint8_t *at) { uint32_t value; memcpy(&value, at, 4); return ntohl(value); }
static int64_t spread(int64_t period) { return (int64_t)((double)rand() / RAND_MAX * period); }

int traffic_open(struct srtp work, double seed) {
    srtp = work;
    srand((unsigned)seed);
    delays = calloc(BUCKETS + 1, sizeof *delays);
    poller = epoll_create1(EPOLL_CLOEXEC);
    return delays && poller >= 0 ? 0 : -1;
}

/* Prepare the slots to send from, or to read into: the kernel overwrites the lengths. */
static void lay_out(int count, int reading) {
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){slots[i], SLOT};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        if (!reading) continue;
        messages[i].msg_hdr.msg_control = controls[i];
        messages[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
}

void traffic_close(void) {
    close(poller);
    free(lines);
    free(delays);
    lines = NULL;
    line_count = line_space = 0;
}

int traffic_add(struct seat seat) {
    if (line_count == line_space) {
        line_space = line_space ? 2 * line_space : 64;
        lines = realloc(lines, line_space * sizeof *lines);
        if (!lines) return -1;
    }
    struct line *line = &lines[line_count];
    memset(line, 0, sizeof *line);
    line->seat = seat;
    for (int kind = 0; kind < KINDS; kind++) line->streams[kind].sequence = (uint16_t)(rand() & 0x7fff);
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    line->frame_at = now + spread(FRAME_NS);
    line->sound_at = now + spread(SOUND_NS);
    line->report_at = now + spread(SECOND);
    line->feedback_at = now + spread(FEEDBACK_NS);
    line->check_at = now + spread(CHECK_NS);
    int yes = 1, size = BUFFER;
    setsockopt(seat.socket, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
    for (int side = 0; side < 2; side++) setsockopt(seat.socket, SOL_SOCKET, side ? SO_RCVBUF : SO_SNDBUF, &size, sizeof size);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)line_count};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, seat.socket, &event)) return -1;
    return line_count++;
}

/* Count from here on; a packet that was sent before is not counted when it arrives. */
void traffic_mark(void) {
    memset(&counts, 0, sizeof counts);
    memset(delays, 0, (BUCKETS + 1) * sizeof *delays);
    marked_ns = clock_ns(CLOCK_REALTIME);
}

struct counts traffic_counts(void) { return counts; }

double traffic_delay_ms(double quantile) {
    uint64_t all = 0, seen = 0;
    for (int i = 0; i <= BUCKETS; i++) all += delays[i];
    if (!all) return -1;
    for (int i = 0; i <= BUCKETS; i++)
        if ((seen += delays[i]) >= quantile * all) return i / 1000.0;
    return BUCKETS / 1000.0;
}

static int put_element(uint8_t *at, uint8_t id, const void *value, int size) {
    if (!id) return 0;
    at[0] = (uint8_t)(id << 4 | (size - 1));
    memcpy(at + 1, value, size);
    return 1 + size;
}

/* Write the one-byte extensions (RFC 8285); returns their length, with the profile head. */
static int put_extensions(struct line *line, int kind, uint8_t *at) {
    struct seat *seat = &line->seat;
    const uint8_t *mid = kind == VIDEO ? seat->video_mid : seat->audio_mid;
    uint8_t number[2], level = 0x80 | 30, *to = at + 4;
    if (line->streams[kind].sent < NAMED) to += put_element(to, seat->mid_id, mid, (int)strnlen((const char *)mid, 8));
    put16(number, line->transport_sequence++);
    to += put_element(to, seat->transport_id, number, 2);
    if (kind == AUDIO) to += put_element(to, seat->level_id, &level, 1);
    while ((to - at) & 3) *to++ = 0;
    put16(at, 0xBEDE);
    put16(at + 2, (uint16_t)((to - at - 4) / 4));
    return (int)(to - at);
}

/* A VP8 descriptor with picture id (15 bits), tl0picidx and layer, and the first bytes of a frame (RFC 7741). */
static void put_vp8(struct line *line, uint8_t *at, int first, int key) {
    static const uint8_t start[] = {0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01}; /* a key frame's start code, 640x360 */
    at[0] = first ? 0x90 : 0x80;
    at[1] = 0xE0;
    put16(at + 2, 0x8000 | (line->picture & 0x7fff));
    at[4] = (uint8_t)line->frames;
    at[5] = 0;
    if (!first) return;
    at[6] = key ? 0x10 : 0x11;
    at[7] = at[8] = 0;
    if (key) memcpy(at + 9, start, sizeof start);
}

static int build(struct line *line, int kind, uint8_t *at, int marker, int first, int key) {
    struct stream *stream = &line->streams[kind];
    struct seat *seat = &line->seat;
    int size = kind == VIDEO ? FRAME_BYTES : SOUND_BYTES;
    at[0] = 0x90;
    at[1] = (uint8_t)((kind == VIDEO ? seat->video_type : seat->audio_type) | (marker ? 0x80 : 0));
    put16(at + 2, stream->sequence++);
    put32(at + 4, stream->timestamp);
    put32(at + 8, kind == VIDEO ? seat->video_ssrc : seat->audio_ssrc);
    uint8_t *body = at + 12 + put_extensions(line, kind, at + 12);
    stream->sent++;
    memset(body, 0x55, STAMP_AT);
    if (kind == VIDEO) put_vp8(line, body, first, key);
    int64_t now = clock_ns(CLOCK_REALTIME);
    memcpy(body + STAMP_AT, &MAGIC, 8);
    memcpy(body + STAMP_AT + 8, &now, 8);
    return (int)(body - at) + size;
}

/* Seal and send the packets in the first slots; what the kernel does not take is lost, and counts as lost. */
static void send_slots(struct line *line, const int *sizes, int count) {
    lay_out(count, 0);
    for (int i = 0; i < count; i++) {
        int size = sizes[i];
        if (srtp.protect(line->seat.sealer, slots[i], &size)) counts.bad++;
        vectors[i].iov_len = (size_t)size;
    }
    sendmmsg(line->seat.socket, messages, (unsigned)count, MSG_DONTWAIT);
    counts.sent += (uint64_t)count;
}

static void send_frame(struct line *line) {
    int sizes[FRAME_PACKETS], key = line->key_wanted || line->frames % KEY_EVERY == 0;
    for (int i = 0; i < FRAME_PACKETS; i++)
        sizes[i] = build(line, VIDEO, slots[i], i == FRAME_PACKETS - 1, i == 0, key);
    send_slots(line, sizes, FRAME_PACKETS);
    line->key_wanted = 0;
    line->frames++;
    line->picture++;
    line->streams[VIDEO].timestamp += 90000 / 30;
}

static void send_sound(struct line *line) {
    int size = build(line, AUDIO, slots[0], 0, 0, 0);
    send_slots(line, &size, 1);
    line->streams[AUDIO].timestamp += 48000 / 50;
}

static void send_rtcp(struct line *line, uint8_t *packet, int size) {
    if (srtp.protect_rtcp(line->seat.sealer, packet, &size)) counts.bad++;
    else send(line->seat.socket, packet, (size_t)size, MSG_DONTWAIT);
}

static void send_sender_report(struct line *line, int kind) {
    uint8_t packet[256] = {0x80, 200, 0, 6};
    int64_t now = clock_ns(CLOCK_REALTIME);
    put32(packet + 4, kind == VIDEO ? line->seat.video_ssrc : line->seat.audio_ssrc);
    put32(packet + 8, (uint32_t)(now / SECOND + 2208988800LL));
    put32(packet + 12, (uint32_t)((double)(now % SECOND) / SECOND * 4294967296.0));
    put32(packet + 16, line->streams[kind].timestamp);
    put32(packet + 20, line->streams[kind].sent);
    put32(packet + 24, line->streams[kind].sent * (kind == VIDEO ? FRAME_BYTES : SOUND_BYTES));
    send_rtcp(line, packet, 28);
}

static void send_receiver_report(struct line *line) {
    uint8_t packet[256] = {0x80, 201};
    int blocks = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream *stream = &line->streams[kind];
        if (!stream->heard) continue;
        put32(packet + 8 + 24 * blocks, stream->heard_ssrc);
        put32(packet + 16 + 24 * blocks, stream->heard_sequence);
        blocks++;
    }
    packet[0] |= (uint8_t)blocks;
    put16(packet + 2, (uint16_t)(1 + 6 * blocks));
    put32(packet + 4, line->seat.own_ssrc);
    send_rtcp(line, packet, 8 + 24 * blocks);
}

/* Tell the server when its packets arrived (transport-wide feedback), as two-bit symbols in lots of seven. */
static void send_feedback(struct line *line) {
    uint8_t packet[SLOT] = {0x8F, 205}, symbols[PENDING] = {0}, deltas[2 * PENDING];
    int64_t ticks[PENDING], last;
    if (!line->pending_count) return;
    uint16_t base = line->pending[0].sequence;
    int count = 0, used = 0;
    for (int i = 0; i < line->pending_count; i++) {
        uint16_t place = (uint16_t)(line->pending[i].sequence - base);
        if (place >= PENDING || symbols[place]) continue;
        symbols[place] = 1;
        ticks[place] = line->pending[i].at_us / 250;
        if (place >= count) count = place + 1;
    }
    int64_t reference = line->pending[0].at_us / 64000;
    last = reference * 256;
    for (int i = 0; i < count; i++) {
        if (!symbols[i]) continue;
        int64_t delta = ticks[i] - last;
        symbols[i] = delta >= 0 && delta < 256 ? 1 : 2;
        if (symbols[i] == 1) deltas[used++] = (uint8_t)delta;
        else { put16(deltas + used, (uint16_t)delta); used += 2; }
        last = ticks[i];
    }
    put32(packet + 4, line->seat.own_ssrc);
    put32(packet + 8, line->streams[VIDEO].heard ? line->streams[VIDEO].heard_ssrc : line->streams[AUDIO].heard_ssrc);
    put16(packet + 12, base);
    put16(packet + 14, (uint16_t)count);
    put32(packet + 16, (uint32_t)reference << 8 | line->feedbacks++);
    int size = 20;
    for (int i = 0; i < count; i += 7, size += 2) {
        uint16_t chunk = 0xC000;
        for (int k = 0; k < 7 && i + k < count; k++) chunk |= (uint16_t)(symbols[i + k] << (12 - 2 * k));
        put16(packet + size, chunk);
    }
    memcpy(packet + size, deltas, (size_t)used);
    size = (size + used + 3) & ~3;
    put16(packet + 2, (uint16_t)(size / 4 - 1));
    line->pending_count = 0;
    send_rtcp(line, packet, size);
}

static int64_t arrived_ns(struct msghdr *header) {
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item))
        if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(item), sizeof time);
            return time.tv_sec * SECOND + time.tv_nsec;
        }
    return clock_ns(CLOCK_REALTIME);
}

/* Note a packet's transport-wide number; returns the offset of the payload, or a negative number for a packet that is none. */
static int walk_extensions(struct line *line, const uint8_t *packet, int size, int64_t at_ns) {
    int at = 12 + 4 * (packet[0] & 15);
    if (!(packet[0] & 0x10)) return at;
    if (at + 4 > size) return -1;
    int end = at + 4 + 4 * get16(packet + at + 2);
    if (end > size) return -1;
    for (at += 4; at < end; ) {
        int id = packet[at] >> 4, length = (packet[at] & 15) + 1;
        if (!packet[at]) { at++; continue; }
        if (id == line->seat.transport_id && length == 2 && at + 3 <= end && line->pending_count < PENDING)
            line->pending[line->pending_count++] = (struct arrival){get16(packet + at + 1), at_ns / 1000};
        at += 1 + length;
    }
    return end;
}

static void note_sequence(struct stream *stream, const uint8_t *packet) {
    uint16_t sequence = get16(packet + 2);
    if (stream->heard && (uint16_t)(sequence - stream->heard_sequence) != 1) counts.gaps++;
    stream->heard = 1;
    stream->heard_sequence = sequence;
    stream->heard_ssrc = get32(packet + 8);
}

static void take_rtp(struct line *line, uint8_t *packet, int size, int64_t at_ns) {
    int type = packet[1] & 127;
    if (srtp.unprotect(line->seat.opener, packet, &size)) { counts.bad++; return; }
    int body = walk_extensions(line, packet, size, at_ns);
    int kind = type == line->seat.video_type ? VIDEO : type == line->seat.audio_type ? AUDIO : KINDS;
    if (kind == KINDS) { counts.others++; return; }
    uint64_t magic;
    int64_t sent_ns;
    if (body < 0 || body + STAMP_AT + 16 > size) { counts.bad++; return; }
    memcpy(&magic, packet + body + STAMP_AT, 8);
    memcpy(&sent_ns, packet + body + STAMP_AT + 8, 8);
    if (magic != MAGIC) { counts.bad++; return; }
    note_sequence(&line->streams[kind], packet);
    if (sent_ns < marked_ns) return;
    counts.received++;
    int64_t us = (at_ns - sent_ns) / 1000;
    delays[us < 0 ? 0 : us < BUCKETS ? us : BUCKETS]++;
}

/* Look for somebody who wants a new key frame (PLI or FIR). */
static void take_rtcp(struct line *line, uint8_t *packet, int size) {
    if (srtp.unprotect_rtcp(line->seat.opener, packet, &size)) { counts.bad++; return; }
    counts.rtcp++;
    for (int at = 0; at + 4 <= size; at += 4 + 4 * get16(packet + at + 2)) {
        int format = packet[at] & 31;
        if (packet[at + 1] == 206 && (format == 1 || format == 4)) line->key_wanted = 1;
    }
}

static void drain(struct line *line) {
    int count;
    do {
        lay_out(BATCH, 1);
        count = recvmmsg(line->seat.socket, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++) {
            uint8_t *packet = slots[i];
            int size = (int)messages[i].msg_len;
            if (size < 12 || packet[0] < 128 || packet[0] > 191) continue;
            if (packet[1] >= 192 && packet[1] <= 223) take_rtcp(line, packet, size);
            else take_rtp(line, packet, size, arrived_ns(&messages[i].msg_hdr));
        }
    } while (count == BATCH);
}

static int is_due(int64_t *at, int64_t now, int64_t period) {
    if (*at > now) return 0;
    *at += period;
    if (*at < now - SECOND) *at = now + period; /* nobody catches up on a pause */
    return 1;
}

static void send_due(struct line *line, int64_t now, int sending) {
    if (is_due(&line->check_at, now, CHECK_NS)) send(line->seat.socket, line->seat.check, (size_t)line->seat.check_size, MSG_DONTWAIT);
    if (line->seat.publishes) {
        if (sending && is_due(&line->frame_at, now, FRAME_NS)) send_frame(line);
        if (sending && is_due(&line->sound_at, now, SOUND_NS)) send_sound(line);
        if (sending && is_due(&line->report_at, now, SECOND))
            for (int kind = 0; kind < KINDS; kind++) send_sender_report(line, kind);
        return;
    }
    if (is_due(&line->report_at, now, SECOND)) send_receiver_report(line);
    if (line->seat.transport_id && (line->pending_count == PENDING || is_due(&line->feedback_at, now, FEEDBACK_NS))) send_feedback(line);
}

void traffic_run(double seconds, int sending) {
    int64_t now = clock_ns(CLOCK_MONOTONIC), end = now + (int64_t)(seconds * SECOND), next = now;
    struct epoll_event events[BATCH];
    while ((now = clock_ns(CLOCK_MONOTONIC)) < end) {
        if (now >= next) {
            for (int i = 0; i < line_count; i++) send_due(&lines[i], now, sending);
            next = now + TICK_NS;
        }
        int64_t left = next - clock_ns(CLOCK_MONOTONIC);
        struct timespec wait = {0, left > 0 ? left : 0};
        int count = epoll_pwait2(poller, events, BATCH, &wait, NULL);
        for (int i = 0; i < count; i++) drain(&lines[events[i].data.u32]);
    }
}
