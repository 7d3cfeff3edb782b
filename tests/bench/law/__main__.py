<<<<<<< HEAD
"""`make bench-law`: prints every figure about rights and records, one a line, then what each must hold to."""
=======
"""`python -m tests.bench.law export`: prints every figure of the law, one a line, then what each must hold to."""
>>>>>>> wip/rights

import argparse
import sys

<<<<<<< HEAD
from tests.bench.law import audit, flood
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {
    "audit": audit.measure,
    "flood": flood.measure,
}
=======
from tests.bench.law import export
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {"export": export.measure}
>>>>>>> wip/rights


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.law", description=__doc__)
<<<<<<< HEAD
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--entries", type=int, default=100_000, help="entries of the audit that is added to and verified (100000)")
    parser.add_argument("--runs", type=int, default=3, help="floods of sign-ins, of which the median counts (3)")
=======
    parser.add_argument("only", nargs="*", choices=BENCHES, help="this bench (all of them)")
>>>>>>> wip/rights
    return report(BENCHES, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
