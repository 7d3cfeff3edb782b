"""The ways to money for whoever has proved that the appointment is theirs, and for what acts on a charge that it was handed."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from server.billing.model import Charge, ChargeState, Dispute, MerchantAccount, Refund, RefundState
from server.booking.model import AppointmentMember, Pays, Service
from server.core.db import Tx

SANDBOX = "sandbox"


@dataclass(frozen=True)
class Money:
    """What an appointment has cost, in the smallest unit: what was paid, and what of it goes back or has gone back."""

    charge: Charge
    refunded_minor: int
    returning_minor: int

    @property
    def kept_minor(self) -> int:
        return self.charge.minor - self.refunded_minor - self.returning_minor

    @property
    def sandbox(self) -> bool:
        """Whether no money moves at all."""
        return self.charge.provider == SANDBOX


async def lock_charge(tx: Tx, charge_id: UUID) -> Charge:
    """Load a charge to change it or its refunds; its appointment, where that matters too, is locked before."""
    charge = await tx.get_one(Charge, charge_id)
    await tx.refresh(charge, with_for_update=True)
    return charge


async def standing_charge(tx: Tx, appointment_id: UUID) -> Charge | None:
    """Return the one charge of an appointment that can be paid or is."""
    states = (ChargeState.OPEN, ChargeState.PAID)
    return (await tx.scalars(select(Charge).where(Charge.appointment_id == appointment_id, Charge.state.in_(states)))).one_or_none()


async def newest_charge(tx: Tx, appointment_id: UUID) -> Charge | None:
    return (
        await tx.scalars(select(Charge).where(Charge.appointment_id == appointment_id).order_by(Charge.n.desc()).limit(1))
    ).one_or_none()


async def money_of(tx: Tx, appointment_id: UUID) -> Money | None:
    """Return what was paid for an appointment; None for nothing."""
    charge = await standing_charge(tx, appointment_id)
    if charge is None or charge.state != ChargeState.PAID:
        return None
    sums = await _sums(tx, charge.id)
    done = sums.get(RefundState.DONE, 0)
    return Money(charge, done, sum(sums.values()) - done - sums.get(RefundState.FAILED, 0))


async def stays_paid(tx: Tx, appointment_id: UUID, leaving_id: UUID) -> bool:
    """Whether what was paid online is where it belongs once this professional gives the appointment no more.

    Each account is one professional's own: it went to a colleague who gives it too and stays, or all of it has gone back.
    """
    money = await money_of(tx, appointment_id)
    return money is not None and (money.charge.professional_id != leaving_id or money.refunded_minor == money.charge.minor)


async def left_of(tx: Tx, charge: Charge) -> int:
    """Return how much of a charge can still be given back."""
    sums = await _sums(tx, charge.id)
    return charge.minor - sum(sums.values()) + sums.get(RefundState.FAILED, 0)


async def _sums(tx: Tx, charge_id: UUID) -> dict[str, int]:
    rows = await tx.execute(select(Refund.state, func.sum(Refund.minor)).where(Refund.charge_id == charge_id).group_by(Refund.state))
    return {state: int(minor) for state, minor in rows}


async def merchant_of(tx: Tx, professional_id: UUID, provider: str) -> MerchantAccount | None:
    """Return the account at which a professional can be paid now by this provider."""
    merchant = await tx.get(MerchantAccount, professional_id)
    return merchant if merchant is not None and merchant.provider == provider and merchant.ready else None


async def way_of(tx: Tx, service: Service, lead_id: UUID | None, provider: str | None) -> Pays:
    """Say how a service is paid now. Where its professional cannot be paid online it is at the practice; `lead_id` where it is known."""
    if service.pays != Pays.ONLINE or provider is None:
        return Pays.PRACTICE if service.pays == Pays.ONLINE else Pays(service.pays)
    if provider == SANDBOX:
        return Pays.ONLINE
    who = lead_id or service.professional_id or service.lead_id
    return Pays.ONLINE if who is None or await merchant_of(tx, who, provider) else Pays.PRACTICE


async def lead_of(tx: Tx, appointment_id: UUID) -> UUID:
    """Return who leads an appointment, and is paid for it."""
    query = select(AppointmentMember.professional_id).where(AppointmentMember.appointment_id == appointment_id, AppointmentMember.lead)
    return (await tx.scalars(query)).one()


async def disputes_of(tx: Tx, professional_id: UUID) -> list[tuple[Dispute, Charge]]:
    """Return the disputes about what a professional was paid, the newest first."""
    query = select(Dispute, Charge).join(Charge, Charge.id == Dispute.charge_id).where(Charge.professional_id == professional_id)
    return [(dispute, charge) for dispute, charge in await tx.execute(query.order_by(Dispute.opened_at.desc(), Dispute.id))]
