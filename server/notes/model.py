"""The clinical note of a consultation as it is stored: the log of updates is the truth, everything else can be made again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base

Counter = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts only an INTEGER key up by itself


class Note(Base):
    """One per consultation. `schema_version` is that of the editor's nodes in it; inside, rows carry the short `id`."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), unique=True)
    schema_version: Mapped[int]
    created_at: Mapped[datetime]


class NoteSession(Base):
    """One browser tab that opened the note: every character carries its `client_id`, so the row says whose it is."""

    __tablename__ = "note_session"
    __table_args__ = (UniqueConstraint("note_id", "client_id"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    client_id: Mapped[int] = mapped_column(BigInteger)
    opened_at: Mapped[datetime]


class NoteUpdate(Base):
    """One accepted update, unchanged as it came. `hash` chains it to all before (see `chain`); `ts_ms` is Unix time."""

    __tablename__ = "note_update"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own attribute

    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=False)
    session_id: Mapped[int] = mapped_column(Counter, ForeignKey("note_session.id"))
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class NoteSnapshot(Base):
    """The document at row `seq`, zlib-packed: only a cache, so that a long note opens quickly."""

    __tablename__ = "note_snapshot"

    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class NoteReject(Base):
    """A frame that was refused and closed its socket; never its content."""

    __tablename__ = "note_reject"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"))
    session_id: Mapped[int] = mapped_column(Counter, ForeignKey("note_session.id"))
    rejected_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    size: Mapped[int]
