"""How often the journal commits: at once, often, or seldom enough for hundreds of people."""

import pytest

from server.notes.journal import pause_after
from server.notes.limits import BUSY_GROUP_S, BUSY_ROWS, GROUP_S, MAX_BATCH

pytestmark = pytest.mark.row("N1")


@pytest.mark.parametrize(
    ("rows", "pause_s"),
    [(0, GROUP_S), (BUSY_ROWS - 1, GROUP_S), (BUSY_ROWS, BUSY_GROUP_S), (MAX_BATCH - 1, BUSY_GROUP_S), (MAX_BATCH, GROUP_S)],
)
def test_a_busy_journal_waits_longer_and_a_full_one_does_not(rows: int, pause_s: float) -> None:
    assert pause_after(rows) == pause_s


def test_the_longer_pause_leads_back_to_the_shorter_one_when_people_stop() -> None:
    """It begins above 2,000 letters a second and ends below 400, so that it does not swing."""
    assert BUSY_ROWS / GROUP_S > 4 * BUSY_ROWS / BUSY_GROUP_S
