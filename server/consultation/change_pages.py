"""The professional moves or cancels: any time to come, whatever the rules for patients say; everybody invited is told."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import professional_of
from server.booking.actions import cancel, move_for_practice
from server.booking.doors import find_appointment
from server.booking.free_times import FreeTimes, Question, times_to_move
from server.booking.guard import find_closed, lock_appointment, members_of
from server.booking.model import Appointment, Party, Service
from server.booking.slot_days import TIME, read_time
from server.consultation.doors import record_of, see_consultation
from server.consultation.model import Consultation
from server.consultation.visit_appointment import check_version, read_version
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, Invalid
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
LAST_YEAR = 9000
PLANNED_BEFORE = _(
    "This consultation was planned before times could be moved and cancelled here. Please call the patient, and plan a new one on Today."
)


@dataclass(frozen=True)
class Change:
    """What is to be changed, as its page shows it."""

    consultation: Consultation
    appointment: Appointment
    patient: Patient
    practice: Practice


def routes() -> list[Route]:
    page = "/consultations/{consultation_id:uuid}/appointment"
    return [Route(page, _page), Route(page + "/move", _move, methods=["POST"]), Route(page + "/cancel", _cancel, methods=["POST"])]


async def _page(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        return await _show(tx, request, await _change(tx, request))


async def _move(request: Request) -> Response:
    form = await read_form(request)
    now = house_of(request).clock.now()
    try:
        async with house_of(request).database.write() as tx:
            change = await _change(tx, request, lock=True)
            begins_at = _chosen(form, change.practice.time_zone)
            await move_for_practice(tx, change.appointment, begins_at, read_version(form), now)
    except (Conflict, Invalid) as error:
        return await _again(request, error, form)
    return _to_week(begins_at, change.practice)


async def _cancel(request: Request) -> Response:
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            change = await _change(tx, request, lock=True)
            check_version(change.appointment, form)
            await cancel(tx, change.appointment, Party.PRACTICE, house_of(request).clock.now())
    except (Conflict, Invalid) as error:
        return await _again(request, error, form)
    return _to_week(change.appointment.begins_at, change.practice)


async def _change(tx: Tx, request: Request, *, lock: bool = False) -> Change:
    """Load it through the consultation's door; raises `NotFound`, and `Conflict` for what was planned before there were appointments.

    With `lock` the diaries come first, then the appointment, and the consultation last, as everywhere.
    """
    viewer = await professional_of(request)
    consultation_id = cast(UUID, request.path_params["consultation_id"])
    consultation = await see_consultation(tx, viewer, consultation_id)
    appointment = await find_appointment(tx, consultation.appointment_id) if consultation.appointment_id else None
    if appointment is None:
        raise Conflict(PLANNED_BEFORE, code="no_appointment")
    if lock:
        await lock_appointment(tx, appointment)
        await see_consultation(tx, viewer, consultation_id, lock=True)
    practice = await tx.get_one(Practice, consultation.practice_id)
    return Change(consultation, appointment, await record_of(tx, consultation), practice)


async def _again(request: Request, error: Conflict | Invalid, form: dict[str, str]) -> Response:
    async with house_of(request).database.read() as tx:
        return await _show(tx, request, await _change(tx, request), error, form)


async def _show(
    tx: Tx, request: Request, change: Change, error: Conflict | Invalid | None = None, form: dict[str, str] | None = None
) -> Response:
    free = await _free(tx, request, change, form or dict(request.query_params))
    closed = await find_closed(tx, await members_of(tx, change.appointment))
    local = change.appointment.begins_at.astimezone(ZoneInfo(change.practice.time_zone))
    shown = {
        "consultation": change.consultation,
        "appointment": change.appointment,
        "patient": change.patient,
        "zone": change.practice.time_zone,
        "week": free.week if free else None,
        "first_free": free.first_free if free else None,
        "closed": closed.full_name if closed else "",
        "day_value": (form or {}).get("day") or local.strftime("%Y-%m-%d"),
        "time_value": _typed(form) or local.strftime("%H:%M"),
        "chosen": (form or {}).get("time", ""),
        "error": language_of(request).text(error.message) if error else None,
        "now": house_of(request).clock.now(),
    }
    return render(request, "staff/appointment.html", shown, error.http_status if error else 200)


def _typed(form: dict[str, str] | None) -> str:
    """Return the time that was written by hand, as it was."""
    text = (form or {}).get("time", "")
    return "" if TIME.fullmatch(text) else text


async def _free(tx: Tx, request: Request, change: Change, asked: dict[str, str]) -> FreeTimes | None:
    """Return the free times of what was booked as a service; what a professional planned themself goes anywhere."""
    service = await tx.get(Service, change.appointment.service_id) if change.appointment.service_id else None
    if service is None or change.consultation.over:
        return None
    question = Question(service, change.practice.time_zone, asked)
    return await times_to_move(tx, change.appointment, question, house_of(request).clock.now())


def _chosen(form: dict[str, str], zone: str) -> datetime:
    """Return the free time that was chosen, or the day and time that were written."""
    text = form.get("time", "")
    return read_time(text) if TIME.fullmatch(text) else read_local(form.get("day", ""), text, zone)


def read_local(day: str, clock: str, zone: str) -> datetime:
    """Return the aware UTC time of a day and a time on the practice's clock; raises `Invalid` for none, or one that is left out."""
    text = f"{day}T{clock}"
    try:
        naive = datetime.fromisoformat(text) if LOCAL.fullmatch(text) else None
    except ValueError:
        naive = None
    if naive is None or not 1 < naive.year < LAST_YEAR:
        raise Invalid("Please choose a day and a time.", code="time")
    moment = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != naive:
        raise Invalid("The clocks change in that night, and this time is left out. Please choose another one.", code="time")
    return moment


def _to_week(moment: datetime, practice: Practice) -> Response:
    day = moment.astimezone(ZoneInfo(practice.time_zone)).date()
    return RedirectResponse(f"/week?from={day}", status_code=303)
