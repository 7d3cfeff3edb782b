"""Measures what a letter costs while 800 people type, beside the peers, who type into their own servers in the same round."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median

from tests.bench.figures import Figure, middle
from tests.bench.notes.contenders import Start, fan_out, hocuspocus, ours, y_websocket
from tests.bench.notes.load import Load, Outcome, run

CROWD = Load(rooms=200, warm_s=5, window_s=30)
QUICK = Load(rooms=20, warm_s=1, window_s=5)
Round = dict[str, Outcome]


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Play `options.runs` rounds; every ratio is one of the same round, and the figure is the median of the rounds."""
    load = QUICK if options.quick else CROWD
    plain = rounds({"ours": ours, "hocuspocus": hocuspocus, "y_websocket": y_websocket, "fan_out": fan_out}, load, options.runs)
    yield ratio("cpu_vs_hocuspocus", plain, "hocuspocus", lambda one: one.cpu_us)
    yield ratio("cpu_vs_y_websocket", plain, "y_websocket", lambda one: one.cpu_us)
    yield ratio("cpu_vs_fanout", plain, "fan_out", lambda one: one.cpu_us)
    yield ratio("memory_vs_hocuspocus", plain, "hocuspocus", lambda one: one.memory_kib)
    for name in ("ours", "hocuspocus"):
        yield middle(f"cpu_us_{name}", [each[name].cpu_us for each in plain], "us")
        yield middle(f"memory_kib_{name}", [each[name].memory_kib for each in plain], "KiB")
        yield middle(f"crowd_seen_p50_ms_{name}", [each[name].seen_p50_ms for each in plain], "ms")
    yield middle("crowd_ack_p99_ms", [each["ours"].ack_p99_ms or 0.0 for each in plain], "ms")
    cursors = rounds({"ours": ours, "hocuspocus": hocuspocus}, replace(load, cursors=True), options.runs)
    yield ratio("cpu_vs_hocuspocus_cursors", cursors, "hocuspocus", lambda one: one.cpu_us)


def rounds(contenders: dict[str, Start], load: Load, runs: int) -> list[Round]:
    """Let all of them have their turn, and then all of them again, so that what else the machine does meets everybody."""
    return [{name: run(start, load) for name, start in contenders.items()} for _ in range(runs)]


def ratio(name: str, played: Sequence[Round], peer: str, what: Callable[[Outcome], float]) -> Figure:
    return Figure(name, median(what(each["ours"]) / what(each[peer]) for each in played), "times")
