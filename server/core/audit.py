"""Who looked at, changed or took away something clinical: one chain of entries per practice, which shows every change made to it later."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint, insert, select, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Tx

START = bytes(32)
PIECE = 5_000  # entries that are looked over at once
LOCK_SPACE = 0x61756469  # of PostgreSQL's advisory locks


class Act(StrEnum):
    """What was done; `looked` is said once per opening, not per letter."""

    LOOKED = "looked"
    SIGNED = "signed"
    LOCKED = "locked"
    AMENDED = "amended"
    RELEASED = "released"
    UNRELEASED = "unreleased"
    EXPORTED = "exported"
    PERMITTED = "permitted"
    WITHDREW = "withdrew"
    AGREED = "agreed"
    BROKE_GLASS = "broke_glass"
    REGISTERED = "registered"
    READDRESSED = "readdressed"
    CHANGED = "changed"
    RECORDED = "recorded"
    STOPPED = "stopped"
    LISTENED = "listened"
    DELETED = "deleted"
    HELD = "held"
    FREED = "freed"
    INVITED = "invited"
    RESENT = "resent"
    UNINVITED = "uninvited"
    ASKED = "asked"
    ANSWERED = "answered"
    ADDED = "added"
    HIDDEN = "hidden"
    JOINED = "joined"
    LEFT = "left"
    REVIEWED = "reviewed"
    ERASED = "erased"
    RESTRICTED = "restricted"
    LIFTED = "lifted"
    MERGED = "merged"
    UNMERGED = "unmerged"
    TESTED = "tested"


class AuditEntry(Base):
    """The `number`th entry of a practice. `hash` chains it to those before; no text of a note and no name stands in it.

    With a `representation_id` the person did it for the patient.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("practice_id", "number"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    number: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    act: Mapped[Act] = mapped_column(String(40))
    thing: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[UUID]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"), index=True)
    reason: Mapped[str | None] = mapped_column(String(500))
    representation_id: Mapped[UUID | None]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


FIELDS = (
    AuditEntry.practice_id,
    AuditEntry.number,
    AuditEntry.at,
    AuditEntry.person_id,
    AuditEntry.act,
    AuditEntry.thing,
    AuditEntry.thing_id,
    AuditEntry.patient_id,
    AuditEntry.reason,
    AuditEntry.representation_id,
    AuditEntry.hash,
)


class Entry(NamedTuple):
    """The columns of `AuditEntry` that are chained, in the order of `FIELDS`: a long audit is looked over without its rows' objects."""

    practice_id: UUID
    number: int
    at: datetime
    person_id: UUID | None
    act: str
    thing: str
    thing_id: UUID
    patient_id: UUID | None
    reason: str | None
    representation_id: UUID | None = None
    hash: bytes = b""

    def digest(self, previous: bytes) -> bytes:
        """Return what `hash` must be after an entry with the hash `previous`; every field counts, with its length.

        Whom somebody acted for counts where it stands, so that the entries from before there was such a field keep their digest.
        """
        acting = () if self.representation_id is None else (self.representation_id,)
        fields = (self[0], self[1], self[2].isoformat(), *self[3:9], *acting)
        raw = b"".join(_framed("" if field is None else str(field)) for field in fields)
        return hashlib.sha256(previous + raw).digest()


@dataclass(frozen=True)
class Deed:
    """Somebody did something to a thing (`note`, `record` …) of a patient, for a reason where one was asked for.

    Without a person it was the server, or somebody in a call who has no account.
    """

    practice_id: UUID
    person_id: UUID | None
    act: Act
    thing: str
    thing_id: UUID
    patient_id: UUID | None
    reason: str | None = None


async def record(tx: Tx, deed: Deed, now: datetime) -> None:
    """Add an entry in the caller's transaction; entries of one practice wait for each other until they are committed.

    Where a door let its person act for the patient, it names that, too.
    """
    await tx.flush()  # of what the entry may name
    await _queue_up(tx, deed.practice_id)
    of_practice = AuditEntry.practice_id == deed.practice_id
    newest = select(AuditEntry.number, AuditEntry.hash).where(of_practice).order_by(AuditEntry.number.desc()).limit(1)
    number, previous = (await tx.execute(newest)).one_or_none() or (0, START)
    acting = tx.represents(deed.person_id, deed.patient_id)
    entry = Entry(**vars(deed), number=number + 1, at=now.astimezone(UTC), representation_id=acting)
    await tx.execute(insert(cast(Table, AuditEntry.__table__)), {**entry._asdict(), "hash": entry.digest(previous)})


async def first_broken(tx: Tx, practice_id: UUID) -> int | None:
    """Return the number at which the chain of a practice, read from its beginning, does not follow from itself; None for a sound one."""
    number, previous = 0, START
    while True:
        of_practice = (AuditEntry.practice_id == practice_id) & (AuditEntry.number > number)
        rows = (await tx.execute(select(*FIELDS).where(of_practice).order_by(AuditEntry.number).limit(PIECE))).all()
        if not rows:
            return None
        for row in rows:
            entry = Entry._make(row)
            number += 1
            if entry.number != number or entry.digest(previous) != entry.hash:
                return number
            previous = entry.hash


async def _queue_up(tx: Tx, practice_id: UUID) -> None:
    """On PostgreSQL take a lock for the rest of the transaction; SQLite has one writer at a time anyway."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:space, :key)"), {"space": LOCK_SPACE, "key": practice_id.int & 0x7FFFFFFF})


def _framed(field: str) -> bytes:
    raw = field.encode()
    return len(raw).to_bytes(4, "big") + raw
