"""Facts that other folders may want to hear inside the same transaction."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class AppointmentConfirmed:
    """A patient has a promise of a time, on their record."""

    appointment_id: UUID


@dataclass(frozen=True)
class HoldEnded:
    """A time was held and is free again: its hold is over, or whoever held it gave it back."""

    appointment_id: UUID


@dataclass(frozen=True)
class AppointmentMoved:
    """It begins at another time; who gives it and who gets it stay."""

    appointment_id: UUID


@dataclass(frozen=True)
class AppointmentPassedOn:
    """A colleague gives it in place of whoever leaves the practice; its time and its patient stay."""

    appointment_id: UUID
    leaving_id: UUID
    taking_id: UUID


@dataclass(frozen=True)
class AppointmentCancelled:
    """It had been confirmed and will not take place; `cancelled_by` tells who said so."""

    appointment_id: UUID


@dataclass(frozen=True)
class SeekerAsked:
    """Somebody is on a waiting list, and is to be told so."""

    seeker_id: UUID


@dataclass(frozen=True)
class SeekerPassedOn:
    """Somebody on a waiting list waits for another service now, and is to be told so."""

    seeker_id: UUID


@dataclass(frozen=True)
class WaitingListEnded:
    """Somebody waited for what nobody gives any more, and is to be told so."""

    seeker_id: UUID


@dataclass(frozen=True)
class SlotOffered:
    """A time is kept for somebody on a waiting list, who is to be told at once."""

    offer_id: UUID
