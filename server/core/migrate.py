"""Brings the database to the newest schema before anything else looks at it."""

from collections import Counter
from pathlib import Path

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from server.core.db import engine_options, prepare_engine, sync_url

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrate(url: str) -> None:
    """Upgrade to the head; asks first and cheaply, because Alembic alone costs a third of a restart. Raises SQLAlchemyError."""
    engine = create_engine(sync_url(url), **engine_options(url))
    prepare_engine(engine)
    try:
        if current_revision(engine) != newest_revision():
            _upgrade(engine)
    finally:
        engine.dispose()


def is_newest(url: str) -> bool:
    """Whether the database is there and has the schema of this version; makes no file. Raises SQLAlchemyError."""
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return False
    engine = create_engine(sync_url(url), **engine_options(url))
    try:
        return current_revision(engine) == newest_revision()
    finally:
        engine.dispose()


def newest_revision() -> str:
    """Return the name of the newest file: they are numbered (`0001_…`) and never branch."""
    return max(path.name.split("_", 1)[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current_revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def _upgrade(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and needed only when there is something to do
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        _rest_keys(connection)
        with connection.begin():
            config.attributes["connection"] = connection
            before = _loose_rows(connection)
            command.upgrade(config, "head")
            if _loose_rows(connection) - before:
                raise IntegrityError("foreign_key_check", None, ValueError("a row refers to none"))


def _rest_keys(connection: Connection) -> None:
    """Let SQLite exchange a table that others refer to; by itself it would first delete all that does. For this connection alone."""
    if connection.dialect.name == "sqlite":
        raw = connection.connection.dbapi_connection
        assert raw is not None  # noqa: S101 - it is open
        raw.cursor().execute("PRAGMA foreign_keys=OFF")


def _loose_rows(connection: Connection) -> Counter[tuple[str, str]]:
    """Count the rows of SQLite that refer to one that is not there, by both tables: what is kept must have no more of them."""
    if connection.dialect.name != "sqlite":
        return Counter()
    return Counter((table, other) for table, _row, other, _key in connection.exec_driver_sql("PRAGMA foreign_key_check"))
