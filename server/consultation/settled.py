"""What was found about an appointment whose time is over, and what a person decided about it: a row for each, kept for good."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.consultation.presence import Finding
from server.core.db import Base
from server.core.marking import _
from server.errors import Conflict

UNDO_FOR = timedelta(hours=1)
DECIDED = _("This was settled already, and stands.")
BY_ITSELF = frozenset({Finding.FULFILLED, Finding.MISSED})


class Decision(StrEnum):
    """What a professional says where the measure cannot, or must not, decide."""

    TOOK_PLACE = "took_place"
    NO_SHOW = "no_show"
    EXCUSED = "excused"


class Settlement(Base):
    """`waited_s` is how long the patient was there, `together_s` how long both were in the call.

    A decision has no consequences until `final_at` and may be taken back so long; `done_at` is when the appointment was settled.
    """

    __tablename__ = "settlement"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True)
    finding: Mapped[Finding] = mapped_column(String(20))
    waited_s: Mapped[int]
    together_s: Mapped[int]
    found_at: Mapped[datetime]
    decision: Mapped[Decision | None] = mapped_column(String(20))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    final_at: Mapped[datetime | None] = mapped_column(index=True)
    done_at: Mapped[datetime | None]

    def decide(self, decision: Decision, person_id: UUID | None, now: datetime) -> None:
        """Say what it was; another decision replaces one that has had no consequences yet."""
        self._refuse_if_done()
        self.decision, self.decided_by, self.final_at = decision, person_id, now + UNDO_FOR

    def undo(self) -> None:
        """Take a decision back before it has consequences."""
        self._refuse_if_done()
        self.decision = self.decided_by = self.final_at = None

    def close(self, now: datetime) -> None:
        self.done_at, self.final_at = now, None

    def _refuse_if_done(self) -> None:
        if self.done_at is not None:
            raise Conflict(DECIDED, code="settled")
