"""Measures what a forwarded packet and a connected browser cost, beside Janus in the same round."""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median

from tests.bench.figures import Figure, middle, worst
from tests.bench.media.engine import ours
from tests.bench.media.janus import janus
from tests.bench.media.load import Load, Outcome, Start, run

FULL = Load(rooms=40)
QUICK = Load(rooms=4, window_s=3)
Round = dict[str, Outcome]
CONTENDERS: dict[str, Start] = {"ours": ours, "janus": janus}


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Play `options.runs` rounds with the ciphers that browsers bring about, and as many in which both have the same cipher."""
    load = replace(QUICK if options.quick else FULL, feedback=options.feedback)
    played = rounds(load, options.runs)
    yield ratio("cpu_vs_janus", played, lambda one: one.cpu_us)
    yield ratio("memory_vs_janus", played, lambda one: one.memory_kib)
    yield middle("setup_ms", [each["ours"].setup_ms for each in played], "ms")
    yield middle("setup_ms_janus", [each["janus"].setup_ms for each in played], "ms")
    for name in CONTENDERS:
        yield middle(f"cpu_us_{name}", [each[name].cpu_us for each in played], "us")
        yield middle(f"memory_kib_{name}", [each[name].memory_kib for each in played], "KiB")
        yield middle(f"p50_ms_{name}", [each[name].p50_ms for each in played], "ms")
        yield middle(f"p99_ms_{name}", [each[name].p99_ms for each in played], "ms")
        yield worst(f"lost_ppm_{name}", [1e6 * each[name].loss for each in played], "ppm")
    yield ratio("cpu_vs_janus_same_cipher", rounds(replace(load, cipher="cm"), options.runs), lambda one: one.cpu_us)


def rounds(load: Load, runs: int) -> list[Round]:
    """Let both have their turn, and then both again, so that what else the machine does meets both."""
    return [{name: asyncio.run(run(start, load)) for name, start in CONTENDERS.items()} for _ in range(runs)]


def ratio(name: str, played: Sequence[Round], what: Callable[[Outcome], float]) -> Figure:
    return Figure(name, median(what(each["ours"]) / what(each["janus"]) for each in played), "times")
