"""Where letters about an account go, which letters are on their way, and the browsers that an account is known from."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Subject(StrEnum):
    """What a letter about an account is for."""

    RESET = "reset"
    CONFIRM = "confirm"
    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a letter
    EMAIL_CHANGED = "email_changed"
    EMAIL_AGREE = "email_agree"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    SECOND_ON = "second_factor_on"
    SECOND_OFF = "second_factor_off"
    CODES_NEW = "recovery_codes"
    UNUSED = "unused"
    CLOSING = "closing"
    CLOSED = "closed"
    ANSWERED = "answered"


WITH_LINK = {Subject.RESET, Subject.CONFIRM}
LINKED = WITH_LINK | {Subject.EMAIL_AGREE}  # whose row is needed until the link is followed
GOOD_FOR = timedelta(minutes=30)  # a link
TOLD_WITHIN = timedelta(days=7)  # what happened to the account, however late the mail is
AGREE_DAYS = 7  # in which whoever reads the old address says no to another one; its link is good for as long
CLOSING_DAYS = 14  # in which somebody who asked for the end of their account can take it back
UNUSED_DAYS = 30  # in which an account that nobody uses is saved by a sign-in
KNOWN_FOR = timedelta(days=400)


class AccountEmail(Base):
    """The address that somebody has shown to be theirs; nothing about an account goes to any other."""

    __tablename__ = "account_email"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    confirmed_at: Mapped[datetime]


class EmailChange(Base):
    """Another address that was proved, and counts once the old one agrees, or from `counts_at` on if it says nothing."""

    __tablename__ = "email_change"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime]
    counts_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(20))


class AccountLetter(Base):
    """A letter about the account of this username, if there is one. Of its link's token only the hash is kept; the row goes with its use.

    `address` is the one to confirm, or that was in use before; without it the letter goes to the confirmed one.
    """

    __tablename__ = "account_letter"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(100), index=True)
    subject: Mapped[Subject] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(254))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    language: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]

    def alive(self, now: datetime) -> bool:
        return now - self.asked_at < (GOOD_FOR if self.subject in WITH_LINK else TOLD_WITHIN)


class KnownDevice(Base):
    """A browser on which this person has signed in before; its cookie holds the token, the row only its hash."""

    __tablename__ = "known_device"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    seen_at: Mapped[datetime]
