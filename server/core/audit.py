"""Who looked at, changed or took away something clinical: one chain of entries per practice, which shows every change made to it later."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Tx

START = bytes(32)
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
    JOINED = "joined"
    LEFT = "left"
    REVIEWED = "reviewed"


class AuditEntry(Base):
    """The `number`th entry of a practice. `hash` chains it to those before; no text of a note and no name stands in it."""

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
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    def digest(self, previous: bytes) -> bytes:
        """Return what `hash` must be after an entry with the hash `previous`; every field counts, with its length."""
        fields = (
            self.practice_id,
            self.number,
            self.at.isoformat(),
            self.person_id,
            self.act,
            self.thing,
            self.thing_id,
            self.patient_id,
            self.reason,
        )
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
    """Add an entry in the caller's transaction; entries of one practice wait for each other until they are committed."""
    await _queue_up(tx, deed.practice_id)
    newest = select(AuditEntry).where(AuditEntry.practice_id == deed.practice_id).order_by(AuditEntry.number.desc()).limit(1)
    last = await tx.scalar(newest)
    entry = AuditEntry(**vars(deed), number=last.number + 1 if last else 1, at=now)
    entry.hash = entry.digest(last.hash if last else START)
    tx.add(entry)
    await tx.flush()


def first_broken(entries: Iterable[AuditEntry]) -> int | None:
    """Return the number at which the chain of one practice, read from its beginning, does not follow from itself; None for a sound one."""
    previous, expected = START, 1
    for entry in entries:
        if entry.number != expected or entry.digest(previous) != entry.hash:
            return expected
        previous, expected = entry.hash, expected + 1
    return None


async def _queue_up(tx: Tx, practice_id: UUID) -> None:
    """On PostgreSQL take a lock for the rest of the transaction; SQLite has one writer at a time anyway."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:space, :key)"), {"space": LOCK_SPACE, "key": practice_id.int & 0x7FFFFFFF})


def _framed(field: str) -> bytes:
    raw = field.encode()
    return len(raw).to_bytes(4, "big") + raw
