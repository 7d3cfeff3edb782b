"""The migrations lead to the schema that the models describe, on both databases, and only forward."""

import ast
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from server.core.db import prepare_engine, sync_url
from server.core.migrate import MIGRATIONS, current_revision, migrate, newest_revision
from server.models import Base

GUARDS_OF_ROWS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'note_update'"
VERSIONS = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = create_engine(sync_url(url))
    prepare_engine(engine)
    yield engine
    engine.dispose()


def test_the_head_is_what_the_models_say(database_url: str) -> None:
    with engine_of(database_url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": Base.metadata})
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_is_migrated(database_url: str) -> None:
    migrate(database_url)
    with engine_of(database_url) as engine:
        assert current_revision(engine) == newest_revision()


def test_from_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    migrate(url)
    with engine_of(url) as engine:
        assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_bad_22_what_was_stored_is_kept(database_url: str) -> None:
    with engine_of(database_url) as engine:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO person (id, name) VALUES ('00000000000000000000000000000001', 'Kept')"))
        migrate(database_url)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT name FROM person")).scalars().all() == ["Kept"]


def migrate_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine_of(url) as engine, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def add_bare(connection: sqlite3.Connection, table: str, ids: Sequence[int]) -> None:
    """Add rows of which nothing but the id means anything."""
    needed = [
        name for _, name, _, required, default, _ in connection.execute(f"PRAGMA table_info({table})") if required and default is None
    ]
    places = ", ".join("?1" if name == "id" else f"'{name}' || ?1" for name in needed)
    connection.executemany(f"INSERT INTO {table} ({', '.join(needed)}) VALUES ({places})", [(each,) for each in ids])


def test_rows_of_notes_keep_their_bytes_and_their_guards(tmp_path: Path) -> None:
    """0003 writes the table of every note's log anew: whoever loses a row, or the rule that none is changed, loses the proof."""
    path = tmp_path / "old.db"
    migrate_to(f"sqlite:///{path}", "0002")
    rows = [(note, seq, 9, 1_700_000_000_000 + seq, bytes([note, seq]) * 40, bytes([seq]) * 32) for seq in (1, 2, 3) for note in (7, 5)]
    with closing(sqlite3.connect(path)) as connection, connection:
        for parent, ids in (("note", (5, 7)), ("note_session", (9,))):
            add_bare(connection, parent, ids)
        connection.executemany("INSERT INTO note_update (note_id, seq, session_id, ts_ms, payload, hash) VALUES (?, ?, ?, ?, ?, ?)", rows)
        guards = set(connection.execute(GUARDS_OF_ROWS))
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM note_update ORDER BY seq, note_id DESC").fetchall() == rows
        assert set(connection.execute(GUARDS_OF_ROWS)) == guards
        assert len(guards) == 3
        for refused in (
            "UPDATE note_update SET ts_ms = 0 WHERE seq = 2",
            "INSERT INTO note_update SELECT * FROM note_update WHERE seq = 1",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(refused)


def test_answers_to_letters_stay_answers(tmp_path: Path) -> None:
    """They move to a table that refers to the one they leave: writing that one anew would delete them."""
    path = tmp_path / "old.db"
    migrate_to(f"sqlite:///{path}", "0025")
    with closing(sqlite3.connect(path)) as connection, connection:
        add_bare(connection, "letter", (5, 7))
        connection.execute("UPDATE letter SET answer = ?, answered_at = '2026-01-01 00:00:00' WHERE id = 7", (b"sealed",))
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("SELECT id, letter_id, number, sealed, fate FROM letter_answer").fetchall()
    assert [tuple(map(str, row)) for row in kept] == [("7", "7", "1", "b'sealed'", "None")]


def test_a_newer_database_is_refused_and_left_alone(database_url: str) -> None:
    with engine_of(database_url) as engine:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Exception, match="9999"):
            migrate(database_url)
        assert current_revision(engine) == "9999"


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_revision_is_its_number_and_follows_the_one_before(path: Path) -> None:
    number = VERSIONS.index(path)
    names = {
        target.id: ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}
    }
    assert names["revision"] == path.name.split("_")[0] == f"{number + 1:04}"
    assert names["down_revision"] == (f"{number:04}" if number else None)


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_there_is_no_way_back(path: Path) -> None:
    """A downgrade would drop clinical data; whoever must go back restores the backup."""
    functions = {node.name: node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    assert "drop_" not in ast.unparse(functions["downgrade"]) if "downgrade" in functions else True


ALONE = (
    (
        "INSERT INTO practice (id, name, time_zone, language, keeps_drafts, keeps_recordings_days, "
        "reminds_day_before, reminds_shortly_before) "
        "VALUES (:practice, 'Alone', 'Europe/London', 'en-GB', :yes, 90, :yes, :yes)"
    ),
    "INSERT INTO person (id, name) VALUES (:person, 'Ann')",
    (
        "INSERT INTO professional (id, person_id, practice_id, title, name, qualifications, field_of_practice) "
        "VALUES (:professional, :person, :practice, 'Dr', 'Ann', 'MB BS', 'General practice')"
    ),
)


def test_whoever_works_alone_owns_their_practice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    migrate_to(url, "0021")
    ids = {name: f"0000000000000000000000000000000{number}" for number, name in enumerate(("practice", "person", "professional"))}
    with engine_of(url) as engine:
        with engine.begin() as connection:
            for statement in ALONE:
                connection.execute(text(statement), {**ids, "yes": True})
        migrate(url)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT role, ended_at FROM staff")).all() == [("owner", None)]
            assert connection.execute(text("SELECT review FROM professional")).scalars().all() == ["approved"]
