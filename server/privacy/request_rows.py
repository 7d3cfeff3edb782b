"""What people ask of their data: sealed, with its time and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.keyring import place_of
from server.privacy.request_words import Extension, Kind, Pause, Progress, State


class RightsRequest(Base):
    """One request about the record of a patient, who has an account. `sealed` is what they wrote, `answer` what they were answered.

    `due_at` follows from the other times, and is stored for the order of the queue. `told` counts the mails about it.
    `representation_id` says by what right somebody asked for the patient.
    `reply_to` is the sealed address from which somebody without an account asked: they read the answer by a link.
    """

    __tablename__ = "rights_request"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[Kind] = mapped_column(String(20))
    state: Mapped[State] = mapped_column(String(20))
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary(128))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    pause: Mapped[Pause | None] = mapped_column(String(20))
    paused_s: Mapped[int]
    extension: Mapped[Extension | None] = mapped_column(String(20))
    settled_at: Mapped[datetime | None]
    told: Mapped[int]
    reply_to: Mapped[bytes | None] = mapped_column(LargeBinary)
    representation_id: Mapped[UUID | None] = mapped_column(ForeignKey("representation.id"))

    @property
    def progress(self) -> Progress:
        pause = Pause(self.pause) if self.pause else None
        extension = Extension(self.extension) if self.extension else None
        return Progress(State(self.state), self.asked_at, self.paused_at, pause, self.paused_s, extension)

    def take(self, progress: Progress, zone: str) -> None:
        """Store how far it is now."""
        self.state, self.asked_at, self.paused_at, self.pause, self.paused_s, self.extension = progress
        self.due_at = progress.due_at(zone)

    @property
    def key_place(self) -> bytes:
        return place_of("rights-request-key", self.id)

    def place(self, part: str) -> bytes:
        """Bind what is sealed to its request and its record."""
        return place_of("rights-request", self.id, self.patient_id, part)
