"""Brings the database to the newest schema before anything else looks at it."""

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
            command.upgrade(config, "head")
            _check_keys(connection)


def _rest_keys(connection: Connection) -> None:
    """Let SQLite exchange a table that others refer to; by itself it would first delete all that does. For this connection alone."""
    if connection.dialect.name == "sqlite":
        raw = connection.connection.dbapi_connection
        assert raw is not None  # noqa: S101 - it is open
        raw.cursor().execute("PRAGMA foreign_keys=OFF")


def _check_keys(connection: Connection) -> None:
    """Raise `IntegrityError`, before anything is kept, where a row refers to one that is not there."""
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise IntegrityError("foreign_key_check", None, ValueError("a row refers to none"))
