"""What stands open when somebody's place ends, and handing it over: times and counts, and of no patient who they are."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from server.access.model import Professional
from server.access.people import OwnPlace, end_place, in_charge_of, own_place, permissions_that_end, place_of
from server.access.policy import Viewer
from server.access.taking import stop_bookings
from server.billing.doors import stays_paid
from server.booking.actions import cancel
from server.booking.doors import held_ahead, times_ahead
from server.booking.guard import lock_diaries
from server.booking.model import Party
from server.booking.passing import Promised, free_for, pass_on, promised_by, see_promised
from server.booking.waiting_passing import Instead, Waiting, end_waiting, instead_of, pass_waiting, waiting_for
from server.consultation.doors import running_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.keyring import KeyRing
from server.errors import Conflict, NotFound
from server.notes.doors import SeenNote, drafts_of, own_drafts
from server.notes.unclosed import Leaver, Texts, close_unclosed

PASSED_ON, WAITING = "handover", "waiting_list"  # in the audit


class Choice(NamedTuple):
    """A promised appointment, and who could give it instead."""

    promised: Promised
    colleagues: list[Professional]


class Closing(NamedTuple):
    """What whoever leaves has not closed, as it was read a moment ago."""

    keyring: KeyRing
    texts: Texts


class Standing(NamedTuple):
    """What is open. Only `choices` and `running` keep a place from ending: `notes` that are not closed are closed as they stand.

    `instead` is what those who are `waiting` could wait for.
    """

    choices: list[Choice]
    running: int
    notes: int
    waiting: list[Waiting]
    instead: list[Instead]
    permissions: int

    @property
    def keeps(self) -> bool:
        return bool(self.choices or self.running)


class Own(NamedTuple):
    """What whoever wants to leave sees of it: `standing` of a professional, and `drafts`, which they have not closed."""

    own: OwnPlace
    standing: Standing | None
    drafts: list[SeenNote]


async def standing_of(tx: Tx, viewer: Viewer, person_id: UUID, now: datetime) -> Standing:
    """Gather it for whoever looks after the practice; raises `Forbidden`, `NotFound`."""
    leaving = await _leaving(tx, viewer, person_id)
    return await _standing(tx, leaving, now)


async def own_standing(tx: Tx, viewer: Viewer, now: datetime) -> Own:
    """Gather it for whoever wants to leave, in whatever role; raises `Forbidden` for whoever works nowhere."""
    own = await own_place(tx, viewer)
    professional = own.place.professional
    return Own(own, await _standing(tx, professional, now) if professional else None, await own_drafts(tx, viewer))


async def _standing(tx: Tx, leaving: Professional, now: datetime) -> Standing:
    promised = [await _with_money(tx, leaving, one) for one in await promised_by(tx, leaving.id, now)]
    waiting = await waiting_for(tx, leaving.id, now)
    return Standing(
        [Choice(one, [] if one.payee_leaves else await free_for(tx, one, leaving, now)) for one in promised],
        await running_of(tx, leaving.id),
        len(await drafts_of(tx, leaving.practice_id, leaving.person_id)),
        waiting,
        await instead_of(tx, leaving) if waiting else [],
        await permissions_that_end(tx, leaving.practice_id, leaving.person_id, now),
    )


async def hand_over(tx: Tx, viewer: Viewer, which: tuple[UUID, UUID], taking_id: UUID, version: int, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Let a colleague give an appointment; `which` are the person who leaves and the appointment. Raises as `pass_on` does.

    Whoever leaves takes no new bookings from then on: else their free times would be booked while others are handed over.
    """
    leaving, promised = await _see(tx, viewer, which, now)
    await pass_on(tx, promised, leaving, taking_id, version, now)
    await stop_bookings(tx, viewer, leaving.id, now)
    await _tell(tx, viewer, promised, Act.CHANGED, now)


async def call_off(tx: Tx, viewer: Viewer, which: tuple[UUID, UUID], version: int, now: datetime) -> None:
    """Cancel an appointment as the practice does: the patient is told, and money goes back by the rules. Raises `Conflict`, `NotFound`."""
    leaving, promised = await _see(tx, viewer, which, now)
    if promised.appointment.version != version:
        raise Conflict(code="stale")
    await cancel(tx, promised.appointment, Party.PRACTICE, now)
    await stop_bookings(tx, viewer, leaving.id, now)
    await _tell(tx, viewer, promised, Act.WITHDREW, now)


async def hand_over_waiting(tx: Tx, viewer: Viewer, which: tuple[UUID, UUID], taking_id: UUID, now: datetime) -> int:
    """Let those who wait for a service wait for another one; `which` are the person who leaves and the service. Returns how many.

    They take no new bookings from then on, as with an appointment that is handed over. Raises as `pass_waiting` does.
    """
    leaving = await _leaving(tx, viewer, which[0])
    await stop_bookings(tx, viewer, leaving.id, now)
    passed = await pass_waiting(tx, leaving, which[1], taking_id, now)
    await record(tx, Deed(leaving.practice_id, viewer.person_id, Act.CHANGED, WAITING, which[1], None, f"passes {passed} on"), now)
    return passed


async def end(tx: Tx, viewer: Viewer, person_id: UUID, closing: Closing, now: datetime) -> list[int]:
    """End somebody's place, or one's own, tell those who waited for them and whom nobody took over, and close their notes; returns which.

    Raises as `end_place` does, `Conflict` with `promised`, `held` or `running` while patients are promised them, or talk to them, and with
    `moved` where a note does not say any more what was read.
    """
    practice_id, professional = await _reach(tx, viewer, person_id)
    if professional is not None:
        await _insist_on_nothing_open(tx, professional.id, now)
    leaver = Leaver(practice_id, person_id, viewer.person_id)
    closed = await close_unclosed(tx, closing.keyring, leaver, closing.texts, now)  # whoever signs locks the note before the practice, too
    await end_place(tx, viewer, person_id, now)
    if professional is not None:
        await _end_waiting(tx, viewer, professional, now)
    return closed


async def _reach(tx: Tx, viewer: Viewer, person_id: UUID) -> tuple[UUID, Professional | None]:
    if person_id == viewer.person_id:
        own = await own_place(tx, viewer)
        return own.practice_id, own.place.professional
    return await in_charge_of(tx, viewer), (await place_of(tx, viewer, person_id)).professional


async def _end_waiting(tx: Tx, viewer: Viewer, professional: Professional, now: datetime) -> None:
    told = await end_waiting(tx, professional.id, now)
    if told:
        deed = Deed(professional.practice_id, viewer.person_id, Act.WITHDREW, WAITING, professional.id, None, f"tells {told}")
        await record(tx, deed, now)


async def _insist_on_nothing_open(tx: Tx, professional_id: UUID, now: datetime) -> None:
    """Afterwards nobody could take care of it."""
    await lock_diaries(tx, [professional_id])  # whoever takes or hands over a time waits, and finds the place ended
    if await times_ahead(tx, professional_id, now):
        raise Conflict("Appointments are promised.", code="promised")
    if await held_ahead(tx, professional_id, now):
        raise Conflict("A time is held.", code="held")
    if await running_of(tx, professional_id):
        raise Conflict("A consultation is going on.", code="running")


async def leaving_of(tx: Tx, viewer: Viewer, person_id: UUID) -> UUID:
    """Return who is to leave as a professional; raises `Forbidden`, `NotFound`."""
    return (await _leaving(tx, viewer, person_id)).id


async def _see(tx: Tx, viewer: Viewer, which: tuple[UUID, UUID], now: datetime) -> tuple[Professional, Promised]:
    leaving = await _leaving(tx, viewer, which[0])
    return leaving, await _with_money(tx, leaving, await see_promised(tx, leaving.id, which[1], now))


async def _with_money(tx: Tx, leaving: Professional, promised: Promised) -> Promised:
    paid = promised.appointment.paid_online
    return promised._replace(stays_paid=paid and await stays_paid(tx, promised.appointment.id, leaving.id))


async def _leaving(tx: Tx, viewer: Viewer, person_id: UUID) -> Professional:
    professional = (await place_of(tx, viewer, person_id)).professional
    if professional is None:
        raise NotFound
    return professional


async def _tell(tx: Tx, viewer: Viewer, promised: Promised, act: Act, now: datetime) -> None:
    one = promised.appointment
    thing = PASSED_ON if act is Act.CHANGED else "appointment"
    await record(tx, Deed(one.practice_id, viewer.person_id, act, thing, one.id, one.patient_id), now)
