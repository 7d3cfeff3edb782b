"""`python -m tests.bench.law export`: prints every figure of the law, one a line, then what each must hold to."""

import argparse
import sys

from tests.bench.law import export
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {"export": export.measure}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.law", description=__doc__)
    parser.add_argument("only", nargs="*", choices=BENCHES, help="this bench (all of them)")
    return report(BENCHES, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
