"""How the delay of a way changes, told from when packets were sent and when they arrived, and what the way carries by that.

The mathematics are those of Google's congestion control (draft-ietf-rmcat-gcc-02) as aiortc has them for the receiving side: groups of
arrivals, a Kalman filter over how much longer each took than the one before, a detector with a threshold that adapts. There they are
spread over a dozen objects and calls for each packet; here one call takes a whole burst, which is what makes an estimation for every
subscriber affordable. A test holds both beside each other. The control of the rate itself is rarely asked, and is aiortc's.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from math import sqrt
from typing import NamedTuple

from aiortc.rate import AimdRateControl, BandwidthUsage

GROUP_MS = 5.0  # what was sent within it is one group
SHORTEST_OF = 60  # intervals of which the shortest bounds how fast the noise is learned
MOST_COUNTED = 1000  # groups
NOISE_GROUPS = 300  # groups after which noise is learned more slowly
SLOPE_NOISE, OFFSET_NOISE = 1e-13, 1e-3  # of the process, for each group

TRUSTED_GROUPS = 60  # by so many at most an offset is multiplied before it is held against the threshold
FIRST_THRESHOLD, LEAST_THRESHOLD, LARGEST_THRESHOLD = 12.5, 6.0, 600.0
THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039  # of the way to the offset, for each millisecond
LEAP = 15.0  # beyond the threshold: the threshold does not follow an offset that leaps
OVERUSE_MS = 10.0  # for so long an offset must be over the threshold

NORMAL, OVERUSING, UNDERUSING = BandwidthUsage.NORMAL, BandwidthUsage.OVERUSING, BandwidthUsage.UNDERUSING

BURST_S = 0.005  # what was sent within it counts as one arrival
WINDOW_MS = 1_000  # over which the rate of arrivals is measured


class Rate:
    """Bytes over the last second."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._added: deque[tuple[int, int]] = deque()
        self._total = 0

    def add(self, size: int, now_ms: int) -> None:
        added, oldest = self._added, now_ms - WINDOW_MS
        added.append((now_ms, size))
        self._total += size
        while added[0][0] <= oldest:
            self._total -= added.popleft()[1]

    def rate(self, now_ms: int) -> int | None:
        """Return bit/s, or None while there is nothing to measure by."""
        added, oldest = self._added, now_ms - WINDOW_MS
        while added and added[0][0] <= oldest:
            self._total -= added.popleft()[1]
        span = now_ms - added[0][0] + 1 if added else 0
        return round(8000 * self._total / max(span, WINDOW_MS // 2)) if span > 1 else None


class Shortest:
    """The shortest of the last intervals, found without a walk through them: those that a later one is shorter than are forgotten."""

    __slots__ = ("_count", "_rising")

    def __init__(self) -> None:
        self._rising: deque[tuple[float, int]] = deque()
        self._count = 0

    def add(self, interval: float) -> float:
        rising, self._count = self._rising, self._count + 1
        while rising and rising[-1][0] >= interval:
            rising.pop()
        rising.append((interval, self._count))
        if rising[0][1] <= self._count - SHORTEST_OF:
            rising.popleft()
        return rising[0][0]


class Trend:
    """The Kalman filter: how many milliseconds more each group takes than the one before, apart from its size."""

    __slots__ = (
        "_covariance",
        "_noise_mean",
        "_previous",
        "_shortest",
        "_slope",
        "_slope_variance",
        "_variance",
        "groups",
        "noise",
        "offset",
    )

    def __init__(self) -> None:
        self.groups = 0
        self.offset = self._previous = 0.0
        self.noise = 50.0
        self._noise_mean = 0.0
        self._slope = 1 / 64
        self._slope_variance, self._covariance, self._variance = 100.0, 0.0, 0.1
        self._shortest = Shortest()

    def update(self, later_ms: float, interval_ms: float, growth: int, usage: BandwidthUsage) -> None:
        """Take a group that came `later_ms` after the one before, was sent `interval_ms` after it, and is `growth` bytes larger."""
        shortest = self._shortest.add(interval_ms)
        self.groups = min(self.groups + 1, MOST_COUNTED)
        slope_variance, covariance = self._slope_variance + SLOPE_NOISE, self._covariance
        variance = self._variance + OFFSET_NOISE
        offset, previous = self.offset, self._previous
        if (usage is OVERUSING and offset < previous) or (usage is UNDERUSING and offset > previous):
            variance += 10 * OFFSET_NOISE
        residual = later_ms - interval_ms - self._slope * growth - offset
        if usage is NORMAL:
            self._learn_noise(residual, shortest)
        of_slope, of_offset = slope_variance * growth + covariance, covariance * growth + variance
        total = self.noise + growth * of_slope + of_offset
        slope_gain, gain = of_slope / total, of_offset / total
        self._slope_variance = slope_variance * (1 - slope_gain * growth) - covariance * slope_gain
        self._covariance = covariance * (1 - gain) - slope_variance * gain * growth
        self._variance = variance * (1 - gain) - covariance * gain * growth
        self._previous, self.offset = offset, offset + gain * residual
        self._slope += slope_gain * residual

    def _learn_noise(self, residual: float, shortest_ms: float) -> None:
        bound = 3.0 * sqrt(self.noise)
        if residual > bound:
            residual = bound
        elif residual < -bound:
            residual = -bound
        kept = (0.998 if self.groups > NOISE_GROUPS else 0.99) ** (shortest_ms * 0.03)
        mean = self._noise_mean = kept * self._noise_mean + (1 - kept) * residual
        self.noise = max(1.0, kept * self.noise + (1 - kept) * (mean - residual) ** 2)


class Detector:
    """Whether the way is used more than it carries: the offset stands above a threshold, for a while, and does not fall."""

    __slots__ = ("_over_count", "_over_ms", "_previous", "_threshold", "_updated_ms", "usage")

    def __init__(self) -> None:
        self.usage = NORMAL
        self._threshold = FIRST_THRESHOLD
        self._over_count, self._over_ms = 0, -1.0  # below 0: it is not over
        self._previous = 0.0
        self._updated_ms: int | None = None

    def detect(self, offset: float, interval_ms: float, groups: int, now_ms: int) -> None:
        """Set `usage` by the offset after a group."""
        if groups < 2:
            return
        trusted = min(groups, TRUSTED_GROUPS) * offset
        if trusted > self._threshold:
            self._over_ms = interval_ms / 2 if self._over_ms < 0 else self._over_ms + interval_ms
            self._over_count += 1
            if self._over_ms > OVERUSE_MS and self._over_count > 1 and offset >= self._previous:
                self._over_count, self._over_ms, self.usage = 0, 0.0, OVERUSING
        else:
            self._over_count, self._over_ms = 0, -1.0
            self.usage = UNDERUSING if trusted < -self._threshold else NORMAL
        self._previous = offset
        self._adapt(abs(trusted), now_ms)

    def _adapt(self, trusted: float, now_ms: int) -> None:
        threshold, since_ms = self._threshold, min(now_ms - (self._updated_ms or now_ms), 100)
        self._updated_ms = now_ms
        if trusted <= threshold + LEAP:
            speed = THRESHOLD_DOWN if trusted < threshold else THRESHOLD_UP
            self._threshold = max(LEAST_THRESHOLD, min(threshold + speed * (trusted - threshold) * since_ms, LARGEST_THRESHOLD))


class Told(NamedTuple):
    """What a receiver told of packets that follow each other: when each arrived, in seconds of its clock, or None for a loss; when it was
    sent, in seconds of ours; its size, 0 where it is not to be learned from. `anchor_ms` brings the receiver's milliseconds to ours.
    """

    arrivals: Sequence[float | None]
    sent: Sequence[float]
    sizes: Sequence[int]
    anchor_ms: float


def new_control(estimate: int | None) -> AimdRateControl:
    """Return the control of a rate; `estimate` is what is known already, in bit/s."""
    control = AimdRateControl()
    if estimate is not None:
        control.set_estimate(estimate, 0)
    return control


class Delay:
    """Tells from bursts what a way carries."""

    __slots__ = ("_before", "_began_ms", "_last_ms", "_rate", "_size", "_told_ms", "_updated_ms", "control", "detector", "trend")

    def __init__(self, estimate: int | None = None) -> None:
        """`estimate` is what is known already, in bit/s."""
        self.control, self.detector, self.trend = new_control(estimate), Detector(), Trend()
        self._rate = Rate()
        self._before: tuple[float, int, int] | None = None  # of the group before this one: when sent at last, when arrived, size
        self._began_ms = self._last_ms = 0.0
        self._told_ms: int | None = None  # when the last packet of this group arrived
        self._size = 0
        self._updated_ms: int | None = None

    def learn(self, told: Told) -> Iterator[tuple[int, float]]:
        """Take what arrived, burst by burst: what was sent together is one arrival. Yield each new estimate in bit/s, and when the burst
        was sent by which it was made.
        """
        burst_at, burst_sent, burst_size = 0.0, 0.0, 0
        for arrival, sent_at, size in zip(told.arrivals, told.sent, told.sizes, strict=True):
            if arrival is None or not size:
                continue
            if burst_size and 0 <= sent_at - burst_sent < BURST_S:
                burst_size += size
                burst_at = max(burst_at, arrival)
            else:
                if burst_size:
                    yield from self._take(told.anchor_ms + burst_at * 1000, burst_sent, burst_size)
                burst_at, burst_sent, burst_size = arrival, sent_at, size
        if burst_size:
            yield from self._take(told.anchor_ms + burst_at * 1000, burst_sent, burst_size)

    def _take(self, at_ms: float, sent_at: float, size: int) -> Iterator[tuple[int, float]]:
        estimate = self.add(int(at_ms), sent_at * 1000, size)
        if estimate is not None:
            yield estimate, sent_at

    def add(self, at_ms: int, sent_ms: float, size: int) -> int | None:
        """Take a burst of so many bytes that arrived at `at_ms`. Return a new estimate in bit/s, or None."""
        self._rate.add(size, at_ms)
        if self._told_ms is None:
            self._began_ms = self._last_ms = sent_ms
        elif sent_ms < self._began_ms:
            return self._conclude(at_ms)
        elif self._begins_group(at_ms, sent_ms, self._told_ms):
            self._end_group(self._told_ms, at_ms)
            self._began_ms = self._last_ms = sent_ms
            self._size = 0
        elif sent_ms > self._last_ms:
            self._last_ms = sent_ms
        self._size += size
        self._told_ms = at_ms
        return self._conclude(at_ms)

    def _begins_group(self, at_ms: int, sent_ms: float, told_ms: int) -> bool:
        """Not what a queue on the way has pushed together, either."""
        apart_ms, between_ms = round(sent_ms - self._last_ms), at_ms - told_ms
        if not apart_ms or (between_ms <= GROUP_MS and not 0 < apart_ms <= between_ms):
            return False
        return sent_ms - self._began_ms > GROUP_MS

    def _end_group(self, told_ms: int, now_ms: int) -> None:
        before, self._before = self._before, (self._last_ms, told_ms, self._size)
        if before is not None:
            interval_ms, trend, detector = self._last_ms - before[0], self.trend, self.detector
            trend.update(told_ms - before[1], interval_ms, self._size - before[2], detector.usage)
            detector.detect(trend.offset, interval_ms, trend.groups, now_ms)

    def _conclude(self, at_ms: int) -> int | None:
        """Ask the control of the rate for a new estimate: now and then, and at once when the way is used too much."""
        usage, updated = self.detector.usage, self._updated_ms
        if updated is not None and usage is not OVERUSING and at_ms - updated <= self.control.feedback_interval():
            return None
        estimate = self.control.update(usage, self._rate.rate(at_ms), at_ms)
        if estimate is not None:
            self._updated_ms = at_ms
        return estimate
