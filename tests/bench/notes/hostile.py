"""Counts what mutated frames do to a real server: how often it ends, and how many frames get no answer."""

import argparse
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from tests.bench.figures import Figure

FUZZ = "tests.fuzz"
SEED = 1
QUICK = 1_000


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Send `options.frames` of them by the fuzz target, `tests.fuzz.live.run_live(frames, seed)`."""
    if find_spec(FUZZ) is None:
        yield Figure("fuzz_exits", None, "exits")
        yield Figure("fuzz_unanswered", None, "frames")
        return
    result = import_module(f"{FUZZ}.live").run_live(QUICK if options.quick else options.frames, SEED)
    yield Figure("fuzz_exits", result.exits, "exits")
    yield Figure("fuzz_unanswered", result.unanswered, "frames")
