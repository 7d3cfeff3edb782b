"""Passkeys of people, and the challenges that wait for an answer."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base

ANSWER_WITHIN = timedelta(minutes=5)
LONGEST_NAME = 60


class Purpose(StrEnum):
    """What a challenge is for; its answer does nothing else."""

    ADD = "add"
    SIGN_IN = "sign_in"
    PROVE = "prove"


class Passkey(Base):
    """A public key whose private half stays on a person's device, under a name that they gave it.

    `handle` is what the device calls the person: random, the same for all passkeys of one person, and nothing else of them.
    `count` is the device's own counter at the last use.
    """

    __tablename__ = "passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    handle: Mapped[bytes] = mapped_column(LargeBinary(32))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A random number that a device is to sign. The row goes with the first answer; without `person_id` anybody may answer."""

    __tablename__ = "passkey_challenge"

    challenge: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(String(20))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    handle: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    asked_at: Mapped[datetime]
