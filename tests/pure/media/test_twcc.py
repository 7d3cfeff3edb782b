"""Feedback about arrivals, told and read again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.rtcp import read_compound
from server.media.twcc import KEPT, MAX_HEARD, MAX_STATUSES, MAX_TOLD, REFERENCE_PERIOD_S, Arrivals, Feedback, read_feedback

pytestmark = pytest.mark.row("V5")

STEP_S = 1 / 4000
LARGEST_PACKET = 1200


def read(packets: list[bytes]) -> list[Feedback]:
    feedbacks = [feedback for packet in packets for feedback in read_compound(packet)]
    assert len(feedbacks) == len(packets)
    return [feedback for feedback in feedbacks if isinstance(feedback, Feedback)]


def told(packets: list[bytes]) -> dict[int, float | None]:
    """Return {sequence: time or None} of all reports together."""
    return {
        (feedback.base + number) & 0xFFFF: at
        for feedback in read(packets)
        for number, at in enumerate(feedback.arrivals)
    }  # fmt: skip


def after(first: int, steps: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return (sequence, time) where each step skips so many sequences and waits so many seconds."""
    place, now, heard = first, 5000.0, []
    for skipped, wait in steps:
        place, now = place + skipped, now + wait
        heard.append((place & 0xFFFF, now))
    return heard


STEPS = st.lists(st.tuples(st.integers(1, 30), st.sampled_from((0.0, 0.0005, 0.003, 0.02, 0.2, 3.0, 9.0, 40.0))), min_size=1, max_size=60)


@given(st.integers(0, 0xFFFF), STEPS, st.randoms())
def test_what_was_heard_in_any_order_is_told(first: int, steps: list[tuple[int, float]], dice: Random) -> None:
    heard, arrivals = after(first, steps), Arrivals()
    order = heard[:1] + dice.sample(heard[1:], len(heard) - 1)
    for sequence, now in order:
        arrivals.heard(sequence, now)
    times = told(arrivals.take(1, 2))
    assert len(times) == sum(skipped for skipped, _ in steps[1:]) + 1
    assert {sequence for sequence, at in times.items() if at is not None} == {sequence for sequence, _ in heard}
    assert all(abs(now - (times[sequence] or 0)) < 1.01 * STEP_S for sequence, now in heard)


@given(st.lists(st.booleans(), max_size=600), st.sampled_from((0.001, 0.07)))
def test_reports_stay_small_and_go_on_from_each_other(losses: list[bool], wait: float) -> None:
    arrivals = Arrivals()
    arrivals.heard(65_500, 1.0)
    for number, lost in enumerate(losses, 1):
        if not lost:
            arrivals.heard((65_500 + number) & 0xFFFF, 1.0 + wait * number)
    packets = arrivals.take(0x01020304, 0x05060708)
    expected = 65_500
    for number, (packet, feedback) in enumerate(zip(packets, read(packets), strict=True)):
        assert len(packet) <= LARGEST_PACKET
        assert packet[4:12] == bytes.fromhex("0102030405060708")
        assert (feedback.base, feedback.feedback_count, feedback.count) == (expected, number, len(feedback.arrivals))
        expected = (expected + feedback.count) & 0xFFFF


def test_the_worst_pattern_stays_below_the_path_s_size() -> None:
    arrivals = Arrivals()
    for number in range(MAX_STATUSES):
        if number % 7 in {0, 3}:
            arrivals.heard(number, number * 0.1)
    packets = arrivals.take(1, 2)
    assert max(map(len, packets)) <= LARGEST_PACKET
    assert max(sum(at is not None for at in feedback.arrivals) for feedback in read(packets)) == MAX_TOLD


def test_a_report_as_bytes() -> None:
    """By hand, from the draft: 14 symbols of one bit in the order of their sequences, then the deltas in steps of 250 µs."""
    arrivals = Arrivals()
    for sequence, now in ((10, 64.0), (11, 64.001), (14, 64.01)):
        arrivals.heard(sequence, now)
    (packet,) = arrivals.take(1, 2)
    assert packet.hex() == "8fcd0006" + "00000001" + "00000002" + "000a0005" + "0003e800" + "b200" + "000424" + "000000"


def test_a_report_after_a_long_run_and_a_step_back_in_time() -> None:
    arrivals = Arrivals()
    for sequence in range(20):
        arrivals.heard(sequence, 640.0)
    arrivals.heard(21, 640.1)
    arrivals.heard(20, 640.11)
    (packet,) = arrivals.take(1, 2)
    assert packet[20:24].hex() == "2014" + "e800"  # a run of twenty, then large, large
    assert read([packet])[0].arrivals[-2:] == [640.11, 640.1]


def test_reports_are_due_when_the_first_of_them_has_waited() -> None:
    arrivals = Arrivals()
    assert not arrivals.due(1e9, 0.1)
    assert arrivals.take(1, 2) == []
    arrivals.heard(7, 10.0)
    arrivals.heard(8, 10.09)
    assert [arrivals.due(now, 0.125) for now in (10.0, 10.1, 10.125)] == [False, False, True]
    arrivals.take(1, 2)
    assert not arrivals.due(20.0, 0.1)
    arrivals.heard(9, 20.0)
    assert arrivals.due(20.125, 0.1)


def test_each_report_begins_after_the_one_before() -> None:
    arrivals = Arrivals()
    arrivals.heard(1, 1.0)
    arrivals.take(1, 2)
    arrivals.heard(5, 2.0)
    assert told(arrivals.take(1, 2)) == {2: None, 3: None, 4: None, 5: 2.0}


def test_what_comes_late_is_told_again_with_what_stands_around_it() -> None:
    arrivals = Arrivals()
    for sequence in (1, 2, 4):
        arrivals.heard(sequence, float(sequence))
    arrivals.take(1, 2)
    arrivals.heard(3, 4.5)
    assert told(arrivals.take(1, 2)) == {3: 4.5, 4: 4.0}


def test_what_is_just_not_too_late_is_told() -> None:
    arrivals = Arrivals()
    arrivals.heard(1000, 1.0)
    arrivals.take(1, 2)
    arrivals.heard(1000 - KEPT, 3.0)
    arrivals.heard(1000 - KEPT - 1, 3.0)
    times = told(arrivals.take(1, 2))
    assert (len(times), times[1000 - KEPT], times[1000]) == (KEPT + 1, 3.0, 1.0)


@pytest.mark.parametrize(
    ("ticks", "size", "packets"),
    [(0, 1, 1), (255, 1, 1), (256, 2, 1), (-1, 2, 1), (0x7FFF, 2, 1), (-0x8000, 2, 1), (0x8000, 1, 2), (-0x8001, 1, 2)],
)
def test_deltas_at_their_edges(ticks: int, size: int, packets: int) -> None:
    """Twenty arrivals at a time, so that their symbols are runs; what is too far for two bytes goes into a packet of its own."""
    arrivals = Arrivals()
    for sequence in range(20):
        arrivals.heard(sequence, 64.0)
    arrivals.heard(20, 64.0 + (ticks + 0.5) * STEP_S)
    reports = arrivals.take(1, 2)
    assert [feedback.count for feedback in read(reports)] == ([21] if packets == 1 else [20, 1])
    assert told(reports)[20] == (64 * 4000 + ticks) / 4000
    chunks = 1 if size == 1 else 2
    assert packets == 2 or len(reports[0]) == -(-(20 + 2 * chunks + 20 + size) // 4) * 4


def test_reports_are_numbered_on_and_wrap_round() -> None:
    arrivals = Arrivals()
    numbers = []
    for sequence in range(258):
        arrivals.heard(sequence, 1.0 + sequence)
        numbers += [feedback.feedback_count for feedback in read(arrivals.take(1, 2))]
    assert numbers == [*range(256), 0, 1]


@pytest.mark.parametrize("sequence", [1000, 1000 - KEPT - 1])
def test_doubles_and_what_is_much_too_late_are_not_told(sequence: int) -> None:
    arrivals = Arrivals()
    arrivals.heard(1000, 1.0)
    arrivals.take(1, 2)
    arrivals.heard(sequence, 3.0)
    assert not arrivals.due(9.0, 0.1)
    assert arrivals.take(1, 2) == []


def test_the_first_arrival_of_a_double_is_the_one_that_is_told() -> None:
    arrivals = Arrivals()
    arrivals.heard(7, 1.0)
    arrivals.heard(7, 2.0)
    assert told(arrivals.take(1, 2)) == {7: 1.0}


@pytest.mark.parametrize("jump", [MAX_STATUSES, -MAX_STATUSES, 0x7FFF])
def test_a_sender_that_begins_anew_is_followed(jump: int) -> None:
    arrivals = Arrivals()
    arrivals.heard(30_000, 1.0)
    arrivals.heard(30_000 + jump & 0xFFFF, 2.0)
    assert told(arrivals.take(1, 2)) == {30_000 + jump & 0xFFFF: 2.0}


def test_a_flood_is_bounded_and_told_as_lost() -> None:
    arrivals = Arrivals()
    for number in range(MAX_HEARD + 1000):
        arrivals.heard(number, 1.0)
    times = told(arrivals.take(1, 2))
    assert list(times) == list(range(MAX_HEARD - MAX_STATUSES, MAX_HEARD))
    arrivals.heard(MAX_HEARD + 1000, 2.0)
    times = told(arrivals.take(1, 2))
    assert len(times) == 1001
    assert {sequence for sequence, at in times.items() if at is not None} == {MAX_HEARD + 1000}


def test_many_losses_take_few_bytes() -> None:
    arrivals = Arrivals()
    arrivals.heard(0, 1.0)
    arrivals.heard(MAX_STATUSES - 1, 1.1)
    (packet,) = arrivals.take(1, 2)
    assert len(packet) == 32


@pytest.mark.parametrize("now", [0x7FFFFF * 0.064, 0x800000 * 0.064, 0xFFFFFF * 0.064 + 1])
def test_reference_times_wrap_round(now: float) -> None:
    arrivals = Arrivals()
    arrivals.heard(1, now)
    (feedback,) = read(arrivals.take(1, 2))
    away = (now - (feedback.arrivals[0] or 0)) % REFERENCE_PERIOD_S
    assert min(away, REFERENCE_PERIOD_S - away) < 2 * STEP_S


def payload(count: int, chunks: str, deltas: str = "") -> bytes:
    return bytes.fromhex(f"0005{count:04x}00000a07{chunks}{deltas}")


def test_every_kind_of_chunk_is_read() -> None:
    """A run of two large deltas, then vectors of one bit and of two; all but the first count from the one before."""
    feedback = read_feedback(payload(19, "4002" + "a400" + "e100", "ffff01f0" + "0408" + "fffc02"))
    ticks = [2559, 3055, 3059, None, None, 3067, *[None] * 10, 3063, None, 3065]
    assert feedback == Feedback(5, 19, 0.64, 7, [None if one is None else one * STEP_S for one in ticks])


@pytest.mark.parametrize(
    "raw",
    [
        b"", payload(1, "")[:7], payload(1, ""), payload(1, "20"), payload(1, "2001"), payload(1, "4001", "00"), payload(1, "6001", "0000"),
        payload(1, "f000", "0000"), payload(20, "8000"), payload(5, "0004"), payload(MAX_STATUSES + 1, "1fff"), payload(9, "0000" * 20),
    ],
    ids=["empty", "short", "no chunk", "half a chunk", "no delta", "half a delta", "reserved run", "reserved symbol", "too few bits",
         "too short a run", "too many", "empty runs"],
)  # fmt: skip
def test_broken_reports_are_none(raw: bytes) -> None:
    assert read_feedback(raw) is None


@pytest.mark.parametrize(("count", "chunks"), [(0, ""), (5, "0005"), (MAX_STATUSES, "1fff"), (14, "8000"), (7, "c000")])
def test_a_report_of_losses_ends_with_its_chunks(count: int, chunks: str) -> None:
    feedback = read_feedback(payload(count, chunks))
    assert feedback is not None
    assert feedback.arrivals == [None] * count


@given(st.integers(0, MAX_STATUSES), st.binary(max_size=80))
def test_any_report_has_as_many_arrivals_as_it_says_or_is_none(count: int, raw: bytes) -> None:
    feedback = read_feedback(payload(count, raw.hex()))
    assert feedback is None or len(feedback.arrivals) == feedback.count == count
