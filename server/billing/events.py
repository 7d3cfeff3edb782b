"""Facts about money that other folders may want to hear inside the same transaction."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ChargePaid:
    """The provider has the patient's money for an appointment; whether it came in time is a matter of its refunds."""

    charge_id: UUID


@dataclass(frozen=True)
class RefundDone:
    """The provider has given the money of a refund back."""

    refund_id: UUID


@dataclass(frozen=True)
class RefundUndone:
    """What was done has failed after all: the money of a refund did not arrive."""

    refund_id: UUID


@dataclass(frozen=True)
class InvoiceIssued:
    """There is an invoice for an appointment that is not paid online."""

    appointment_id: UUID


@dataclass(frozen=True)
class DisputeOpened:
    """Somebody asks their bank for the money of a charge."""

    dispute_id: UUID
