"""Prints one line per row of docs/REQUIREMENTS.md: the row, how many tests show it, and its title."""

import contextlib
import io
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs" / "REQUIREMENTS.md"
ROW = re.compile(r"^\| (?P<row>[A-Z]\d+) \| (?P<title>.+) \|$", re.MULTILINE)


def titles() -> dict[str, str]:
    """Return every row's title, in the order of the page."""
    return {match["row"]: match["title"] for match in ROW.finditer(REQUIREMENTS.read_text())}


class Collector:
    """Notes which test functions carry which row; a parametrised function counts once."""

    def __init__(self) -> None:
        self.tests: defaultdict[str, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for mark in item.iter_markers("row"):
                self.tests[mark.args[0]].add(item.nodeid.split("[")[0])


def collect() -> dict[str, set[str]]:
    """Return the tests of each row; raises `SystemExit` with pytest's words when they cannot be collected."""
    collector = Collector()
    words = io.StringIO()
    with contextlib.redirect_stdout(words):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(ROOT / "tests")], plugins=[collector])
    if code != pytest.ExitCode.OK:
        raise SystemExit(words.getvalue())
    return collector.tests


def main() -> None:
    tests = collect()
    for row, title in titles().items():
        sys.stdout.write(f"{row:<4} {len(tests.get(row, ())):>4}  {title}\n")


if __name__ == "__main__":
    main()
