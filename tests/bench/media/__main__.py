"""`make bench-media`: prints the figures of the forwarding engine, beside Janus and with browsers, then what each must hold to."""

import argparse
import sys

from tests.bench.media import browsers, capacity, forwarding, network
from tests.bench.report import Bench, report

BENCHES: dict[str, Bench] = {
    "forwarding": forwarding.measure,
    "delay": capacity.measure_delay,
    "capacity": capacity.measure,
    "browsers": browsers.measure,
}


def main() -> int:
    """Go into a private network first, from the outside."""
    options = _parser().parse_args()
    if not network.is_private():
        return network.again_inside("tests.bench.media", sys.argv[1:])
    network.lay()
    return report(BENCHES, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.media", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; may be given more than once (all of them)")
    parser.add_argument("--runs", type=int, default=3, help="rounds in which both servers have a turn (3)")
    parser.add_argument("--quick", action="store_true", help="few and short: to try the bench, not to keep its figures")
    parser.add_argument("--no-feedback", dest="feedback", action="store_false", help="let subscribers not say when packets arrived")
    return parser


if __name__ == "__main__":
    sys.exit(main())
