"""How somebody with an account can be reached beside their e-mail address."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class AccountDetails(Base):
    """What people wrote about themselves; only the phone can be proved. It is an E.164 number; "" is what was left out."""

    __tablename__ = "account_details"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    phone: Mapped[str] = mapped_column(String(40))
    phone_confirmed_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(500))
    changed_at: Mapped[datetime]
