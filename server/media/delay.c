/* How the delay of a way to one subscriber changes, burst by burst: the mathematics of delay.py (see there), which tests hold beside this.

   Compiled because it is done for every burst of every subscriber, and needs nothing but numbers. */
#include <math.h>
#include <string.h>
#include "native.h"

enum { NORMAL, OVERUSING, UNDERUSING };
enum { SHORTEST_OF = 60, MOST_COUNTED = 1000, NOISE_GROUPS = 300, TRUSTED_GROUPS = 60, WINDOW_MS = 1000, ADDED = 256 };

static const double BURST_S = 0.005, GROUP_MS = 5.0;
static const double SLOPE_NOISE = 1e-13, OFFSET_NOISE = 1e-3;
static const double FIRST_THRESHOLD = 12.5, LEAST_THRESHOLD = 6.0, LARGEST_THRESHOLD = 600.0;
static const double THRESHOLD_UP = 0.0087, THRESHOLD_DOWN = 0.039, LEAP = 15.0, OVERUSE_MS = 10.0;

void delay_begin(struct delay *delay)
{
    memset(delay, 0, sizeof *delay);
    delay->noise = 50.0;
    delay->slope = 1.0 / 64;
    delay->slope_variance = 100.0;
    delay->variance = 0.1;
    delay->threshold = FIRST_THRESHOLD;
    delay->over_ms = -1.0;
    delay->updated_ms = -1;
}

/* ---- what arrived over the last second ---- */

static void forget_old(struct delay *delay, int64_t now_ms)
{
    while (delay->added_first != delay->added_end && delay->added_ms[delay->added_first % ADDED] <= now_ms - WINDOW_MS)
        delay->added_total -= delay->added_size[delay->added_first++ % ADDED];
}

/* Bursts of one millisecond are kept as one, and so is a further one when there is no room: what is 5 ms apart when it is sent rarely comes
   more densely. */
static void add_rate(struct delay *delay, int size, int64_t now_ms)
{
    forget_old(delay, now_ms);
    uint32_t held = delay->added_end - delay->added_first, last = (delay->added_end - 1) % ADDED;
    delay->added_total += size;
    if (held && (held == ADDED || delay->added_ms[last] == now_ms)) {
        delay->added_size[last] += size;
        return;
    }
    delay->added_ms[delay->added_end % ADDED] = now_ms;
    delay->added_size[delay->added_end++ % ADDED] = size;
}

/* Return bit/s, or -1 while there is nothing to measure by. */
int64_t delay_rate(struct delay *delay)
{
    forget_old(delay, delay->at_ms);
    if (delay->added_first == delay->added_end)
        return -1;
    int64_t span = delay->at_ms - delay->added_ms[delay->added_first % ADDED] + 1;
    return span > 1 ? (int64_t)rint(8000.0 * (double)delay->added_total / (double)(span > WINDOW_MS / 2 ? span : WINDOW_MS / 2)) : -1;
}

/* ---- the Kalman filter ---- */

static double shortest(struct delay *delay, double interval_ms)
{
    delay->intervals[delay->groups_seen++ % SHORTEST_OF] = interval_ms;
    uint32_t known = delay->groups_seen < SHORTEST_OF ? delay->groups_seen : SHORTEST_OF;
    double least = interval_ms;
    for (uint32_t i = 0; i < known; i++)
        least = delay->intervals[i] < least ? delay->intervals[i] : least;
    return least;
}

static void learn_noise(struct delay *delay, double residual, double shortest_ms)
{
    double bound = 3.0 * sqrt(delay->noise);
    residual = residual > bound ? bound : residual < -bound ? -bound : residual;
    double kept = pow(delay->groups > NOISE_GROUPS ? 0.998 : 0.99, shortest_ms * 0.03);
    double mean = delay->noise_mean = kept * delay->noise_mean + (1 - kept) * residual;
    double noise = kept * delay->noise + (1 - kept) * ((mean - residual) * (mean - residual));
    delay->noise = noise > 1.0 ? noise : 1.0;
}

static void update(struct delay *delay, double later_ms, double interval_ms, int growth)
{
    double shortest_ms = shortest(delay, interval_ms), offset = delay->offset;
    delay->groups += delay->groups < MOST_COUNTED;
    double slope_variance = delay->slope_variance + SLOPE_NOISE, covariance = delay->covariance, variance = delay->variance + OFFSET_NOISE;
    if ((delay->usage == OVERUSING && offset < delay->previous_offset) || (delay->usage == UNDERUSING && offset > delay->previous_offset))
        variance += 10 * OFFSET_NOISE;
    double residual = later_ms - interval_ms - delay->slope * growth - offset;
    if (delay->usage == NORMAL)
        learn_noise(delay, residual, shortest_ms);
    double of_slope = slope_variance * growth + covariance, of_offset = covariance * growth + variance;
    double total = delay->noise + growth * of_slope + of_offset;
    double slope_gain = of_slope / total, gain = of_offset / total;
    delay->slope_variance = slope_variance * (1 - slope_gain * growth) - covariance * slope_gain;
    delay->covariance = covariance * (1 - gain) - slope_variance * gain * growth;
    delay->variance = variance * (1 - gain) - covariance * gain * growth;
    delay->previous_offset = offset;
    delay->offset = offset + gain * residual;
    delay->slope += slope_gain * residual;
}

/* ---- the detector ---- */

static void adapt(struct delay *delay, double trusted, int64_t now_ms)
{
    int64_t since_ms = delay->has_detected ? now_ms - delay->detected_ms : 0;
    double threshold = delay->threshold;
    delay->detected_ms = now_ms;
    delay->has_detected = 1;
    if (trusted > threshold + LEAP)
        return;
    double speed = trusted < threshold ? THRESHOLD_DOWN : THRESHOLD_UP;
    threshold += speed * (trusted - threshold) * (double)(since_ms < 100 ? since_ms : 100);
    delay->threshold = threshold < LEAST_THRESHOLD ? LEAST_THRESHOLD : threshold > LARGEST_THRESHOLD ? LARGEST_THRESHOLD : threshold;
}

static void detect(struct delay *delay, double interval_ms, int64_t now_ms)
{
    if (delay->groups < 2)
        return;
    double offset = delay->offset, trusted = (delay->groups < TRUSTED_GROUPS ? delay->groups : TRUSTED_GROUPS) * offset;
    if (trusted > delay->threshold) {
        delay->over_ms = delay->over_ms < 0 ? interval_ms / 2 : delay->over_ms + interval_ms;
        delay->over_count++;
        if (delay->over_ms > OVERUSE_MS && delay->over_count > 1 && offset >= delay->detected) {
            delay->over_count = 0;
            delay->over_ms = 0.0;
            delay->usage = OVERUSING;
        }
    } else {
        delay->over_count = 0;
        delay->over_ms = -1.0;
        delay->usage = trusted < -delay->threshold ? UNDERUSING : NORMAL;
    }
    delay->detected = offset;
    adapt(delay, fabs(trusted), now_ms);
}

/* ---- groups of bursts ---- */

static int begins_group(const struct delay *delay, int64_t at_ms, double sent_ms)
{
    double apart_ms = rint(sent_ms - delay->last_ms), between_ms = (double)(at_ms - delay->told_ms);
    if (apart_ms == 0 || (between_ms <= GROUP_MS && !(0 < apart_ms && apart_ms <= between_ms)))
        return 0;
    return sent_ms - delay->began_ms > GROUP_MS;
}

static void end_group(struct delay *delay, int64_t now_ms)
{
    if (delay->has_before) {
        double interval_ms = delay->last_ms - delay->before_sent_ms;
        update(delay, (double)(delay->told_ms - delay->before_told_ms), interval_ms, delay->size - delay->before_size);
        detect(delay, interval_ms, now_ms);
    }
    delay->before_sent_ms = delay->last_ms;
    delay->before_told_ms = delay->told_ms;
    delay->before_size = delay->size;
    delay->has_before = 1;
}

static void add(struct delay *delay, int64_t at_ms, double sent_ms, int size)
{
    add_rate(delay, size, at_ms);
    delay->at_ms = at_ms;
    if (delay->has_told && sent_ms < delay->began_ms)
        return;
    if (!delay->has_told) {
        delay->began_ms = delay->last_ms = sent_ms;
    } else if (begins_group(delay, at_ms, sent_ms)) {
        end_group(delay, at_ms);
        delay->began_ms = delay->last_ms = sent_ms;
        delay->size = 0;
    } else if (sent_ms > delay->last_ms) {
        delay->last_ms = sent_ms;
    }
    delay->size += size;
    delay->told_ms = at_ms;
    delay->has_told = 1;
}

/* Take the burst that begins at `at`; returns the packet behind it. */
static int take_burst(struct delay *delay, const double *arrived, const double *sent, const int32_t *sizes, int count, int at, double anchor_ms)
{
    double burst_at = arrived[at];
    int size = sizes[at], first = at;
    for (at++; at < count; at++) {
        if (isnan(arrived[at]) || !sizes[at])
            continue;
        double later = sent[at] - sent[first];
        if (!(0 <= later && later < BURST_S))
            break;
        size += sizes[at];
        burst_at = arrived[at] > burst_at ? arrived[at] : burst_at;
    }
    delay->sent_at = sent[first];
    add(delay, (int64_t)(anchor_ms + burst_at * 1000), sent[first] * 1000, size);
    return at;
}

/* Take what arrived (NaN for a loss, size 0 for what was told before) from the packet at `at` on, until the control of the rate is `due` to be
   asked; returns the packet to go on with. What was sent together is one arrival. */
int delay_learn(struct delay *delay, const double *arrived, const double *sent, const int32_t *sizes, int count, int at, double anchor_ms)
{
    delay->due = 0;
    while (at < count && !delay->due) {
        if (isnan(arrived[at]) || !sizes[at]) {
            at++;
            continue;
        }
        at = take_burst(delay, arrived, sent, sizes, count, at, anchor_ms);
        delay->due = delay->usage == OVERUSING || delay->updated_ms < 0 || delay->at_ms - delay->updated_ms > delay->interval_ms;
    }
    return at;
}
