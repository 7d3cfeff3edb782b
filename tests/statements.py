"""One cache of compiled statements for all engines of a test run.

SQLAlchemy keeps one per engine, which a server fills once; a run with an engine for every test would compile the same few hundred
statements thousands of times. They are kept by dialect, so two dialects of one class count as the same: every database of one kind in a
run is of the same version.
"""

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.engine.interfaces import CompiledCacheType
from sqlalchemy.util import LRUCache

from server.core.one_trip import OneTripDialect

ROOM = 20_000  # all statements of the whole run
STATEMENTS: CompiledCacheType = LRUCache(ROOM)


def share_statements() -> None:
    """Let every engine that is made from now on use the same cache."""
    for dialect in (OneTripDialect, PGDialectAsync_psycopg):
        setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))  # noqa: B010 - mypy takes no assignment to a method
        setattr(dialect, "__hash__", lambda self: hash(type(self)))  # noqa: B010 - as above
    setattr(Engine, "_compiled_cache", property(lambda *_: STATEMENTS, lambda *_: None))  # noqa: B010 - as above
