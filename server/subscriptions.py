"""Who hears of which event, inside the transaction that causes it; in this order, where several hear of one."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from server.administration.completing import PolicyAsked
from server.billing.actions import end_checkout, settle_cancelled
from server.billing.events import ChargePaid, InvoiceIssued, RefundDone, RefundUndone
from server.billing.issuing import cancel_credit_note, issue_credit_note, issue_receipt
from server.booking.events import (
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentMoved,
    AppointmentPassedOn,
    HoldEnded,
    SeekerAsked,
    SeekerPassedOn,
    SlotOffered,
    WaitingListEnded,
)
from server.booking.waiting_list import on_freed, on_taken
from server.consultation.acting import on_acting_ended
from server.consultation.appointments import on_cancelled, on_confirmed, on_moved, on_passed_on
from server.consultation.events import Announced, Arranged, Called, Invited
from server.core.crypto import Secrets
from server.core.db import Events, Handler, Tx
from server.messaging.actions import queue_call, queue_message
from server.messaging.money_news import tell_given_back, tell_invoiced, tell_paid
from server.messaging.reminders import plan_reminders
from server.messaging.waiting import tell_asked, tell_ended, tell_offered, tell_passed_on
from server.patients.events import ActingEnded
from server.ports import Clock
from server.privacy.policies import tell_policy

Timed = Callable[[Tx, Any, datetime], Awaitable[object]]
TIMED: Sequence[tuple[type, Timed]] = (
    (AppointmentMoved, on_moved),
    (AppointmentPassedOn, on_passed_on),
    (Arranged, plan_reminders),
    (AppointmentMoved, plan_reminders),
    (AppointmentPassedOn, plan_reminders),
    (AppointmentConfirmed, on_taken),
    (AppointmentMoved, on_freed),
    (AppointmentCancelled, on_freed),
    (SeekerAsked, tell_asked),
    (SlotOffered, tell_offered),
    (SeekerPassedOn, tell_passed_on),
    (WaitingListEnded, tell_ended),
    (AppointmentCancelled, on_cancelled),
    (AppointmentCancelled, settle_cancelled),
    (HoldEnded, end_checkout),
    (ChargePaid, issue_receipt),
    (RefundDone, issue_credit_note),
    (RefundUndone, cancel_credit_note),
    (ChargePaid, tell_paid),
    (RefundDone, tell_given_back),
    (InvoiceIssued, tell_invoiced),
    (ActingEnded, on_acting_ended),
)


def build_events(clock: Clock, secrets: Secrets) -> Events:
    async def on_invited(tx: Tx, fact: Invited) -> None:
        await queue_message(tx, clock, fact)

    async def on_called(tx: Tx, fact: Called) -> None:
        await queue_call(tx, clock, fact)

    async def confirmed(tx: Tx, fact: AppointmentConfirmed) -> None:
        await on_confirmed(tx, secrets, fact, clock.now())

    events = Events()
    events.subscribe(PolicyAsked, tell_policy)
    events.subscribe(Invited, on_invited)
    events.subscribe(Called, on_called)
    events.subscribe(Announced, on_invited)
    events.subscribe(AppointmentConfirmed, confirmed)
    for kind, handle in TIMED:
        events.subscribe(kind, _at_the_time(clock, handle))
    return events


def _at_the_time(clock: Clock, handle: Timed) -> Handler:
    async def run(tx: Tx, fact: object) -> None:
        await handle(tx, fact, clock.now())

    return run
