"""How much the way to one subscriber carries, told from its feedback.

The estimator of delay (`delay.Delay`) was made for the receiving side: it is given here what the receiver heard and when we sent it, and
so becomes one for the sending side. Around it stand what it does not do: a cap by loss, because a short queue hides its delay in losses;
the receiver's own estimate (REMB) where it makes one; and probes, because it grows by only 8 % a second and never beyond what is sent.
A probe is a short train of packets in a few pieces, faster than what is wanted: how far it is drawn out on the way tells what that carries.
"""

from array import array
from collections.abc import Callable, Sequence
from math import ceil, sqrt

from server.media.delay import Delay, Told
from server.media.lane import Log
from server.media.limits import PIECE_S
from server.media.native_delay import NativeDelay
from server.media.stalls import NEVER, Stalls
from server.media.twcc import REFERENCE_PERIOD_S, Feedback

START_BPS = 500_000  # what a way is taken for until something is known
UNHEARD_S = 3.0  # without any feedback for so long, its receiver makes none: then nothing is held back
UNLIMITED_BPS = 100_000_000
LEAST_BPS = 10_000

LOG = 2048  # packets whose sending is remembered, a power of two: some seconds
NOTHING = array("H", (0,)) * LOG
LEAP_MS = 5_000  # an arrival so far from now has another clock, and begins anew

HEAVY_LOSS, LIGHT_LOSS = 0.10, 0.02  # above the one the cap falls, below the other it rises
LOSS_FALL, LOSS_RISE = 0.85, 1.05
LOSS_EVERY_S, LOSS_LONGEST_S = 0.5, 2.0  # for one step of the cap
LOSS_TOLD = 250  # packets told before a step: of eighty, one in twenty lost by chance is one in ten every few seconds
LOSS_EVIDENT = 3.0  # deviations above heavy loss: no chance, and is not waited for
LOSS_FLOOR_BPS = 250_000  # loss alone never pauses a picture: it may be chance, as on a bad wireless link
REMB_S = 10.0  # for so long the receiver's own estimate counts

SPARE = 1.2  # times what is wanted: with that nothing is to be found out
PROBE_FIRST_S, PROBE_LONGEST_S = 3.0, 12.0  # between two probes: twice as long after each that brought nothing
PROBE_CALM_S = 1.0  # after a fall of the estimate
PROBE_PIECES = 2  # sent one after the other: a short queue on the way overflows when all comes at once
LONGEST_TRAIN_MS = 20.0  # of sending: where our own loop was late, a probe was slower than what it was to show
PROBE_SLACK_MS = 5.0  # by which it may be drawn out by chance
PROBE_BYTES = 275  # of one packet
LEAST_PIECE, LARGEST_PIECE = 16, 32  # packets
PROBE_AIM = 1.3  # times what is wanted: more is not believed
PROBE_WAIT_S = 1.5  # for the feedback about a probe
PROBE_TRUST = 0.85  # of what a probe shows
PROBE_GAIN = 1.1  # a probe that shows less than so much more than is known brought nothing


def piece_of_probe(wanted_bps: float) -> int:
    """Return how many packets are sent every `PIECE_S`, so that together they show what is wanted, if the way carries it."""
    bps = wanted_bps * PROBE_AIM / PROBE_TRUST
    return min(LARGEST_PIECE, max(LEAST_PIECE, ceil(bps * PIECE_S / (8 * PROBE_BYTES))))


class Tally:
    """What the reports of one receiver come to, by the compiled lane, too: there it is `struct tally` of native.h.

    When one was `heard_at` last; the `offset_ms` that brings its milliseconds to ours; how much later than sent by our clock something
    arrived of late, by the receiver's (`apart_s`); and since `loss_at` of how many packets it was `told`, and how many of them are `lost`.
    The `has_…` say whether there is such a thing yet. While a way `probes`, its reports are not the lane's.
    """

    __slots__ = ("apart_s", "has_apart", "has_heard", "has_offset", "heard_at", "loss_at", "lost", "offset_ms", "probes", "told")

    def __init__(self) -> None:
        self.heard_at = self.offset_ms = self.apart_s = self.loss_at = 0.0
        self.told = self.lost = self.has_heard = self.has_offset = self.has_apart = self.probes = 0


class Train:
    """A probe: the packets from `first` on, and what has come of them. How many there are is known when all are sent: until then `count`
    is 0, and everything from the first on is held. `took_ms` is the time from sending the first to sending the last.
    """

    def __init__(self, first: int, now: float) -> None:
        self.first, self.count, self.sent_at, self.took_ms = first, 0, now, 0.0
        self._arrived: list[tuple[float, int]] = []

    def holds(self, sequence: int) -> bool:
        return (sequence - self.first & 0xFFFF) < (self.count or 0x8000)

    def heard(self, at_ms: float, size: int) -> None:
        self._arrived.append((at_ms, size))

    @property
    def is_whole(self) -> bool:
        return len(self._arrived) == self.count > 0

    @property
    def carried_bps(self) -> int | None:
        """What the way carries by this probe, at least; None if too little came, or if it was sent too slowly to show anything."""
        if len(self._arrived) < max(3, self.count // 2) or self.took_ms > LONGEST_TRAIN_MS:
            return None
        arrived = sorted(self._arrived)
        drawn_out_ms = arrived[-1][0] - arrived[0][0] - PROBE_SLACK_MS
        return round(8000 * sum(size for _, size in arrived[1:]) / max(drawn_out_ms, self.took_ms, 1.0))


class Estimator:
    """Of one subscriber connection. Number every packet; hand over every feedback; ask for the `budget`."""

    def __init__(self, now: float, delay: Callable[[int | None], Delay | NativeDelay] = Delay, tally: Tally | None = None) -> None:
        """`delay` makes an estimation by delay, out of what is known already."""
        self._next = array("H", (0,))
        self._sent_at = array("d", (0.0,)) * LOG
        self._sizes = array("H", (0,)) * LOG
        self.log = Log(self._next, self._sent_at, self._sizes)
        self._made_at = now
        self.tally = tally or Tally()
        self._begin_delay = delay
        self._delay = delay(None)
        self._estimate: int | None = None
        self._remb: tuple[int, float] | None = None
        self._loss_cap: float | None = None
        self.tally.loss_at = now
        self.lost = 0.0
        """The fraction that was lost of late."""
        self._train: Train | None = None
        self._aim = 0.0
        self._probed_at, self._probe_after_s, self._fell_at = now - PROBE_FIRST_S, PROBE_FIRST_S, now - PROBE_CALM_S

    def begin(self, now: float) -> None:
        """The way is there: what it does not say is silence from now on."""
        self._made_at = self.tally.loss_at = now
        self._probed_at, self._probe_after_s, self._fell_at = now - PROBE_FIRST_S, PROBE_FIRST_S, now - PROBE_CALM_S

    def begin_anew(self, now: float) -> None:
        """There is another way, of which nothing is known.

        What was sent the other one is forgotten, because the gap between them would look as if this one carried next to nothing.
        """
        self._sizes[:] = NOTHING
        self._delay, self._estimate, self._remb, self._loss_cap, self.lost = self._begin_delay(None), None, None, None, 0.0
        tally = self.tally
        tally.told, tally.lost, tally.has_offset, tally.has_apart = 0, 0, 0, 0
        self._end_train()
        self.begin(now)

    def number(self, size: int, now: float) -> int:
        """Return the transport-wide sequence of a packet that is sent now."""
        sequence = self._next[0]
        self._next[0] = sequence + 1 & 0xFFFF
        place = sequence & LOG - 1
        self._sent_at[place] = now
        self._sizes[place] = size
        return sequence

    def number_all(self, sizes: "array[int]", moments: "array[float]") -> int:
        """Return the number of the first of these packets, which are sent together; those after it have the numbers after it. `moments`
        holds for each the time at which it is sent.
        """
        first, count = self._next[0], len(sizes)
        begin = first & LOG - 1
        if begin + count <= LOG:
            self._sent_at[begin : begin + count], self._sizes[begin : begin + count] = moments, sizes
        else:
            for size, now in zip(sizes, moments, strict=True):
                self.number(size, now)
        self._next[0] = first + count & 0xFFFF
        return first

    @property
    def is_measured(self) -> bool:
        """Whether the budget is more than a guess."""
        return self._estimate is not None or self._remb is not None

    def budget(self, now: float) -> int:
        """Return what may be sent, in bit/s, everything together."""
        if not self.is_measured:
            unheard = not self.tally.has_heard and now - self._made_at > UNHEARD_S
            return UNLIMITED_BPS if unheard else START_BPS
        bounds = [float(self._estimate)] if self._estimate is not None else []
        if self._remb is not None and now - self._remb[1] < REMB_S:
            bounds.append(self._remb[0])
        if self._loss_cap is not None:
            bounds.append(self._loss_cap)
        return max(LEAST_BPS, int(min(bounds, default=START_BPS)))

    def on_remb(self, bitrate: int, now: float) -> None:
        self._remb = bitrate, now
        self._hear_of(now)

    def _hear_of(self, now: float) -> None:
        self.tally.heard_at, self.tally.has_heard = now, 1

    def on_feedback(self, feedback: Feedback, now: float, stalls: Stalls = NEVER) -> None:
        """Learn from one report; what it says of packets that were never sent, or long ago, is passed over. Those that we were late with
        ourselves count for what arrives, and tell nothing of the delay.
        """
        self._hear_of(now)
        anchor_ms, tally = self._anchor(feedback, now), self.tally
        first, arrivals = self._remembered(feedback)
        sent, sizes = self._forget(first, len(arrivals))
        if self._train is not None:
            self._hear(self._train, first, arrivals, sizes, anchor_ms)
        tally.told += len(sizes) - sizes.count(0)
        if None in arrivals:
            tally.lost += sum(1 for arrival, size in zip(arrivals, sizes, strict=True) if arrival is None and size)
        self._correct(arrivals, sent, anchor_ms / 1000, stalls.held_up(sent))
        if sizes and sizes[-1] and arrivals[-1] is not None:
            tally.apart_s, tally.has_apart = anchor_ms / 1000 + arrivals[-1] - sent[-1], 1
        for estimate, sent_at in self._delay.learn(Told(arrivals, sent, sizes, anchor_ms)):
            self._note(estimate, sent_at)
        self._weigh_loss(now)
        self._conclude(now)

    def _remembered(self, feedback: Feedback) -> tuple[int, list[float | None]]:
        """Return what is told of packets whose sending is remembered, and the first one's sequence."""
        ago = self._next[0] - feedback.base & 0xFFFF
        begin = max(0, ago - LOG)
        return feedback.base + begin, feedback.arrivals[begin:ago]

    def _forget(self, first: int, count: int) -> tuple[list[float], list[int]]:
        """Return when these packets were sent and their sizes, 0 for what was told before; from now on they have been told."""
        if not count:
            return [], []  # an array that is lent takes no empty slice
        begin = first & LOG - 1
        end, over = min(LOG, begin + count), max(0, begin + count - LOG)
        sent, sizes = self._sent_at[begin:end], self._sizes[begin:end]
        self._sizes[begin:end] = NOTHING[: end - begin]
        if over:
            sent, sizes = sent + self._sent_at[:over], sizes + self._sizes[:over]
            self._sizes[:over] = NOTHING[:over]
        return sent.tolist(), sizes.tolist()

    @staticmethod
    def _hear(train: Train, first: int, arrivals: list[float | None], sizes: list[int], anchor_ms: float) -> None:
        """Give a probe what is its own: it tells nothing about how the delay changes, and what it loses was too much by intention."""
        for index, (arrival, size) in enumerate(zip(arrivals, sizes, strict=True)):
            if size and train.holds(first + index):
                if arrival is not None:
                    train.heard(anchor_ms + arrival * 1000, size)
                sizes[index] = 0

    def _correct(self, arrivals: list[float | None], sent: list[float], anchor_s: float, held_up: Sequence[int]) -> None:
        """Let what was held up seem to be as long under way as what was told before: it counts for what arrives, not for the delay."""
        for place in held_up:
            arrival = arrivals[place]
            if arrival is not None and self.tally.has_apart:
                sent[place] = anchor_s + arrival - self.tally.apart_s

    def _anchor(self, feedback: Feedback, now: float) -> float:
        """Return what brings the receiver's milliseconds to ours; only differences matter, so the way's own delay may stay in them."""
        arrivals = feedback.arrivals
        last = arrivals[-1] if arrivals else None
        if last is None:
            last = next((at for at in reversed(arrivals) if at is not None), feedback.reference_s)
        newest, tally = last * 1000, self.tally
        if tally.has_offset:
            period = REFERENCE_PERIOD_S * 1000
            turns = round((now * 1000 - newest - tally.offset_ms) / period)
            if abs(newest + turns * period + tally.offset_ms - now * 1000) < LEAP_MS:
                return tally.offset_ms + turns * period
            self._delay = self._begin_delay(self._estimate)
            tally.has_apart = 0
        tally.offset_ms, tally.has_offset = now * 1000 - newest, 1
        return tally.offset_ms

    def _note(self, estimate: int, sent_at: float) -> None:
        if self._estimate is not None and estimate < 0.9 * self._estimate:
            self._fell_at = sent_at
        self._estimate = estimate

    def _weigh_loss(self, now: float) -> None:
        tally = self.tally
        elapsed_s = now - tally.loss_at
        if not tally.told or elapsed_s < LOSS_EVERY_S or not (self._loss_is_certain or elapsed_s >= LOSS_LONGEST_S):
            return
        self.lost = tally.lost / tally.told
        tally.loss_at, tally.told, tally.lost = now, 0, 0
        budget = self.budget(now)
        if self.lost > HEAVY_LOSS:
            self._loss_cap = max(LOSS_FLOOR_BPS, min(self._loss_cap or budget, budget) * LOSS_FALL)
        elif self._loss_cap is not None and self.lost < LIGHT_LOSS:
            self._loss_cap *= LOSS_RISE ** min(elapsed_s / LOSS_EVERY_S, LOSS_LONGEST_S / LOSS_EVERY_S)
            if self._estimate is not None and self._loss_cap > self._estimate:
                self._loss_cap = None

    @property
    def _loss_is_certain(self) -> bool:
        """Whether what is lost of what was told is no chance."""
        heavy = HEAVY_LOSS * self.tally.told
        return self.tally.told >= LOSS_TOLD or self.tally.lost > heavy + LOSS_EVIDENT * sqrt(heavy)

    @property
    def is_lossy(self) -> bool:
        """Whether the way loses packets, but not so many that it must be too much that is sent."""
        return LIGHT_LOSS < self.lost <= HEAVY_LOSS

    def is_short_of(self, wanted_bps: int, now: float) -> bool:
        """Whether it is not known that the way carries so much, and a little more."""
        return wanted_bps * SPARE > self.budget(now)

    def wants_probe(self, wanted_bps: int, now: float) -> bool:
        """Whether it is worth while and time to try whether the way carries `wanted_bps`."""
        if not self.tally.has_heard or self._train is not None or not self.is_short_of(wanted_bps, now):
            return False
        return now - self._probed_at >= self._probe_after_s and now - self._fell_at >= PROBE_CALM_S

    def begin_probe(self, wanted_bps: int, now: float) -> None:
        """Everything that is sent from now on is a probe for `wanted_bps`, until `end_probe`."""
        self._probed_at = now
        self._train, self._aim = Train(self._next[0], now), wanted_bps * PROBE_AIM
        self.tally.probes = 1

    def end_probe(self, now: float) -> None:
        """All of it is sent. Packets of it that nobody tells of end it in time."""
        train = self._train
        if train is not None:
            train.took_ms = 1000 * (now - train.sent_at)
            train.count = self._next[0] - train.first & 0xFFFF
            if not train.count:
                self._end_train()

    def _end_train(self) -> None:
        self._train, self.tally.probes = None, 0

    def _conclude(self, now: float) -> None:
        train = self._train
        if train is None or not (train.is_whole or now - train.sent_at > PROBE_WAIT_S):
            return
        self._end_train()
        if train.took_ms > LONGEST_TRAIN_MS:
            return  # that says nothing of the way: the next one need not wait longer
        carried = train.carried_bps
        known = self._estimate or 0
        trusted = min(round((carried or 0) * PROBE_TRUST), round(self._aim))
        if trusted <= known * PROBE_GAIN:
            self._probe_after_s = min(PROBE_LONGEST_S, 2 * self._probe_after_s)
            return
        self._probe_after_s = PROBE_FIRST_S
        self._estimate = trusted
        self._delay.control.set_estimate(trusted, int(now * 1000))
        if self._loss_cap is not None:
            self._loss_cap = max(self._loss_cap, LOSS_FLOOR_BPS)
