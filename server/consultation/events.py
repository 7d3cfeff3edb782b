"""Facts that other folders may want to hear inside the same transaction."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True)
class PatientInvited:
    """The patient's link is to be written to them by this channel."""

    consultation_id: UUID
    link_id: UUID
    channel: Channel
