"""News by consent, and letters with one text for many: newsletters and notices, with a row for everybody who is to have one."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.consultation.events import Channel
from server.core.db import Base


class Via(StrEnum):
    """How somebody said so: signed in, by the personal link of an appointment, or by the link in a newsletter."""

    ACCOUNT = "account"
    VISIT = "visit"
    LINK = "link"


class NewsConsent(Base):
    """A patient's dated yes to news of their practice by one channel, in one wording. It counts until it is withdrawn.

    `given_by` is the account that said so, which may be somebody else's who acts for the patient; None by a link.
    """

    __tablename__ = "news_consent"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id", ondelete="CASCADE"), index=True)
    channel: Mapped[Channel] = mapped_column(String(20))
    wording_version: Mapped[str] = mapped_column(String(20))
    wording_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    language: Mapped[str] = mapped_column(String(20))
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    given_via: Mapped[Via] = mapped_column(String(20))
    given_at: Mapped[datetime]
    withdrawn_via: Mapped[Via | None] = mapped_column(String(20))
    withdrawn_at: Mapped[datetime | None]


class NewsStop(Base):
    """An address that a practice writes no news to, whoever's it is, until its owner asks for them anew.

    Only its MAC is kept: enough to know it again, and nothing to write to. So it may outlive the erasure of whoever it belonged to.
    """

    __tablename__ = "news_stop"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    channel: Mapped[Channel] = mapped_column(String(20), primary_key=True)
    address_mac: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    stopped_at: Mapped[datetime]


class Kind(StrEnum):
    """A newsletter goes to whoever agreed to news; a notice to everybody with an account, because they must know it."""

    NEWSLETTER = "newsletter"
    NOTICE = "notice"


class State(StrEnum):
    """`planned` begins at `begins_at`; `sending` goes on in rounds; `stopped`: whoever has not got it does not get it."""

    DRAFT = "draft"
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    STOPPED = "stopped"


class Circular(Base):
    """One text for many patients of a practice, or of one professional. `edits` counts changes, so that nobody overwrites another's.

    The next round of sending is due at `next_at`; `rounds` counts them.
    """

    __tablename__ = "circular"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id"))
    kind: Mapped[Kind] = mapped_column(String(20))
    channel: Mapped[Channel] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(String(20))
    edits: Mapped[int]
    changed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    begins_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    rounds: Mapped[int]
    settled_at: Mapped[datetime | None]


class Came(StrEnum):
    """What became of a copy. `out`: it is being handed on, or was when the server died, and is never sent again.

    `unwanted`: when it was to go out there was no consent any more, or no address.
    """

    WAITING = "waiting"
    OUT = "out"
    SENT = "sent"
    REFUSED = "refused"
    UNWANTED = "unwanted"
    NOT_SENT = "not_sent"


class Copy(Base):
    """One patient's copy of a circular, without text and address; one of whom an erasure was asked belongs to nobody.

    With `tested` it went to `test_for`, who wrote the circular. `again_at`: the provider could not take it then.
    """

    __tablename__ = "circular_copy"
    __table_args__ = (UniqueConstraint("circular_id", "patient_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    circular_id: Mapped[UUID] = mapped_column(ForeignKey("circular.id"), index=True)
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"), index=True)
    test_for: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    tested: Mapped[bool]
    came: Mapped[Came] = mapped_column(String(20))
    tries: Mapped[int]
    again_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
