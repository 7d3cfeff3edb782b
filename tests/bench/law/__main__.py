"""Prints the figures of what the law and prudence ask: `python -m tests.bench.law [flood …]`."""

import argparse
import sys

from tests.bench.law import flood
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {"flood": flood.measure}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.law", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="BENCH", help="these benches (all of them)")
    parser.add_argument("--runs", type=int, default=3, help="of each bench, of which the median counts (3)")
    return report(BENCHES, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
