"""Published texts of policies, as they are stored: a version never changes, which the database holds, too."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.privacy.policy_words import Policy


class PolicyVersion(Base):
    """The `number`th text of one kind of a practice or, with `professional_id`, of a professional, in force from `effective_at`.

    `owner_id` is the professional's id, or else the practice's. `bases` are codes of `server/privacy/bases.py`, separated by commas.
    """

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("owner_id", "policy", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id"))
    owner_id: Mapped[UUID]
    policy: Mapped[Policy] = mapped_column(String(20))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(String(500))
    bases: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(20))
    effective_at: Mapped[datetime]
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]


class PolicyAcceptance(Base):
    """Somebody with an account has accepted one version of terms."""

    __tablename__ = "policy_acceptance"

    version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    accepted_at: Mapped[datetime]
