"""`make bench-notes`: prints every figure of the live note beside its peers, one a line, then what each must hold to."""

import argparse
import sys

from tests.bench.notes import crowd, hostile, kills, opening, quiet, rights
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {
    "kills": kills.measure,
    "crowd": crowd.measure,
    "quiet": quiet.measure,
    "opening": opening.measure,
    "hostile": hostile.measure,
    "rights": rights.measure,
}


def main() -> int:
    return report(BENCHES, _parser().parse_args())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.notes", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--runs", type=int, default=3, help="rounds in which everybody has a turn (3)")
    parser.add_argument("--kills", type=int, default=200, help="half on SQLite, half on PostgreSQL (200)")
    parser.add_argument("--frames", type=int, default=100_000, help="mutated frames (100000)")
    parser.add_argument("--quick", action="store_true", help="few and short: to try the bench, not to keep its figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
