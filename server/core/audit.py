"""Who looked at, changed or took away something clinical: one chain of entries per practice, which shows every change made to it later.

The chain is keyed (HMAC) by what stands outside of the database: whoever has the database alone can make no entry that follows.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from typing import cast as as_type
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from server.core.db import Base, End, Tx
from server.core.direct import execute

START = bytes(32)
PIECE = 2_000  # entries that are looked over at once: what else the server does waits for so long
ID_LENGTH = 36
PROVING = 100  # entries by which the key is proved


class Scheme(IntEnum):
    """How the hash of an entry is made. Numbers are never used again, so that every entry says for ever how it is verified."""

    PLAIN = 1
    KEYED = 2


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
    scheme: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHead(Base):
    """The end of a practice's chain, where the next entry is put; whoever adds one holds this row until the commit."""

    __tablename__ = "audit_head"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


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
    scheme: int = Scheme.PLAIN
    hash: bytes = b""

    def digest(self, previous: bytes, key: bytes) -> bytes:
        """Return what `hash` must be after an entry with the hash `previous`."""
        return _digest(self, previous, key)


TABLE = as_type(Table, AuditEntry.__table__)
HEADS = as_type(Table, AuditHead.__table__)
FIELDS = [TABLE.c[name] for name in Entry._fields]
IDS = ("person_id", "thing_id", "patient_id", "representation_id")  # by name: a foreign key has no type yet when this is read


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


# Statements name columns of tables, not of classes: those go through the ORM, which takes longer than the statement.
NEWEST = select(TABLE.c.number, TABLE.c.hash).where(TABLE.c.practice_id == bindparam("of")).order_by(TABLE.c.number.desc()).limit(1)
END = (
    select(HEADS.c.number)
    .where(HEADS.c.practice_id == bindparam("of"))
    .union_all(select(func.max(TABLE.c.number)).where(TABLE.c.practice_id == bindparam("of")))
)
LAST = select(func.max(TABLE.c.number)).where(TABLE.c.practice_id == HEADS.c.practice_id).scalar_subquery()
HOLD = select(HEADS.c.number, HEADS.c.hash, LAST).where(HEADS.c.practice_id == bindparam("of")).with_for_update(key_share=True)
MOVE = update(HEADS).where(HEADS.c.practice_id == bindparam("of")).values(number=bindparam("to_number"), hash=bindparam("to_hash"))
NEW = {name: bindparam(f"new_{name}", type_=Uuid() if name in (*IDS, "practice_id") else TABLE.c[name].type) for name in Entry._fields}
BEHIND = select(TABLE.c.id).where(TABLE.c.practice_id == NEW["practice_id"], TABLE.c.number >= NEW["number"]).exists()
IS_LEFT = (HEADS.c.number == bindparam("left_number")) & (HEADS.c.hash == bindparam("left_hash"))
MOVE_ON = update(HEADS).where(HEADS.c.practice_id == NEW["practice_id"], IS_LEFT, ~BEHIND).values(number=NEW["number"], hash=NEW["hash"])
MOVED = MOVE_ON.returning(HEADS.c.practice_id).cte("moved")
MOVE_AND_ADD = insert(TABLE).from_select(list(NEW), select(*NEW.values()).select_from(MOVED)).add_cte(MOVED)
IS_MOVED = (HEADS.c.practice_id == NEW["practice_id"]) & (HEADS.c.number == NEW["number"]) & (HEADS.c.hash == NEW["hash"])
ADD_IF_MOVED = insert(TABLE).from_select(list(NEW), select(*NEW.values()).select_from(HEADS).where(IS_MOVED))
PUT = {"postgresql": (MOVE_AND_ADD,), "sqlite": (MOVE_ON, ADD_IF_MOVED)}


def _next(at: ColumnElement[str]) -> Select[Any]:
    """Return the statement for the next piece of a chain, with times and ids as text: objects of them take longer than all the rest.

    It names both ends of the piece. With a LIMIT instead, PostgreSQL reads and sorts the whole chain for each piece until its statistics
    say how long that is.
    """
    texts = {"at": at.label("at")}
    ids = {name: cast(TABLE.c[name], String).label(name) for name in IDS}
    columns = [(texts | ids).get(column.name, column) for column in FIELDS[1:]]
    piece = TABLE.c.number.between(bindparam("first"), bindparam("last"))
    return select(*columns).where(TABLE.c.practice_id == bindparam("of"), piece).order_by(TABLE.c.number)


NEXT = {
    "sqlite": _next(cast(TABLE.c.at, String)),
    "postgresql": _next(func.to_char(func.timezone("UTC", TABLE.c.at), "YYYY-MM-DD HH24:MI:SS.US")),
}


async def record(tx: Tx, deed: Deed, now: datetime) -> None:
    """Add an entry in the caller's transaction; entries of one practice wait for each other until they are committed.

    Where a door let its person act for the patient, it names that, too.
    """
    acting = tx.represents(deed.person_id, deed.patient_id)
    entry = Entry(**vars(deed), number=0, at=now.astimezone(UTC), representation_id=acting, scheme=Scheme.KEYED)
    end = tx.audit_ends.get(entry.practice_id)
    if end is None or not await _put(tx, entry, end):
        end = await tx.run_sync(_hold_end, entry.practice_id)
        if not await _put(tx, entry, end):
            raise RuntimeError("the held end of an audit was moved")


async def catch_up(tx: Tx) -> None:
    """Move every end that is behind to the newest entry of its practice."""
    for practice_id in (await tx.scalars(select(AuditHead.practice_id).order_by(AuditHead.practice_id))).all():
        await tx.run_sync(_hold_end, practice_id)


async def _put(tx: Tx, entry: Entry, end: End) -> bool:
    """Move the end from where it is said to be to the entry, and add that; False, and nothing done, where it is elsewhere.

    The database is asked once. What is remembered may be of a transaction that failed: the next entry then finds the end elsewhere.
    """
    entry = _after(end, entry, tx.audit_key)
    values = {"left_number": end[0], "left_hash": end[1], **{f"new_{name}": value for name, value in entry._asdict().items()}}
    moved = await execute(tx, PUT[tx.get_bind().dialect.name], values) == 1
    if moved:
        tx.audit_ends[entry.practice_id] = entry.number, entry.hash
    return moved


def _after(end: End, entry: Entry, key: bytes) -> Entry:
    entry = entry._replace(number=end[0] + 1)
    return entry._replace(hash=entry.digest(end[1], key))


# On the connection, and in one greenlet: statement by statement through the asynchronous session takes half as long again.


def _hold_end(session: Session, practice_id: UUID) -> End:
    """Return number and hash of the newest entry, and let nobody else add one before the commit.

    An end that is behind is moved up: a server from before there were ends adds entries and leaves it where it is.
    """
    connection = session.connection()
    held = connection.execute(HOLD, {"of": practice_id}).one_or_none()
    if held is None:
        _add_head(session, practice_id)
        held = connection.execute(HOLD, {"of": practice_id}).one()
    number, newest, last = held
    if last is not None and last > number:
        number, newest = connection.execute(NEWEST, {"of": practice_id}).one()
        connection.execute(MOVE, {"of": practice_id, "to_number": number, "to_hash": newest})
    return number, newest


def _add_head(session: Session, practice_id: UUID) -> None:
    number, newest = session.connection().execute(NEWEST, {"of": practice_id}).one_or_none() or (0, START)
    try:
        with session.begin_nested():
            session.execute(insert(AuditHead).values(practice_id=practice_id, number=number, hash=newest))
    except IntegrityError:
        return  # somebody else began the chain, and this waited until they were done


async def first_broken(tx: Tx, practice_id: UUID, plain_until: int = 0) -> int | None:
    """Return the number at which the chain of a practice, read from its beginning, does not follow from itself; None for a sound one.

    Behind `plain_until` an entry without the key is a fault, because everybody can make one. One behind the last that was read is missing
    where the head, or an entry behind it, knew of it before: entries may be added meanwhile.
    """
    end = max((number for number in await tx.scalars(END, {"of": practice_id}) if number is not None), default=0)
    number, previous, practice = 0, START, str(practice_id)
    pieces = NEXT[tx.get_bind().dialect.name]
    while rows := (await tx.execute(pieces, {"of": practice_id, "first": number + 1, "last": number + PIECE})).all():
        for row in rows:
            _, stated, *_, scheme, digest = entry = (practice, *row)
            number += 1
            allowed = scheme == Scheme.KEYED or number <= plain_until
            if stated != number or not allowed or _digest(entry, previous, tx.audit_key) != digest:
                return number
            previous = digest
    return number + 1 if number < end else None


async def proves_key(tx: Tx) -> bool:
    """Whether the key is the one of the newest keyed entries, or there are none yet; a few of them may have been changed."""
    before = aliased(AuditEntry)
    follows = (before.practice_id == AuditEntry.practice_id) & (before.number == AuditEntry.number - 1)
    keyed = select(*FIELDS, before.hash).outerjoin_from(AuditEntry, before, follows).where(AuditEntry.scheme == Scheme.KEYED)
    rows = (await tx.execute(keyed.order_by(AuditEntry.id.desc()).limit(PROVING))).all()
    entries = [(Entry._make(fields), previous) for *fields, previous in rows]
    return not entries or any(entry.digest(previous or START, tx.audit_key) == entry.hash for entry, previous in entries)


def _digest(entry: tuple[Any, ...], previous: bytes, key: bytes) -> bytes:
    """Return the hash of the fields of an `Entry` after the hash `previous`: every field counts, with its length.

    Ids and the time may be as the database writes them, because that of 100,000 entries is read in half the time. Whom somebody acted
    for counts where it stands, so that the entries from before there was such a field keep their hash.
    """
    practice_id, number, at, person_id, act, thing, thing_id, patient_id, reason, acting, scheme, _ = entry
    raw = b"".join(
        (
            previous,
            _framed_id(practice_id),
            _framed(str(number)),
            _framed(at.isoformat() if isinstance(at, datetime) else _iso(at)),
            _framed_id(person_id),
            _framed_word(act),
            _framed_word(thing),
            _framed_id(thing_id),
            _framed_id(patient_id),
            _framed(reason) if reason else EMPTY,
            b"" if acting is None else _framed_id(acting),
        )
    )
    if scheme != Scheme.KEYED:
        return hashlib.sha256(raw).digest()
    mac = _keyed(key).copy()
    mac.update(raw)
    return mac.digest()


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


@lru_cache(maxsize=4096)
def _framed_id(field: UUID | str | None) -> bytes:
    """Remember ids: the same people and patients stand in entry after entry, and writing one out takes longer than its hash.

    SQLite's are without hyphens. What is no id at all gets them as well, so that it is neither an id's text nor the empty one.
    """
    if field is None:
        return EMPTY
    text = str(field)
    return _framed(text if len(text) == ID_LENGTH else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")


@lru_cache(maxsize=256)
def _framed_word(word: str) -> bytes:
    return _framed(word)


def _iso(text: str) -> str:
    """Return a time of the database, `2026-03-02 10:00:00.000000` in UTC, as `isoformat` writes it; what is no such text, as no time."""
    day, _, time = text.partition(" ")
    return f"{day}T{time.removesuffix('.000000')}+00:00"


def _framed(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(4, "big") + raw


EMPTY = _framed("")
