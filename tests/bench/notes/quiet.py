"""Measures how soon a letter is seen and stored while one team writes one note, beside a server that stores and checks nothing."""

import argparse
from collections.abc import Iterator

from tests.bench.figures import Figure, middle
from tests.bench.notes.contenders import fan_out, ours
from tests.bench.notes.crowd import ratio, rounds
from tests.bench.notes.load import Load

TEAM = Load(rooms=1, warm_s=2, window_s=15)
QUICK = Load(rooms=1, warm_s=1, window_s=4)


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Four people in one note, five keys a second each; in turns with the fan-out, and the median of the rounds."""
    played = rounds({"ours": ours, "fan_out": fan_out}, QUICK if options.quick else TEAM, options.runs)
    yield ratio("seen_p50_vs_fanout", played, "fan_out", lambda one: one.seen_p50_ms)
    yield middle("seen_p50_ms", [each["ours"].seen_p50_ms for each in played], "ms")
    yield middle("ack_p99_ms", [each["ours"].ack_p99_ms or 0.0 for each in played], "ms")
