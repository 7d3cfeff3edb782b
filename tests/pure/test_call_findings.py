"""What the reports of a call come to, in words, in curves and in a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.consultation.call_findings import GAP_S, LEFT_S, MOST_ROWS, Finding, Kind, Reading, findings, table
from server.consultation.call_words import tell, verdict
from server.consultation.plots import HEIGHT, MOST_POINTS, STEP, WIDTH, Curve, Plot, Span, top_of
from server.web.i18n import ENGLISH

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FINE = Reading(NOON, 0, 0, 40, 4, 900, 800, 0, sound_only=False)


def call(seconds: int, **bad: dict[str, object]) -> list[Reading]:
    """Return a reading every ten seconds; `bad` maps `s30_60` to what those seconds were like."""
    readings = [replace(FINE, at=NOON + timedelta(seconds=second)) for second in range(0, seconds, 10)]
    for name, change in bad.items():
        first, last = (int(part) for part in name.removeprefix("s").split("_"))
        readings = [replace(each, **change) if first <= seconds_of(each) < last else each for each in readings]
    return readings


def seconds_of(reading: Reading) -> int:
    return int((reading.at - NOON).total_seconds())


def words(readings: list[Reading]) -> str:
    return verdict(ENGLISH, [("Dana", findings(readings))])


def test_a_good_call() -> None:
    assert findings(call(600)) == []
    assert words(call(600)) == "Good"
    assert verdict(ENGLISH, []) == "No figures of this call"


def test_hard_to_hear_is_told_with_its_length() -> None:
    assert words(call(600, s100_280={"lost_in": 120})) == "Hard to hear for Dana for about 3 minutes."
    assert words(call(600, s100_110={"jitter_ms": 300})) == "Hard to hear for Dana for about 10 seconds."


def test_two_stretches_are_counted_apart_and_added() -> None:
    found = findings(call(600, s100_160={"lost_in": 120}, s300_330={"jitter_ms": 200}))
    assert found == [Finding(Kind.HARD_TO_HEAR, 2, 90)]


def test_interruptions_are_short_or_told_with_their_length() -> None:
    short = call(600, s100_120={"frozen_ms": 4_000}, s300_310={"frozen_ms": 10_000})
    assert words(short) == "2 short interruptions for Dana."
    assert words(call(600, s100_110={"frozen_ms": 4_000})) == "1 short interruption for Dana."
    assert words(call(600, s100_220={"frozen_ms": 10_000})) == "1 interruption for Dana, about 2 minutes."
    assert words(call(600, s100_220={"frozen_ms": 10_000}, s300_400={"frozen_ms": 9_000})).startswith(
        "2 interruptions for Dana, about 4 min"
    )


def test_a_moment_is_no_interruption() -> None:
    assert findings(call(600, s100_200={"frozen_ms": 2_000})) == []


def test_a_line_that_was_gone_tells_nothing_and_is_told_of() -> None:
    def without(first: int, last: int) -> list[Reading]:
        return [each for each in call(900) if not first < seconds_of(each) < last]

    assert findings(without(100, 100 + GAP_S - 5)) == []
    assert findings(without(100, 200)) == [Finding(Kind.INTERRUPTED, 1, 90)]
    assert findings(without(100, 110 + LEFT_S)) == []


def test_a_late_line_and_sound_only() -> None:
    found = findings(call(600, s100_400={"delay_ms": 1_500}, s200_320={"sound_only": True}))
    assert [tell(ENGLISH, each, "Dana") for each in found] == [
        "Sound came late for Dana for about 5 minutes.",
        "Dana used sound only for about 2 minutes.",
    ]


def test_the_list_tells_the_worst_two_and_sound_only_is_no_fault() -> None:
    dana = findings(call(600, s100_160={"lost_in": 200}, s200_300={"delay_ms": 900}))
    alice = findings(call(600, s0_20={"frozen_ms": 9_000}, s300_400={"sound_only": True}))
    told = verdict(ENGLISH, [("Dana", dana), ("Dr Alice", alice)])
    assert told == "1 short interruption for Dr Alice. Hard to hear for Dana for about 1 minute."
    assert verdict(ENGLISH, [("Dana", findings(call(600, s0_600={"sound_only": True})))]) == "Good"


NUMBERS = st.integers(0, 1_000_000)
READINGS = st.lists(
    st.builds(
        Reading, at=st.integers(0, 90_000).map(lambda second: NOON + timedelta(seconds=second)), lost_in=NUMBERS, lost_out=NUMBERS,
        delay_ms=NUMBERS, jitter_ms=NUMBERS, in_kbps=NUMBERS, out_kbps=NUMBERS, frozen_ms=NUMBERS, sound_only=st.booleans(),
    ),
    max_size=60,
).map(lambda found: sorted(found, key=lambda each: each.at))  # fmt: skip


@given(READINGS)
def test_anything_is_told(readings: list[Reading]) -> None:
    for found in findings(readings):
        assert found.times > 0
        assert found.seconds > 0
        assert tell(ENGLISH, found, "Dana")
    rows = table(readings)
    assert len(rows) <= MOST_ROWS
    assert bool(rows) is bool(readings)
    assert max((row.lost_in for row in rows), default=0) == max((each.lost_in for each in readings), default=0)


def test_the_table_is_by_the_minute_with_the_worst_and_the_usual() -> None:
    rows = table(call(120, s10_20={"lost_in": 90}, s60_70={"in_kbps": 300}))
    assert [(row.at, row.lost_in, row.in_kbps) for row in rows] == [(NOON, 90, 900), (NOON + timedelta(minutes=1), 0, 800)]
    assert len(table(call(7_200))) == 24


def drawn(points: list[tuple[datetime, int]], top: int = 100) -> ET.Element:
    begun, ended = (points[0][0], points[-1][0] + STEP) if points else (NOON, NOON)
    plot = Plot("loss-1", "Loss of <Dana> & 'Co'", 'Highest: "5" %', [Curve("first", points)])
    return ET.fromstring(plot.svg(Span(begun, ended), top))


def test_a_plot_says_what_it_shows_and_escapes_names() -> None:
    svg = drawn([(NOON, 5), (NOON + timedelta(seconds=10), 50)])
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "loss-1-title"
    assert [element.text for element in svg if element.tag in {"title", "desc"}] == ["Loss of <Dana> & 'Co'", 'Highest: "5" %']
    path = svg.find("path")
    assert path is not None
    assert path.get("d") == "M0.0 114.0 L300.0 60.0 L600.0 60.0"


def test_a_gap_breaks_the_curve_and_a_lone_point_is_seen() -> None:
    points = [(NOON, 0), (NOON + timedelta(seconds=10), 0), (NOON + timedelta(seconds=100), 0)]
    path = drawn(points).find("path")
    assert path is not None
    assert str(path.get("d")).count("M") == 2
    assert str(path.get("d")).endswith(f"L{WIDTH:.1f} {HEIGHT:.1f}")
    assert drawn([]).find("path") is None


def test_a_long_call_is_drawn_with_few_points_and_keeps_its_peaks() -> None:
    points = [(NOON + timedelta(seconds=10 * number), 100 if number == 4_321 else 0) for number in range(8_640)]
    path = drawn(points).find("path")
    assert path is not None
    assert str(path.get("d")).count(" ") < 3 * MOST_POINTS
    assert " 0.0" in str(path.get("d"))


@pytest.mark.parametrize(("highest", "top"), [(0, 100), (100, 100), (101, 200), (201, 500), (900, 1_000), (1_000_000, 1_000_000)])
def test_the_upper_edge_is_a_round_number(highest: int, top: int) -> None:
    assert top_of([Curve("first", [(NOON, highest)])], 100) == top
