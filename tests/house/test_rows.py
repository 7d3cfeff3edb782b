"""Every row that a test claims to show is a row of docs/REQUIREMENTS.md."""

import pytest

from tests.house.source import ROOT
from tests.trace import count_browser_side, titles


def test_rows_are_numbered_once() -> None:
    page = (ROOT / "docs" / "REQUIREMENTS.md").read_text()
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ") and line[2].isupper()]
    assert len(rows) == len(set(rows)) == len(titles())


def test_marked_rows_exist(request: pytest.FixtureRequest) -> None:
    """Looks at the tests of this run; the whole suite looks at all."""
    claimed = {mark.args[0] for item in request.session.items for mark in item.iter_markers("row")}
    assert claimed <= titles().keys()


def test_marked_rows_of_the_browser_side_exist() -> None:
    counted = count_browser_side()
    assert counted.keys() <= titles().keys()
    assert counted["V6"] > 0
