"""`make bench-call`: prints every figure of the call and the note as a line `name value unit`, then what each must hold to."""

import argparse
import sys

from tests.bench import blackout, call, first_page, notes_bench, outage, start
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {
    "start": lambda options: start.measure(options.starts, options.runs),
    "page": lambda options: first_page.measure(options.runs),
    "call": lambda options: call.measure(options.runs),
    "kill": lambda options: outage.measure(options.runs),
    "blackout": lambda options: blackout.measure(options.runs),
    "note": lambda options: notes_bench.measure(runs=options.runs),
}


def main() -> int:
    return report(BENCHES, _parser().parse_args())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--runs", type=int, default=5, help="of each bench (5)")
    parser.add_argument("--starts", type=int, default=1, help="fresh clones for start_s (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
