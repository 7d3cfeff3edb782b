"""`python -m tests.bench.law`: prints every figure about rights, one a line, then what each must hold to."""

import argparse
import sys

from tests.bench.law import revoke
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {
    "revoke": revoke.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.law", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--quick", action="store_true", help="few readings, to see that it runs")
    return report(BENCHES, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
