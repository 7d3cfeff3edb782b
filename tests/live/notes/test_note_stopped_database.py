"""Bad input 42: PostgreSQL is stopped while somebody types, and started again. Nothing is lost and nothing is doubled."""

import anyio.to_thread
import pytest
from sqlalchemy.exc import SQLAlchemyError

from server.core.migrate import migrate
from tests.cast import ALICE, BOB
from tests.live.notes.house import Open
from tests.live.notes.test_note_outage import Ticket, comes_back
from tests.servers import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]

EDITS = 50
REFUSALS = 3


@pytest.fixture
def app_database_url(own_postgres: Postgres) -> str:
    """A PostgreSQL that the test may stop."""
    own_postgres.execute("CREATE DATABASE stopped TEMPLATE template0")
    url = own_postgres.url("stopped")
    migrate(url)
    return url


async def test_bad_42_postgresql_is_stopped_and_started_again(open_note: Open, own_postgres: Postgres, ticket: Ticket) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("stored. ")
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == "stored. ")
    await anyio.to_thread.run_sync(own_postgres.halt)
    for number in range(EDITS):
        alice.write(f"w{number}.")
    await alice.flush()
    assert await alice.closed() == 4500
    assert not alice.saved
    assert bob.text() == "stored. "
    for _ in range(REFUSALS):
        with pytest.raises((SQLAlchemyError, OSError, AssertionError)):
            await ticket(ALICE)
    await anyio.to_thread.run_sync(own_postgres.start)
    await comes_back(ticket, ALICE)
    again = await open_note(ALICE, older=alice)
    await again.until(lambda tab: tab.saved)
    assert (await open_note(BOB)).text() == "stored. " + "".join(f"w{number}." for number in range(EDITS))
