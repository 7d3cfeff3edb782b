"""A professional books for a patient: a service, a patient who is known or new, and one of its free times; confirmed at once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import professional_of
from server.booking.details import NOTHING, Given, faults_of, given_in
from server.booking.doors import find_appointment
from server.booking.free_times import FreeTimes, Question, free_times
from server.booking.holding import Wanted
from server.booking.model import Service, ServiceState
from server.booking.offer_doors import see_service, see_services
from server.booking.on_behalf import book_for
from server.booking.slot_days import read_time
from server.consultation.doors import record_of, see_consultation
from server.consultation.known import Known, Like, Written, find_known, find_like
from server.core.db import Tx
from server.errors import Conflict, Invalid, NotFound
from server.patients.actions import Contact, add_record
from server.patients.model import Patient
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

See = Callable[[Tx, Viewer, UUID], Awaitable[Patient]]
NEW = "/appointments/new"
LONGEST_SEARCH = 200
ALL_THE_SAME = "new"  # the button for a new record although one like it is there


@dataclass(frozen=True)
class Plan:
    """What is being booked: `patient` is None for somebody new."""

    viewer: Viewer
    practice: Practice
    service: Service
    patient: Patient | None

    @property
    def path(self) -> str:
        return f"{NEW}/{self.service.id}" + (f"/for/{self.patient.id}" if self.patient else "")


@dataclass(frozen=True)
class Said:
    """What was written so far, and what was wrong with it: `code` of the time, `faults` of the patient.

    `found` are known patients of that name, `like` those who may be the very one that is to be entered.
    """

    given: Given = NOTHING
    time: str = ""
    code: str = ""
    faults: dict[str, str] | None = None
    letters: str = ""
    found: list[Known] | None = None
    like: Sequence[Like] = ()


class BookFor:
    """The pages; `see` is the door of the record, which stands a storey higher."""

    def __init__(self, see: See) -> None:
        self._see = see

    def routes(self) -> list[Route]:
        for_patient = "/for/{patient_id:uuid}"
        service = NEW + "/{service_id:uuid}"
        return [
            Route(NEW, self._services),
            Route(NEW + for_patient, self._services),
            Route(service, self._times, methods=["GET", "POST"]),
            Route(service + for_patient, self._times, methods=["GET", "POST"]),
            Route("/consultations/{consultation_id:uuid}/next", _next),
        ]

    async def _services(self, request: Request) -> Response:
        viewer = await professional_of(request)
        async with house_of(request).database.read() as tx:
            patient = await self._patient(tx, viewer, request)
            offered = [service for service in await see_services(tx, viewer) if service.state == ServiceState.OFFERED]
        ending = f"/for/{patient.id}" if patient else ""
        return render(request, "staff/book_service.html", {"services": offered, "patient": patient, "ending": ending, "path": NEW})

    async def _times(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._book(request)
        async with house_of(request).database.read() as tx:
            plan = await self._plan(tx, request)
            free = await _free(tx, request, plan, dict(request.query_params))
        return _show(request, plan, free, Said())

    async def _book(self, request: Request) -> Response:
        form = await read_form(request)
        if form.get("do") == "find":
            return await self._again(request, form)
        if "patient_id" not in request.path_params:
            if faults := faults_of(given_in(form)):
                return await self._again(request, form, faults=faults)
            if form.get("do") != ALL_THE_SAME and (like := await self._like(request, given_in(form))):
                return await self._again(request, form, like=like)
        house = house_of(request)
        try:
            async with house.database.write() as tx:
                plan = await self._plan(tx, request)
                wanted = Wanted(plan.service, read_time(form.get("time", "")), plan.practice.time_zone)
                patient = plan.patient or await _new_patient(tx, plan, given_in(form), house.clock.now())
                appointment = await book_for(tx, wanted, patient.id, plan.viewer.person_id, house.clock.now())
        except (Conflict, Invalid) as error:
            return await self._again(request, form, error)
        day = appointment.begins_at.astimezone(ZoneInfo(plan.practice.time_zone)).date()
        return RedirectResponse(f"/week?from={day}&booked", status_code=303)

    async def _again(
        self,
        request: Request,
        form: dict[str, str],
        error: Conflict | Invalid | None = None,
        faults: dict[str, str] | None = None,
        like: Sequence[Like] = (),
    ) -> Response:
        """Show it once more, with fresh times and all that was written."""
        letters = form.get("letters", "")[:LONGEST_SEARCH]
        async with house_of(request).database.read() as tx:
            plan = await self._plan(tx, request)
            free = await _free(tx, request, plan, form)
            found = await find_known(tx, plan.viewer, letters) if form.get("do") == "find" else None
        said = Said(given_in(form), form.get("time", ""), error.code if error else "", faults, letters, found, like)
        return _show(request, plan, free, said, error.http_status if error else 422 if faults or like else 200)

    async def _like(self, request: Request, given: Given) -> list[Like]:
        """Find records that may be of whoever is to be entered; somebody else's patients stay unnamed."""
        house = house_of(request)
        async with house.database.read() as tx:
            plan = await self._plan(tx, request)
            written = Written(given.name, given.mobile or None, given.email or None)
            return await find_like(tx, plan.viewer, written, house.settings.phone_region)

    async def _plan(self, tx: Tx, request: Request) -> Plan:
        """Load it by its doors; raises `NotFound`, also for a service that is not offered."""
        viewer = await professional_of(request)
        service = await see_service(tx, viewer, cast(UUID, request.path_params["service_id"]))
        if service.state != ServiceState.OFFERED:
            raise NotFound
        practice = await tx.get_one(Practice, service.practice_id)
        return Plan(viewer, practice, service, await self._patient(tx, viewer, request))

    async def _patient(self, tx: Tx, viewer: Viewer, request: Request) -> Patient | None:
        patient_id: UUID | None = request.path_params.get("patient_id")
        return await self._see(tx, viewer, patient_id) if patient_id else None


def routes(see: See) -> list[Route]:
    """Return the routes; `see` opens a record for whoever may book for it."""
    return BookFor(see).routes()


async def _next(request: Request) -> Response:
    """Go from a consultation to the next one: its patient is chosen, and its service where that is offered still."""
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        consultation = await see_consultation(tx, viewer, cast(UUID, request.path_params["consultation_id"]))
        patient = await record_of(tx, consultation)
        before = await find_appointment(tx, consultation.appointment_id) if consultation.appointment_id else None
        offered = {service.id for service in await see_services(tx, viewer) if service.state == ServiceState.OFFERED}
    same = f"/{before.service_id}" if before and before.service_id in offered else ""
    return RedirectResponse(f"{NEW}{same}/for/{patient.id}", status_code=303)


async def _new_patient(tx: Tx, plan: Plan, given: Given, now: datetime) -> Patient:
    contact = Contact(given.name, given.mobile or None, given.email or None)
    return await add_record(tx, plan.practice.id, contact, None, now)


async def _free(tx: Tx, request: Request, plan: Plan, asked: dict[str, str]) -> FreeTimes:
    return await free_times(tx, Question(plan.service, plan.practice.time_zone, asked), house_of(request).clock.now())


def _show(request: Request, plan: Plan, free: FreeTimes, said: Said, status: int = 200) -> Response:
    shown = {
        "service": plan.service,
        "patient": plan.patient,
        "path": plan.path,
        "back": NEW + (f"/for/{plan.patient.id}" if plan.patient else ""),
        "week": free.week,
        "zone": free.zone,
        "now": free.now,
        "first_free": free.first_free,
        "closed": free.closed,
        "said": said,
        "given": said.given,
        "faults": said.faults or {},
    }
    return render(request, "staff/book_for.html", shown, status)
