/* What the compiled lane and Python both read and write; server/media/native.py reads this file, too, but for lines that begin with "#". */
#include <stdint.h>

struct place { uint16_t at, length; };

/* A level of sound that Python has not taken yet, and when it came. */
struct heard { double at; int32_t level; };

/* What came in and is to be told, as of twcc.Arrivals: `ticks` of the last sequences, -1 for what did not come. */
struct arrivals {
    int64_t ticks[2048];
    int64_t highest, next, least;
    double waiting_since;
    int32_t heard, has_begun, waits;
    uint8_t count;
};

/* What a subscriber's reports come to, as of bwe.Tally. `teller` is the SSRC that told, by a packet that Python has seen; while the estimator
   `probes`, all reports are Python's. */
struct tally {
    double heard_at, offset_ms, apart_s, loss_at;
    int64_t told, lost;
    int32_t has_heard, has_offset, has_apart, probes;
    uint32_t teller;
    struct delay *delay;
};

/* The last packets of one source, as of ring.Ring: `packets` holds their bytes, or NULL. */
struct ring { void *packets[512]; uint16_t sizes[512]; int32_t came[512]; uint16_t highest; };

/* One connection. `opener` and `sealer` are sessions of libsrtp, NULL without keys; `name` is a sockaddr of `name_length` bytes, 0 without
   one. `number`, `sent_at`, `sizes` and `tally` are the estimator's, NULL for who is sent nothing; `heard` and `arrivals` are NULL for who
   sends nothing. `due` is when all that came would have come at the greatest speed that is allowed. */
struct wire {
    void *opener, *sealer;
    struct source *sources[32];
    int32_t source_count;
    int32_t file, name_length, cuts;
    unsigned char name[28];
    uint16_t *number, *sizes;
    double *sent_at;
    struct tally *tally;
    struct heard *heard;
    int32_t heard_count;
    struct arrivals *arrivals;
    double due;
};

/* One layer of one track. Whatever Python calls by the same name in `reception.Incoming` and `layout.Layout` is the same thing here.
   Only while it is `regular` the lane takes its packets, and not while packets of it are `pending` with Python: it would overtake them. */
struct source {
    uint32_t ssrc;
    uint8_t regular, pending, payload_type, flags, is_video, is_vp8;
    uint16_t body, numbered_at, sent_at, level_at;
    int32_t name_count;
    struct place names[3];
    unsigned char mask[64], block[64];
    uint16_t highest;
    int32_t clock_hz, has_transit;
    int64_t packets, cycles, bytes;
    double jitter, transit, heard_at;
    struct ring *ring;
    struct taker **takers;
    int32_t taker_count;
    int32_t run_count;
    uint8_t run[64];
};

/* One track on its way to one subscriber, as of `continuity.Outgoing`. */
struct taker {
    struct wire *wire;
    uint32_t ssrc, timestamp, last_timestamp;
    uint16_t sequence, picture, last, last_picture;
    uint8_t tl0, last_tl0;
    int64_t passed, packets, bytes, late;
    double sent_at;
};

/* How the delay of a way changes: everything of `delay.Delay` but the control of the rate. `usage` is 0 for normal, 1 for too much, 2 for
   less than the way carries. When the control is `due`, it is to be asked for what was sent at `sent_at` and arrived at `at_ms`; when it has
   answered, at `updated_ms` (-1 for never), it is not due again for `interval_ms`, unless too much is used. */
struct delay {
    double offset, previous_offset, noise, noise_mean, slope, slope_variance, covariance, variance;
    double intervals[60];
    double threshold, over_ms, detected;
    double before_sent_ms, began_ms, last_ms, sent_at;
    int64_t before_told_ms, told_ms, detected_ms, at_ms, updated_ms, interval_ms;
    int32_t before_size, size, groups, over_count, has_before, has_told, has_detected, usage, due;
    int64_t added_total;
    int64_t added_ms[256];
    int32_t added_size[256];
    uint32_t added_first, added_end, groups_seen;
};

struct lane;

/* Counters of datagrams; how many the batch in hand has (`count`), and for the one at which the lane stopped its size where it is opened
   already (`clear`), else 0; when it `began` to be read, by the kernel's clock for stamps. Python tells when it was held up last
   (`stalled_at`). */
struct told { int64_t sent, dropped, refused, oversize, excess, strangers; int32_t count, clear; double began, stalled_at; };

uint64_t native_sources(void);
struct lane *lane_new(void *open_rtp, void *open_rtcp, void *seal_rtp, int cuts);
void lane_free(struct lane *lane);
struct told *lane_told(struct lane *lane);
int lane_bind(struct lane *lane, const unsigned char *key, int length, struct wire *wire);
void lane_unbind(struct lane *lane, const unsigned char *key, int length);
int lane_read(struct lane *lane, int file, void *headers, double now);
int lane_go_on(struct lane *lane, void *headers, int at, double now);
struct ring *ring_new(uint16_t first);
void ring_free(struct ring *ring);
int ring_put(struct ring *ring, uint16_t sequence, const unsigned char *packet, int size);
void ring_forget(struct ring *ring, uint16_t first, int count);
void delay_begin(struct delay *delay);
int delay_learn(struct delay *delay, const double *arrived, const double *sent, const int32_t *sizes, int count, int at, double anchor_ms);
int64_t delay_rate(struct delay *delay);
void arrivals_heard(struct arrivals *arrivals, uint16_t sequence, double now);
int arrivals_take(struct arrivals *arrivals, uint32_t sender_ssrc, uint32_t media_ssrc, unsigned char *out);
int tally_take(struct wire *wire, const unsigned char *packet, int size, double now, double stalled_at);
