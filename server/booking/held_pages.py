"""The pages of whoever holds a time: who they are, whether everything is right, and the booking itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.booking.actions import Details, confirm, refuse_restricted
from server.booking.book_pages import Shop, show_times
from server.booking.details import NOTHING, Given, faults_of, given_in
from server.booking.doors import find_appointment, professionals_of
from server.booking.free_times import Question, free_times
from server.booking.front import Front, front_of
from server.booking.held import PATH, find_held
from server.booking.holding import release
from server.booking.model import Appointment, Pays, Service
from server.booking.paying import Cashier
from server.booking.slot_days import own_zone
from server.core.db import Tx
from server.errors import NotFound, NotSignedIn
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, acts_for_at
from server.patients.doors import OwnRecord, find_own_record
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

Page = Callable[[Request], Awaitable[Response]]
Arrive = Callable[[Request, UUID], Awaitable[Response]]


@dataclass(frozen=True)
class Held:
    """A time that this browser holds, and what its pages show; `known` is the record at this practice of whoever is signed in.

    `acts_for` are the records there of those for whom they act.
    """

    appointment: Appointment
    front: Front
    service: Service
    members: str
    known: Patient | None
    acts_for: list[OwnRecord]
    now: datetime

    @property
    def chosen(self) -> OwnRecord | None:
        """For whom it is booked, of those for whom the reader acts; None for themself, and for anybody else."""
        return next((record for record in self.acts_for if record.patient.id == self.appointment.patient_id), None)


class Gone(Exception):
    """The time is no longer kept for this browser."""


class Booked(Exception):
    """It is booked already: by the other button, or by the same one twice."""


def routes(arrive: Arrive, cashier: Cashier) -> list[Route]:
    """Return the routes; `arrive` answers whoever has booked, and stands a storey higher, as the cashier does."""
    held = PATH + "/held/{appointment_id:uuid}"

    def page(edge: Page) -> Page:
        return while_held(edge, arrive)

    return [
        Route(held, page(_details), methods=["GET", "POST"]),
        Route(held + "/check", page(_checking(cashier)), methods=["GET", "POST"]),
        Route(held + "/leave", page(_leave), methods=["POST"]),
    ]


def while_held(edge: Page, arrive: Arrive) -> Page:
    @wraps(edge)
    async def wrapped(request: Request) -> Response:
        try:
            return await edge(request)
        except Booked:
            return await arrive(request, _id(request))
        except Gone:
            return await _times_again(request)

    return wrapped


async def _times_again(request: Request) -> Response:
    """Show fresh times with a sentence; what was written goes along. Nothing of what another browser holds is shown, nor from where."""
    given: Given = getattr(request.state, "given", NOTHING)
    house = house_of(request)
    async with house.database.read() as tx:
        appointment, front, service = await _about(tx, request)
        ours = find_held(request) == appointment.id
        kept = given if given.kept or not ours else _given_of(appointment)
        zone = {"zone": appointment.time_zone} if ours else {}
        free = await free_times(tx, Question(service, front.practice.time_zone, zone), house.clock.now())
    return show_times(request, Shop(front, service, free, kept, "expired"), 409)


async def _details(request: Request) -> Response:
    if request.method == "POST":
        return await _store_details(request)
    async with house_of(request).database.read() as tx:
        held = await load_held(tx, request)
    given = _given_of(held.appointment)
    if not given.kept and held.known is not None:
        given = Given(held.known.name, held.known.mobile or "", held.known.email or "")
    return _show_details(request, held, given)


async def _store_details(request: Request) -> Response:
    given, whom = await _read_given(request), request.state.whom
    async with house_of(request).database.write() as tx:
        held = await load_held(tx, request, lock=True)
        chosen = next((record.patient for record in held.acts_for if str(record.patient.id) == whom), None)
        given = given if chosen is None else Given(chosen.name)
        faults = faults_of(given) if chosen is None else {}
        if not faults:
            held.appointment.describe(given.name, given.mobile or None, given.email or None, held.now)
            held.appointment.patient_id = chosen.id if chosen else None
    if faults:
        return _show_details(request, held, given, faults)
    return RedirectResponse(f"{base_of(held)}/check", status_code=303)


def _show_details(request: Request, held: Held, given: Given, faults: dict[str, str] | None = None) -> Response:
    return show_held(request, held, "details", 422 if faults else 200, given=given, faults=faults or {})


def _checking(cashier: Cashier) -> Page:
    async def check(request: Request) -> Response:
        if request.method == "POST":
            return await _book(request, cashier)
        async with house_of(request).database.read() as tx:
            held = await load_held(tx, request)
            pays = await _pays(tx, request, held, cashier)
        if _unready(held):
            return RedirectResponse(base_of(held), status_code=303)
        return show_held(request, held, "check", pays=pays)

    return check


async def _book(request: Request, cashier: Cashier) -> Response:
    """Promise the time, or lead to where it is paid for first."""
    async with house_of(request).database.write() as tx:
        held = await load_held(tx, request, lock=True)
        if _unready(held):
            return RedirectResponse(base_of(held), status_code=303)
        await refuse_restricted(tx, held.chosen.patient if held.chosen else held.known, held.now)
        who, pays = _who(held), await _pays(tx, request, held, cashier)
        if pays == Pays.ONLINE:
            held.appointment.booked_by = who.person_id
        else:
            held.appointment.pays = pays
            await tx.flush()  # before it is read anew
            await confirm(tx, held.appointment, who, held.now)
    if pays == Pays.ONLINE:
        return await cashier.start(request, held.appointment.id)
    raise Booked


async def _pays(tx: Tx, request: Request, held: Held, cashier: Cashier) -> Pays:
    """Say how this is paid for, as it was promised when the time was chosen and as it is possible now."""
    if held.appointment.price_minor == 0 or held.appointment.pays != Pays.ONLINE:
        return Pays(held.appointment.pays) if held.appointment.price_minor else Pays.PRACTICE
    lead = (await professionals_of(tx, held.appointment.id))[0]
    return await cashier.way(house_of(request), tx, held.service, lead.id)


async def _leave(request: Request) -> Response:
    """Give the time back, and show the others; what was written goes along."""
    given = await _read_given(request)
    house = house_of(request)
    async with house.database.write() as tx:
        held = await load_held(tx, request)
        kept = given if given.kept else _given_of(held.appointment)
        await release(tx, held.appointment, held.now)
        free = await free_times(tx, Question(held.service, held.front.practice.time_zone, {"zone": held.appointment.time_zone}), held.now)
    return show_times(request, Shop(held.front, held.service, free, kept))


async def load_held(tx: Tx, request: Request, *, lock: bool = False) -> Held:
    """Load what this browser holds; raises `Gone`, `Booked`, and `NotFound` where there never was anything."""
    appointment, front, service = await _about(tx, request, lock=lock)
    now = house_of(request).clock.now()
    if find_held(request) != appointment.id:
        raise Gone
    if appointment.confirmed_at is not None:
        raise Booked
    if not appointment.held_at(now):
        raise Gone
    person_id = await _reader(request)
    known = await find_own_record(tx, person_id, front.practice.id) if person_id else None
    acts_for = await acts_for_at(tx, Reader(person_id, now), front.practice.id) if person_id else []
    members = ", ".join(member.full_name for member in await professionals_of(tx, appointment.id))
    return Held(appointment, front, service, members, known, acts_for, now)


async def _about(tx: Tx, request: Request, *, lock: bool = False) -> tuple[Appointment, Front, Service]:
    appointment = await find_appointment(tx, _id(request), lock=lock)
    if appointment is None or appointment.service_id is None:
        raise NotFound
    service = await tx.get_one(Service, appointment.service_id)
    return appointment, await front_of(tx, service), service


async def _reader(request: Request) -> UUID | None:
    try:
        return (await signed_in(request)).person_id
    except NotSignedIn:
        return None


def _unready(held: Held) -> bool:
    """Whether it is not said yet for whom this is, or cannot be any more: whoever acted for them may have lost the right meanwhile."""
    if held.appointment.patient_id is not None:
        return held.chosen is None
    return bool(faults_of(_given_of(held.appointment)))


def _who(held: Held) -> Details:
    """Say who books. It is for the record of whoever is signed in where the name is theirs; another name is somebody else.

    For somebody for whom they act it is said by the record that was chosen, and by whoever acts.
    """
    given = _given_of(held.appointment)
    if held.chosen is not None:
        return Details(given.name, None, None, held.chosen.reader_id)
    own = held.known is not None and held.known.unless_called(given.name) is None
    return Details(given.name, given.mobile or None, given.email or None, held.known.person_id if held.known and own else None)


def show_held(request: Request, held: Held, template: str, status: int = 200, **more: object) -> Response:
    zone = held.front.practice.time_zone
    shown = {
        "front": held.front,
        "practice": held.front.practice,
        "service": held.service,
        "appointment": held.appointment,
        "with": held.members,
        "zone": zone,
        "own": own_zone(held.appointment.time_zone, zone, held.appointment.begins_at),
        "base": base_of(held),
        "known": held.known.name if held.known else None,
        "acts_for_here": held.acts_for,
        "whom": str(held.chosen.patient.id) if held.chosen else "",
        "acts_for": held.chosen.patient.name if held.chosen else "",
        "now": held.now,
        **more,
    }
    return render(request, f"book/{template}.html", shown, status)


async def _read_given(request: Request) -> Given:
    """Read the form and keep it at hand: should the time be gone, what was written goes along."""
    form = await read_form(request)
    request.state.given, request.state.whom = given_in(form), form.get("whom", "")
    return cast(Given, request.state.given)


def _given_of(appointment: Appointment) -> Given:
    return Given(appointment.name or "", appointment.mobile or "", appointment.email or "")


def base_of(held: Held) -> str:
    return f"{PATH}/held/{held.appointment.id}"


def _id(request: Request) -> UUID:
    appointment_id: UUID = request.path_params["appointment_id"]
    return appointment_id
