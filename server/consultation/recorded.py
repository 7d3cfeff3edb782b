"""What is kept of a recording: one row for it, one for each person's stretch of sound and picture. The files stand beside the database."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Standing(StrEnum):
    """Where a recording is: `failed` has nothing that can be played, `deleted` has neither files nor a key any more."""

    RECORDING = "recording"
    KEPT = "kept"
    FAILED = "failed"
    DELETED = "deleted"


class Gone(StrEnum):
    """Why a recording was deleted, beside what a professional wrote: its time was over, or somebody took their agreement back."""

    DUE = "due"
    WITHDRAWN = "withdrawn"
    BY_HAND = "by_hand"


class Recording(Base):
    """A recording of a call. `data_key` is sealed by the key `key_id` of the ring; both are None once it is deleted, for every backup, too.

    `asked_by` asked everybody at `asked_at`; the agreements are the consents to `recording` from then until `ended_at`. A server that was
    started again took it up at `resumed_at`. It is kept until `keep_until` by the rule `rule` (`practice:90`: so many days, as the practice
    had decided when it began), and for as long as an administrator holds it: whoever took an agreement back meanwhile did so at
    `withdrawn_at`, and it is deleted when nobody holds it any more.
    """

    __tablename__ = "recording"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    state: Mapped[Standing] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    rule: Mapped[str] = mapped_column(String(40))
    keep_until: Mapped[datetime] = mapped_column(index=True)
    key_id: Mapped[str | None] = mapped_column(String(40))
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary(128))
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    gone: Mapped[Gone | None] = mapped_column(String(20))
    deleted_why: Mapped[str | None] = mapped_column(String(500))
    resumed_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    held_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    held_why: Mapped[str | None] = mapped_column(String(500))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

    @property
    def held(self) -> bool:
        return self.held_at is not None

    @property
    def withheld(self) -> bool:
        """Whether somebody took their agreement back, and a hold keeps it nevertheless."""
        return self.withdrawn_at is not None and self.state != Standing.DELETED

    @property
    def running(self) -> bool:
        """Whether the call is still being recorded; for a moment after that its files are being completed."""
        return self.state == Standing.RECORDING and self.ended_at is None

    @property
    def playable(self) -> bool:
        """Whether it may be played: never once somebody has taken their agreement back, though it may have to be kept."""
        return self.state == Standing.KEPT and self.withdrawn_at is None

    @property
    def folder(self) -> str:
        """The name of its folder in the folder of recordings; a call that changed its engine has more, with `-1`, `-2` behind it."""
        return self.id.hex


class RecordingTrack(Base):
    """One person's stretch. `head` ends the chain of SHA-256 over the sealed pieces of `file`, of `size` bytes in all.

    `participant_id` is None where nobody knows any more whose browser it was. A row that has `unseen`, a source like `camera`, stands for
    what came in a codec that is not recorded: there is no file.
    """

    __tablename__ = "recording_track"
    __table_args__ = (UniqueConstraint("recording_id", "file"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    file: Mapped[str] = mapped_column(String(120))
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    size: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary(32))
    unseen: Mapped[str | None] = mapped_column(String(8))


class RecordingPeer(Base):
    """Whose browser a peer is, for as long as the recording is kept: files are named after peers, and are found after any stop."""

    __tablename__ = "recording_peer"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    peer: Mapped[str] = mapped_column(String(64), primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
