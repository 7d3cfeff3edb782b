"""What a cancellation costs, as it was promised; pure."""

from datetime import datetime
from typing import Protocol

from server.booking.model import Party
from server.core.money import share_of


class Promise(Protocol):
    """What an appointment says about its price and its cancellation."""

    @property
    def price_minor(self) -> int: ...
    @property
    def late_fee_percent(self) -> int | None: ...
    @property
    def cancel_until(self) -> datetime: ...


def back_percent(promise: Promise, by: Party, now: datetime) -> int:
    """Return how many percent of the price go back: all where the practice cancels, or a patient in time."""
    if by == Party.PRACTICE or now <= promise.cancel_until:
        return 100
    return 100 - (promise.late_fee_percent or 0)


def kept_minor(promise: Promise, now: datetime) -> int:
    """Return what is kept of the price when the patient cancels now."""
    return share_of(promise.price_minor, 100 - back_percent(promise, Party.PATIENT, now))
