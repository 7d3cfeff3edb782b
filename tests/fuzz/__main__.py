"""`python -m tests.fuzz`: hostile frames for as long as one likes; prints how it goes, and each finding with its seed and frame."""

import argparse
import contextlib
import sys
import time

from tests.fuzz.live import FuzzResult, run_live
from tests.fuzz.pure import PureResult, run_pure

EVERY_S = 5.0


def main() -> int:
    """Return 1 when something was found. Ctrl-C ends the run early, with its result."""
    options = _parser().parse_args()
    progress = Progress()
    with contextlib.suppress(KeyboardInterrupt):
        (run_live if options.live else run_pure)(options.frames, options.seed, progress)
    result = progress.last
    print(result)
    print(" ".join(f"{code}={count}" for code, count in result.codes.most_common()))
    return 1 if result.findings else 0


class Progress:
    """Print a line now and then, and each finding at once."""

    def __init__(self) -> None:
        self._next = time.monotonic() + EVERY_S
        self._shown = 0
        self.last: PureResult | FuzzResult = PureResult()

    def __call__(self, result: PureResult | FuzzResult) -> None:
        self.last = result
        for finding in result.findings[self._shown :]:
            print(finding, flush=True)
        self._shown = len(result.findings)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_S
            print(result, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", action="store_true", help="over real sockets, at a server of its own, while two people type")
    return parser


if __name__ == "__main__":
    sys.exit(main())
