"""The audit's chain: every entry follows from the one before, and every later change shows."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from server.adapters.memory_bus import MemoryBus
from server.core import audit
from server.core.audit import FIELDS, START, Act, AuditEntry, AuditHead, Deed, Entry, Scheme, first_broken, record
from server.core.db import Database, Events
from server.notes.plain_audit import FILE, note_plain_ends
from server.notes.verify import Places, verify_audit
from tests.cast import ALICE, BOB, CLINIC, ELSEWHERE, seat_cast
from tests.conftest import MORNING
from tests.heard import heard

pytestmark = [pytest.mark.anyio, pytest.mark.row("L6")]

DEED = Deed(CLINIC, ALICE.person_id, Act.LOOKED, "note", ALICE.professional_id, None, None)


@pytest.fixture
async def audited(database: Database) -> Database:
    """A database with six entries of the clinic and one of another practice among them."""
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        for act in (Act.LOOKED, Act.SIGNED, Act.EXPORTED):
            await record(tx, replace(DEED, act=act), MORNING)
        await record(tx, replace(DEED, practice_id=ELSEWHERE), MORNING)
    async with database.write() as tx:
        for person in (ALICE, BOB, ALICE):
            await record(tx, replace(DEED, person_id=person.person_id, reason="Emergency"), MORNING)
    return database


async def broken_at(database: Database, plain_until: int = 0) -> int | None:
    async with database.read() as tx:
        return await first_broken(tx, CLINIC, plain_until)


async def entries_of(database: Database) -> list[AuditEntry]:
    async with database.read() as tx:
        return list(await tx.scalars(select(AuditEntry).where(AuditEntry.practice_id == CLINIC).order_by(AuditEntry.number)))


async def test_an_untouched_chain_holds(audited: Database) -> None:
    entries = await entries_of(audited)
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[0].at == MORNING.astimezone(UTC)
    assert await broken_at(audited) is None


CHANGES: dict[str, Callable[[], object]] = {
    "who": lambda: update(AuditEntry).where(AuditEntry.number == 3).values(person_id=BOB.person_id),
    "what": lambda: update(AuditEntry).where(AuditEntry.number == 3).values(act=Act.LOOKED),
    "why": lambda: update(AuditEntry).where(AuditEntry.number == 3).values(reason="Asked"),
    "by another scheme": lambda: update(AuditEntry).where(AuditEntry.number == 3).values(scheme=Scheme.PLAIN),
    "gone": lambda: delete(AuditEntry).where(AuditEntry.number == 3, AuditEntry.practice_id == CLINIC),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_bad_37_a_changed_entry_is_found(audited: Database, change: str) -> None:
    async with audited.write() as tx:
        await tx.execute(CHANGES[change]())  # type: ignore[call-overload]
    assert await broken_at(audited) == 3


async def test_bad_37_entries_that_change_places_are_found(audited: Database) -> None:
    async with audited.write() as tx:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            await tx.execute(text(f"UPDATE audit_entry SET number = {new} WHERE number = {old}"))
    assert await broken_at(audited) == 2


async def test_bad_37_a_tail_that_is_cut_is_found(audited: Database) -> None:
    async with audited.write() as tx:
        await tx.execute(delete(AuditEntry).where(AuditEntry.number >= 5, AuditEntry.practice_id == CLINIC))
    assert await broken_at(audited) == 5


async def test_bad_37_more_than_is_looked_over_at_once_is_cut_out_and_the_end_put_before_it(
    audited: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is between the numbers that are asked for, and the head knows of nothing behind them."""
    monkeypatch.setattr(audit, "PIECE", 2)
    assert await broken_at(audited) is None
    async with audited.write() as tx:
        await tx.execute(delete(AuditEntry).where(AuditEntry.number.in_((3, 4, 5)), AuditEntry.practice_id == CLINIC))
        await tx.execute(update(AuditHead).where(AuditHead.practice_id == CLINIC).values(number=2))
    assert await broken_at(audited) == 3


async def test_bad_37_an_audit_that_is_cut_from_its_beginning_is_found(audited: Database, tmp_path: Path) -> None:
    async with audited.write() as tx:
        await tx.execute(delete(AuditEntry).where(AuditEntry.practice_id == CLINIC))
    assert f"audit {CLINIC} entry 1: does not follow from the one before" in await faults_of(audited, tmp_path)


@pytest.mark.parametrize(("scheme", "key"), [(Scheme.PLAIN, b""), (Scheme.KEYED, b"a guess")])
async def test_bad_37_whoever_has_the_database_alone_can_make_no_entry(audited: Database, scheme: Scheme, key: bytes) -> None:
    await rewrite(audited, scheme, key)
    assert await broken_at(audited) == 3


async def rewrite(database: Database, scheme: Scheme, key: bytes, since: int = 3, reason: str = "Forged") -> None:
    """Write the chain of the clinic anew, with its end, as everybody could who may write to the database."""
    before = [entry.hash for entry in await entries_of(database) if entry.number < since]
    previous = before[-1] if before else START
    asked = select(*FIELDS).where(AuditEntry.practice_id == CLINIC, AuditEntry.number >= since).order_by(AuditEntry.number)
    async with database.write() as tx:
        for row in (await tx.execute(asked)).all():
            forged = Entry._make(row)._replace(reason=reason, scheme=scheme)
            previous = forged.digest(previous, key)
            this = (AuditEntry.practice_id == CLINIC) & (AuditEntry.number == forged.number)
            await tx.execute(update(AuditEntry).where(this).values(reason=reason, scheme=scheme, hash=previous))
        await tx.execute(update(AuditHead).where(AuditHead.practice_id == CLINIC).values(hash=previous))


async def faults_of(database: Database, data_dir: Path) -> list[str]:
    async with database.read() as tx:
        return [fault async for fault in verify_audit(tx, Places(data_dir))]


async def begin_plainly(database: Database, data_dir: Path) -> None:
    """Let all entries be from before there was a key, and a server start."""
    async with database.write() as tx:
        await tx.execute(delete(AuditEntry).where(AuditEntry.practice_id == ELSEWHERE))
        await tx.execute(delete(AuditHead).where(AuditHead.practice_id == ELSEWHERE))
    await rewrite(database, Scheme.PLAIN, b"", since=1)
    await note_plain_ends(database, data_dir)


async def test_entries_from_before_there_was_a_key_hold_and_are_followed(audited: Database, tmp_path: Path) -> None:
    await begin_plainly(audited, tmp_path)
    assert await faults_of(audited, tmp_path) == []
    async with audited.write() as tx:
        await tx.execute(delete(AuditHead))  # as in a database that was put together by hand
        await record(tx, DEED, MORNING)
    assert [entry.scheme for entry in await entries_of(audited)] == [Scheme.PLAIN] * 6 + [Scheme.KEYED]
    assert await faults_of(audited, tmp_path) == []


async def test_bad_37_no_entry_may_be_plain_behind_those_that_were_noted(audited: Database, tmp_path: Path) -> None:
    await begin_plainly(audited, tmp_path)
    assert await faults_of(audited, tmp_path) == []
    async with audited.write() as tx:
        await record(tx, DEED, MORNING)
    await rewrite(audited, Scheme.PLAIN, b"", since=6, reason="Forged again")
    changed, since = await faults_of(audited, tmp_path)
    assert "entry 7" in changed
    assert since.endswith("entry 6: changed since entries have a key")


async def test_bad_37_the_file_that_was_noted_is_not_made_anew(audited: Database, tmp_path: Path) -> None:
    await begin_plainly(audited, tmp_path)
    async with audited.write() as tx:
        await record(tx, DEED, MORNING)
    await rewrite(audited, Scheme.PLAIN, b"", since=6, reason="Forged again")
    async with audited.write() as tx:
        await record(tx, DEED, MORNING)
    (tmp_path / FILE).unlink()
    await note_plain_ends(audited, tmp_path)
    missing, *_ = await faults_of(audited, tmp_path)
    assert missing.startswith(f"audit: {FILE} is missing from the data folder")
    assert not (tmp_path / FILE).exists()


async def add_as_before(database: Database) -> None:
    """Add an entry as a server does that knows neither keys nor ends, and was not stopped before the migration."""
    newest = (await entries_of(database))[-1]
    entry = Entry(**vars(DEED), number=newest.number + 1, at=MORNING.astimezone(UTC), scheme=Scheme.PLAIN)
    async with database.write() as tx:
        tx.add(AuditEntry(**entry._replace(hash=entry.digest(newest.hash, b""))._asdict()))


async def test_entries_that_an_older_server_adds_after_the_migration_are_followed(audited: Database, tmp_path: Path) -> None:
    await begin_plainly(audited, tmp_path)
    (tmp_path / FILE).unlink()
    await add_as_before(audited)
    await note_plain_ends(audited, tmp_path)
    async with audited.read() as tx:
        assert await tx.scalar(select(AuditHead.number).where(AuditHead.practice_id == CLINIC)) == 7
    async with audited.write() as tx:
        await record(tx, DEED, MORNING)
    assert await faults_of(audited, tmp_path) == []


async def test_whatever_an_older_server_adds_nobody_is_kept_from_adding(audited: Database) -> None:
    await add_as_before(audited)
    async with audited.write() as tx:
        await record(tx, DEED, MORNING)
    async with audited.write() as tx:
        await record(tx, DEED, MORNING)
    assert [entry.number for entry in await entries_of(audited)] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert await broken_at(audited) == 7, "and it shows"


async def test_bad_37_many_at_once_make_one_chain(audited: Database) -> None:
    async def add() -> None:
        async with audited.write() as tx:
            await record(tx, DEED, MORNING)

    work: list[Awaitable[None]] = [add() for _ in range(20)]
    await asyncio.gather(*work)
    entries = await entries_of(audited)
    assert len(entries) == 26
    assert await broken_at(audited) is None


async def add_and_fail(database: Database, *, wholly: bool) -> None:
    """Add an entry that is taken back, with its transaction or within it."""
    with suppress(ZeroDivisionError):
        async with database.write() as tx:
            with suppress(ZeroDivisionError):
                async with tx.begin_nested():
                    await record(tx, DEED, MORNING)
                    raise ZeroDivisionError
            if wholly:
                raise ZeroDivisionError


@pytest.mark.parametrize("wholly", [True, False])
async def test_an_entry_that_was_taken_back_is_not_followed(audited: Database, *, wholly: bool) -> None:
    await add_and_fail(audited, wholly=wholly)
    async with audited.write() as tx:
        await record(tx, DEED, MORNING)
    assert [entry.number for entry in await entries_of(audited)] == [1, 2, 3, 4, 5, 6, 7]
    assert await broken_at(audited) is None


async def test_bad_37_servers_that_take_turns_make_one_chain(audited: Database) -> None:
    """Each remembers where it left the chain itself; one of them had an entry of the same number taken back."""
    other = Database(audited.url, MemoryBus(), Events())
    await add_and_fail(other, wholly=True)
    for database in (audited, other, other, audited, audited):
        async with database.write() as tx:
            await record(tx, replace(DEED, reason=str(id(database))), MORNING)
    await other.close()
    assert len(await entries_of(audited)) == 11
    assert await broken_at(audited) is None


async def test_an_entry_behind_the_one_of_before_costs_one_question(audited: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this process left the chain is not asked for; who adds an entry in between is found all the same."""
    asked = heard(audited, monkeypatch)
    for _ in range(2):
        async with audited.write() as tx:
            await record(tx, DEED, MORNING)
    assert not [statement for statement in asked if statement.startswith("SELECT")]
    assert len([statement for statement in asked if "INSERT INTO audit_entry" in statement]) == 2
