"""The patient's own appointment, by their personal link: what was booked, another time, and calling it off."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.access.acting import Reach
from server.billing.doors import Money, money_of
from server.billing.papers import BillingDocument
from server.billing.terms import kept_minor
from server.booking.actions import cancel, move
from server.booking.doors import find_appointment
from server.booking.free_times import FreeTimes, Question, times_to_move
from server.booking.guard import lock_appointment
from server.booking.model import Appointment, Party, Service
from server.booking.slot_days import own_zone, read_time
from server.consultation.acting import link_for, note_acted
from server.consultation.doors import consultation_behind, link_of_appointment, record_of
from server.consultation.join_link import join_token
from server.consultation.model import Standing
from server.consultation.visit_documents import own_documents
from server.consultation.visit_view import COOKIE, COOKIE_S, GoTo, View, go_to, show, view_of
from server.core.audit import Act
from server.core.db import Tx
from server.errors import Conflict, ConsiliumError, Invalid
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.patients.answer_doors import Progress, newest_version, progress_at
from server.patients.doors import patient_of
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.forms import read_form

SAID = ("booked", "moved")


@dataclass(frozen=True)
class Mine:
    """An appointment that its patient booked, on their visit; `patient` is where they are written to, `money` what they paid online.

    `documents` are its receipts and invoices.
    """

    view: View
    appointment: Appointment
    service: Service
    patient: Patient
    money: Money | None
    documents: list[BillingDocument]


async def arrive(request: Request, appointment_id: UUID) -> Response:
    """Answer whoever has just booked: with the visit's cookie, on the page of the appointment."""
    house = house_of(request)
    async with house.database.read() as tx:
        appointment = await find_appointment(tx, appointment_id)
        link = await link_of_appointment(tx, appointment_id)
        booked_for = None if appointment is None else await _booked_for(tx, appointment)
    if booked_for is not None:
        link = await _link_for(request, booked_for, link)
    return enter(request, link, "/appointment?booked")


async def _booked_for(tx: Tx, appointment: Appointment) -> UUID | None:
    """Return the record of whoever it was booked for by somebody who acts for them: the patient's own link is not theirs."""
    if appointment.booked_by is None or appointment.patient_id is None:
        return None
    patient = await patient_of(tx, appointment.patient_id)
    return None if patient.person_id == appointment.booked_by else patient.id


async def _link_for(request: Request, patient_id: UUID, patients: UUID) -> UUID:
    """Return the link of whoever is signed in and acts for the patient now; raises `NotFound` and `NotSignedIn`."""
    house, who = house_of(request), await signed_in(request)
    now = house.clock.now()
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(who.person_id, now), patient_id, Reach.BOOK)
        return await link_for(tx, house.secrets, own, await consultation_behind(tx, patients), now)


def enter(request: Request, link_id: UUID, page: str = "") -> Response:
    """Let somebody in to a visit by its cookie, without showing them the link."""
    house = house_of(request)
    path = f"/v/{link_id}"
    response = RedirectResponse(path + page, status_code=303)
    token = join_token(house.secrets, link_id)
    response.set_cookie(COOKIE, token, max_age=COOKIE_S, path=path, secure=house.settings.secure, httponly=True, samesite="lax")
    return response


async def booked_by_patient(tx: Tx, view: View) -> Mine | None:
    """Return the appointment of a visit, or None where a professional made it, and for a guest."""
    appointment_id = None if view.guest else view.visit.consultation.appointment_id
    appointment = await find_appointment(tx, appointment_id) if appointment_id else None
    if appointment is None or appointment.service_id is None:
        return None
    service = await tx.get_one(Service, appointment.service_id)
    patient = await record_of(tx, view.visit.consultation)
    return Mine(view, appointment, service, patient, await money_of(tx, appointment.id), await own_documents(tx, view))


def has_begun(view: View) -> bool:
    """From then on answers stay as they were sent."""
    return view.visit.consultation.over or view.visit.consultation.started_at is not None


async def progress_of(tx: Tx, mine: Mine | None) -> Progress | None:
    """Say for the pages around it how far the patient is; None where nothing is asked, not any more, or not of whoever looks."""
    if mine is None or not mine.view.sees or mine.view.closed or has_begun(mine.view):
        return None
    progress = await progress_at(tx, mine.appointment.id)
    if progress is Progress.NOTHING:
        asked = mine.service.questionnaire_id
        return progress if asked and await newest_version(tx, asked) else None
    return progress


async def _mine(tx: Tx, request: Request, *, lock: bool = False) -> Mine:
    """Load it for a page; raises `NotFound` without the visit, and `GoTo` where another page has the answer: there is nothing to change."""
    view = await view_of(tx, request, lock=lock)
    if view.closed:
        raise GoTo(view.base)
    if view.visit.consultation.over:
        raise GoTo(f"{view.base}/after")
    mine = await booked_by_patient(tx, view)
    if mine is None:
        raise GoTo(view.base)
    return mine


async def _mine_alone(tx: Tx, request: Request) -> Mine:
    """Load it to change it: first the diaries and the appointment are locked and only then the consultation, as everybody does."""
    await lock_appointment(tx, (await _mine(tx, request)).appointment)
    return await _mine(tx, request, lock=True)


async def appointment_page(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        mine = await _mine(tx, request)
        questions = await progress_of(tx, mine)
    return _show(request, mine, "appointment", questions=questions, said=next((word for word in SAID if word in request.query_params), ""))


async def cancel_page(request: Request) -> Response:
    """Say what happens, and then do it; whoever is too late, or looks at what has moved meanwhile, is told."""
    if request.method != "POST":
        async with house_of(request).database.read() as tx:
            return _show(request, await _mine(tx, request), "cancel")
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            mine = await _mine_alone(tx, request)
            check_version(mine.appointment, form)
            await cancel(tx, mine.appointment, Party.PATIENT, mine.view.now)
            await note_acted(tx, mine.view.visit, Act.WITHDREW, "appointment", mine.view.now)
    except (Conflict, Invalid) as error:
        async with house_of(request).database.read() as tx:
            return _show(request, await _mine(tx, request), "cancel", error.http_status, said=error.code)
    return go_to(mine.view.base)


async def move_page(request: Request) -> Response:
    if request.method != "POST":
        async with house_of(request).database.read() as tx:
            mine = await _mine(tx, request)
            return _show_move(request, mine, await _free(tx, mine, request.query_params))
    form = await read_form(request)
    try:
        begins_at = read_time(form.get("time", ""))
        async with house_of(request).database.write() as tx:
            mine = await _mine_alone(tx, request)
            await move(tx, mine.appointment, begins_at, read_version(form), mine.view.now)
            await note_acted(tx, mine.view.visit, Act.CHANGED, "appointment", mine.view.now)
    except (Conflict, Invalid) as error:
        return await _move_again(request, form, error)
    return go_to(f"{mine.view.base}/appointment?moved")


async def _move_again(request: Request, form: Mapping[str, str], error: ConsiliumError) -> Response:
    async with house_of(request).database.read() as tx:
        mine = await _mine(tx, request)
        free = await _free(tx, mine, form)
    return _show_move(request, mine, free, error.http_status, error.code)


async def _free(tx: Tx, mine: Mine, asked: Mapping[str, str]) -> FreeTimes:
    zoned = {"zone": mine.appointment.time_zone, **asked}
    return await times_to_move(tx, mine.appointment, Question(mine.service, mine.view.practice.time_zone, zoned), mine.view.now)


def _show_move(request: Request, mine: Mine, free: FreeTimes, status: int = 200, said: str = "") -> Response:
    boot = {"zone": free.zone, "at": free.example.isoformat()}
    shown = {"week": free.week, "first_free": free.first_free, "closed": free.closed, "path": f"{mine.view.base}/move", "boot": boot}
    return _show(request, mine, "move", status, said=said, **shown)


def _show(request: Request, mine: Mine, template: str, status: int = 200, *, said: str = "", **more: object) -> Response:
    zone = mine.view.practice.time_zone
    shown = {
        "appointment": mine.appointment,
        "service": mine.service,
        "patient": mine.patient,
        "money": mine.money,
        "documents": mine.documents,
        "fee": kept_minor(mine.appointment, mine.view.now),
        "open": mine.view.visit.standing is Standing.READY,
        "zone": zone,
        "own": own_zone(mine.appointment.time_zone, zone, mine.appointment.begins_at),
        "said": said,
        **more,
    }
    return show(request, mine.view, template, status, **shown)


def read_version(form: Mapping[str, str]) -> int:
    text = form.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise Invalid(code="version")
    return int(text)


def check_version(appointment: Appointment, form: Mapping[str, str]) -> None:
    """Raises `Conflict` with the code `stale` for a page that shows what was before."""
    if read_version(form) != appointment.version:
        raise Conflict("This appointment has changed in the meantime. Please look again.", code="stale")


PAGES = [
    ("/appointment", appointment_page, ["GET"]),
    ("/move", move_page, ["GET", "POST"]),
    ("/cancel", cancel_page, ["GET", "POST"]),
]
