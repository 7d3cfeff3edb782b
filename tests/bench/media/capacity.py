"""Measures how much one engine, which is one core, forwards in time, and how late packets are at a quarter of a core."""

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import replace

from tests.bench.figures import Figure, middle
from tests.bench.media.engine import ours
from tests.bench.media.load import Load, Outcome, Stage, run, stage
from tests.servers import NotUp

FIRST, STEP, LAST = 40, 10, 200
SMALL_STEP = 2
TRIES = 2
LATEST_MS, MOST_LOST = 20.0, 0.001
QUARTER = 0.25


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Add rooms until it is too much; the figure is the highest rate that was not."""
    load = _load(options)
    best = asyncio.run(_highest(load, FIRST + STEP if options.quick else LAST))
    yield Figure("packets_per_core", best.packets_per_s, "packets/s")
    yield Figure("busy_at_capacity", 100 * best.busy, "percent of a core")
    yield Figure("p99_ms_at_capacity", best.p99_ms, "ms")


def measure_delay(options: argparse.Namespace) -> Iterator[Figure]:
    """Find out which number of rooms takes a quarter of a core, and play `options.runs` rounds with so many."""
    load = _load(options)
    tried = asyncio.run(run(ours, load))
    rooms = max(1, round(load.rooms * QUARTER / tried.busy))
    played = [asyncio.run(run(ours, replace(load, rooms=rooms))) for _ in range(options.runs)]
    yield middle("added_p50_ms", [one.p50_ms for one in played], "ms")
    yield middle("added_p99_ms", [one.p99_ms for one in played], "ms")
    yield middle("added_at_packets_per_s", [one.packets_per_s for one in played], "packets/s")
    yield middle("added_at_busy", [100 * one.busy for one in played], "percent of a core")


def _load(options: argparse.Namespace) -> Load:
    load = Load(rooms=FIRST, feedback=options.feedback)
    return replace(load, warm_s=2, window_s=3) if options.quick else load


async def _highest(load: Load, last: int) -> Outcome:
    """Climb in large steps, and from the last that held in small ones, before an engine that has not yet been too full."""
    held = await _climb(load, range(load.rooms, last + 1, STEP))
    if held is None:
        raise NotUp(f"{load.rooms} rooms were too much already")
    rooms, outcome = held
    steps = range(rooms + SMALL_STEP, min(rooms + STEP, last + 1), SMALL_STEP)
    closer = await _climb(load, steps) if steps else None
    return closer[1] if closer else outcome


async def _climb(load: Load, steps: range) -> tuple[int, Outcome] | None:
    """Return the last number of rooms that was not too much, with its outcome."""
    best: tuple[int, Outcome] | None = None
    async with stage(ours, load) as set_up:
        for rooms in steps:
            await set_up.fill(rooms)
            outcome = await _held(set_up)
            if outcome is None:
                break
            best = rooms, outcome
    return best


async def _held(set_up: Stage) -> Outcome | None:
    """Return an outcome within the bounds, or None: a second try, because a virtual machine stands still now and then."""
    for _ in range(TRIES):
        outcome = await set_up.play()
        if outcome.p99_ms <= LATEST_MS and outcome.loss <= MOST_LOST:
            return outcome
    return None
