"""What a database is asked, in order: through SQLAlchemy, and directly."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import event

from server.core import direct
from server.core.db import Database
from server.core.one_trip import Statement


def heard(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list into which every statement goes from now on."""
    said: list[str] = []
    event.listen(database._engine.sync_engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    ask = direct._ask

    async def noted(line: Any, statements: Sequence[Statement]) -> int:
        said.extend(text for text, _ in statements)
        return await ask(line, statements)

    monkeypatch.setattr(direct, "_ask", noted)
    return said
