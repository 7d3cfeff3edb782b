"""The audit's chain: every entry follows from the one before, and every later change shows."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy import delete, select, text, update

from server.core.audit import Act, AuditEntry, Deed, first_broken, record
from server.core.db import Database
from tests.cast import ALICE, BOB, CLINIC, ELSEWHERE, seat_cast
from tests.conftest import MORNING

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


async def broken_at(database: Database) -> int | None:
    async with database.read() as tx:
        return await first_broken(tx, CLINIC)


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


async def test_bad_37_many_at_once_make_one_chain(audited: Database) -> None:
    async def add() -> None:
        async with audited.write() as tx:
            await record(tx, DEED, MORNING)

    work: list[Awaitable[None]] = [add() for _ in range(20)]
    await asyncio.gather(*work)
    entries = await entries_of(audited)
    assert len(entries) == 26
    assert await broken_at(audited) is None
