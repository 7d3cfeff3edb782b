"""Prints one line per row of docs/REQUIREMENTS.md: the row, how many tests show it, and its title."""

import contextlib
import io
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs" / "REQUIREMENTS.md"
BROWSER_SIDE = ROOT / "static" / "test"
GROUP = re.compile(r'^describe\("[^"]*\[(?P<row>[A-Z]\d+)\]', re.MULTILINE)
TEST = re.compile(r"^ +test\(", re.MULTILINE)
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


def count_browser_side() -> Counter[str]:
    """Count the tests of the browser side in each group (`describe`) that ends with a row in brackets."""
    counted: Counter[str] = Counter()
    for path in BROWSER_SIDE.glob("*.test.ts*"):
        for group in re.split(r"^(?=describe\()", path.read_text(), flags=re.MULTILINE):
            if found := GROUP.match(group):
                counted[found["row"]] += len(TEST.findall(group))
    return counted


def main() -> None:
    tests, browser_side = collect(), count_browser_side()
    for row, title in titles().items():
        sys.stdout.write(f"{row:<4} {len(tests.get(row, ())) + browser_side[row]:>4}  {title}\n")


if __name__ == "__main__":
    main()
