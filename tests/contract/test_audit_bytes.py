"""What an entry's hash is made of: the same bytes however an entry was read, and those that every older entry was hashed by."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from server.core.audit import START, Act, AuditEntry, AuditHead, Entry, Scheme, _digest, first_broken
from server.core.db import Database
from tests.cast import ALICE, BOB, CLINIC, seat_cast
from tests.conftest import MORNING

pytestmark = pytest.mark.row("L6")

IDS = st.uuids()
TIMES = st.datetimes(timezones=st.just(UTC))
ENTRIES = st.builds(
    Entry,
    IDS,
    st.integers(1, 2**62),
    TIMES,
    st.none() | IDS,
    st.sampled_from(Act),
    st.text(max_size=40),
    IDS,
    st.none() | IDS,
    st.none() | st.text(max_size=500),
    st.none() | IDS,
    st.sampled_from(Scheme),
)


def plainly(entry: Entry, previous: bytes, key: bytes) -> bytes:
    """Write the fields out one by one, each behind its length."""
    fields = [entry.practice_id, entry.number, entry.at.isoformat(), entry.person_id, str(entry.act)]
    fields += [entry.thing, entry.thing_id, entry.patient_id, entry.reason]
    fields += [] if entry.representation_id is None else [entry.representation_id]
    raw = previous
    for field in fields:
        part = b"" if field is None else str(field).encode()
        raw += len(part).to_bytes(4, "big") + part
    return hmac.digest(key, raw, "sha256") if entry.scheme == Scheme.KEYED else hashlib.sha256(raw).digest()


@given(ENTRIES, st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_every_entry_has_the_plain_bytes(entry: Entry, previous: bytes, key: bytes) -> None:
    expected = plainly(entry, previous, key)
    assert entry.digest(previous, key) == expected
    for written in (str, lambda field: field.hex):
        as_text = tuple(written(field) if isinstance(field, UUID) else field for field in entry)
        assert _digest(as_text, previous, key) == expected


@given(ENTRIES, st.text(max_size=40))
def test_bad_37_what_is_no_id_has_other_bytes(entry: Entry, wrong: str) -> None:
    """Above all an empty text where there is nobody."""
    missing = entry._replace(patient_id=None)
    assert _digest((*missing[:7], wrong, *missing[8:]), START, b"") != missing.digest(START, b"")


@pytest.mark.anyio
async def test_entries_hashed_plainly_hold_on_either_database(database: Database) -> None:
    """Every shape of an entry, more than are looked over at once."""
    shapes = [(person_id, reason) for person_id in (ALICE.person_id, None) for reason in (None, "", "Ümläut €")]
    previous, rows = START, []
    for number in range(1, 4_003):
        person_id, reason = shapes[number % len(shapes)]
        at = MORNING.astimezone(UTC) + timedelta(hours=number, microseconds=number % 3 * 120_000)
        entry = Entry(CLINIC, number, at, person_id, Act.LOOKED, "note", UUID(int=number), None, reason)
        entry = entry._replace(representation_id=BOB.person_id if number % 5 == 0 else None, scheme=Scheme.KEYED)
        previous = plainly(entry, previous, b"")
        rows.append(entry._replace(hash=previous)._asdict())
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        await tx.execute(insert(AuditEntry), rows)
        tx.add(AuditHead(practice_id=CLINIC, number=len(rows), hash=previous))
    async with database.read() as tx:
        assert await first_broken(tx, CLINIC) is None
    async with database.write() as tx:
        await tx.execute(text("UPDATE audit_entry SET thing = 'nota' WHERE number = 4001"))
        assert await first_broken(tx, CLINIC) == 4001


@pytest.mark.anyio
async def test_bad_37_an_id_that_is_none_is_found(database: Database) -> None:
    entry = Entry(CLINIC, 1, datetime(2026, 1, 1, tzinfo=UTC), None, Act.LOOKED, "note", UUID(int=1), None, None, scheme=Scheme.KEYED)
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        tx.add(AuditEntry(**entry._replace(hash=entry.digest(START, b""))._asdict()))
        await tx.flush()
        if database.is_sqlite:  # which takes every text for an id
            await tx.execute(text("UPDATE audit_entry SET representation_id = '' WHERE number = 1"))
        else:
            await tx.execute(text("UPDATE audit_entry SET representation_id = thing_id WHERE number = 1"))
        assert await first_broken(tx, CLINIC) == 1
