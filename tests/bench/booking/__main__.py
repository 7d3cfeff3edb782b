"""`make bench-booking`: prints every figure of booking, one a line, then what each must hold to."""

import argparse
import sys

from tests.bench.booking import day, errands, money, races, slots
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {
    "slots": slots.measure,
    "day": day.measure,
    "winners": races.winners,
    "storm": races.storm,
    "money": money.measure,
    "errands": errands.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.booking", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--attempts", type=int, default=10_000, help="racing attempts over 100 slots, half on each database (10000)")
    parser.add_argument("--runs", type=int, default=30, help="readings of slots, of which the median counts (30)")
    parser.add_argument("--errands", type=int, default=1_000, help="messages to send, half on each database (1000)")
    parser.add_argument("--kills", type=int, default=10, help="kills of the server meanwhile, half on each database (10)")
    return report(BENCHES, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
