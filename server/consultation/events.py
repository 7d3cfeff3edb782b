"""Facts that other folders may want to hear inside the same transaction."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True)
class Invited:
    """A link is to be written to whom it is for, the patient or a guest, by this channel; or to whoever acts for the patient."""

    consultation_id: UUID
    link_id: UUID
    channel: Channel
    representation_id: UUID | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Called:
    """A colleague, who has this place in the consultation, is to be told by this channel that they are asked in."""

    consultation_id: UUID
    participant_id: UUID
    channel: Channel


@dataclass(frozen=True)
class Arranged:
    """A consultation was made of a confirmed appointment."""

    appointment_id: UUID


class News(StrEnum):
    """What people are told of an appointment that they were invited to."""

    MOVED = "moved"
    PASSED_ON = "passed_on"
    CANCELLED = "cancelled"
    REMIND24H = "remind24h"
    REMIND15M = "remind15m"
    DELAYED = "delayed"
    LISTED = "listed"
    FREED = "freed"
    WAITS_ON = "waits_on"  # for another service, in their place on the waiting list
    LIST_ENDED = "list_ended"
    MISSED = "missed"  # by the practice
    PAID = "paid"
    REFUNDED = "refunded"
    INVOICED = "invoiced"


@dataclass(frozen=True)
class Announced(Invited):
    """Whoever has this link is to be told what has become of the appointment."""

    news: News
