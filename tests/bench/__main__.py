"""`make bench-call`: prints every figure of the call and the note as a line `name value unit`, then what each must hold to."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.bench import blackout, call, first_page, notes_bench, outage, start
from tests.bench.figures import Figure, summary

Bench = Callable[[argparse.Namespace], Iterator[Figure]]
BENCHES: dict[str, Bench] = {
    "start": lambda options: start.measure(options.starts, options.runs),
    "page": lambda options: first_page.measure(options.runs),
    "call": lambda options: call.measure(options.runs),
    "kill": lambda options: outage.measure(options.runs),
    "blackout": lambda options: blackout.measure(options.runs),
    "note": lambda options: notes_bench.measure(runs=options.runs),
}
NOT_INSTALLED = (pytest.skip.Exception, pytest.fail.Exception)


def main() -> int:
    """Return 0, also when figures are over their must, and 1 when a run could not be made."""
    options = _parser().parse_args()
    _warn_if_busy()
    figures: list[Figure] = []
    failed: list[str] = []
    for name in options.only or BENCHES:
        try:
            for figure in BENCHES[name](options):
                print(figure, flush=True)
                figures.append(figure)
        except (Exception, *NOT_INSTALLED) as error:  # noqa: BLE001 - the other benches still have their say
            failed.append(f"{name}: {type(error).__name__}: {error}")
    print(f"\n{summary(figures)}")
    for reason in failed:
        print(f"not measured: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _warn_if_busy() -> None:
    busy, cores = os.getloadavg()[0], os.cpu_count() or 1
    if busy > cores:
        print(f"The machine is busy (load {busy:.1f} on {cores} cores): times will be longer than they are.", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--runs", type=int, default=5, help="of each bench (5)")
    parser.add_argument("--starts", type=int, default=1, help="fresh clones for start_s (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
