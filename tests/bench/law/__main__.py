"""`make bench-law`: prints every figure about rights and records, one a line, then what each must hold to."""

import argparse
import sys

from tests.bench.law import audit, export, flood, revoke, rights
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {
    "audit": audit.measure,
    "flood": flood.measure,
    "export": export.measure,
    "revoke": revoke.measure,
    "rights": rights.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.law", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--entries", type=int, default=100_000, help="entries of the audit that is added to and verified (100000)")
    parser.add_argument("--runs", type=int, default=3, help="floods of sign-ins, of which the median counts (3)")
    parser.add_argument("--quick", action="store_true", help="few readings of what is withdrawn, to see that it runs")
    return report(BENCHES, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
