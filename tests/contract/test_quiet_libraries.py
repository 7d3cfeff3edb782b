"""Libraries keep people's data out of our log, at any level, and out of the text of their errors."""

import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.core.db import Database
from tests.servers import ROOT

AT_DEBUG = """
import asyncio, sys
from sqlalchemy import text
from server.adapters.memory_bus import MemoryBus
from server.core.db import Database, Events
from server.core.logs import configure_logs

async def main():
    database = Database(sys.argv[1], MemoryBus(), Events())
    async with database.read() as tx:
        print((await tx.execute(text("SELECT :name"), {"name": "Dana Diaz"})).scalar())
    await database.close()

configure_logs("debug")
asyncio.run(main())
"""


def test_a_statement_is_not_logged_even_at_debug(sqlite_url: str) -> None:
    done = subprocess.run([sys.executable, "-c", AT_DEBUG, sqlite_url], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "Dana Diaz\n"
    assert "SELECT" not in done.stderr
    assert "Dana" not in done.stderr


@pytest.mark.anyio
async def test_the_text_of_a_database_error_repeats_no_value(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.read() as tx:
            await tx.execute(text("SELECT nothing FROM nowhere WHERE name = :name"), {"name": "Dana Diaz"})
    assert "Dana" not in str(caught.value)
