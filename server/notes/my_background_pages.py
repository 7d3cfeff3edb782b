"""The patient's own page about who they are, which they write, and their health background, of which they ask for corrections."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.access.viewer import names_of
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, Invalid, TooBig
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.patients.acting_looks import note_look
from server.patients.actions import Contact, readdress
from server.patients.addresses import read_address
from server.patients.background import State
from server.patients.background_actions import MANY, STALE, Hand, Wanted, ask_for, write_particulars
from server.patients.background_doors import GONE, THING, background_of, see_still, writers_of, written_on
from server.patients.doors import OwnRecord, see_own_record
from server.patients.particulars import WRONG as WRONG_PARTICULARS
from server.patients.particulars import read_particulars
from server.patients.telling import FIELD_OF, Fault, Kind, Source, Told, read_kind, read_told
from server.patients.telling import WRONG as WRONG_LINE
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PAGE = "my/background.html"
SENTENCES = {
    **WRONG_PARTICULARS,
    **WRONG_LINE,
    "stale": STALE,
    "gone": GONE,
    "many": MANY,
    "mobile": _("Please write a mobile number, with the country's code if it is not a British one."),
    "email": _("Please write an e-mail address, like name@example.org."),
}


def routes() -> list[Route]:
    own = "/my/{patient_id:uuid}/background"
    return [
        Route(own, _show, methods=["GET"]),
        Route(own + "/contact", _contact, methods=["POST"]),
        Route(own + "/particulars", _particulars, methods=["POST"]),
        Route(own + "/ask", _ask, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    return await _page(request, None, 200)


async def _contact(request: Request) -> Response:
    """Take another number or address at once; an empty field leaves what there is, for somebody must be reached."""
    form = await read_form(request)
    house = house_of(request)
    who = await signed_in(request)
    try:
        async with house.database.write() as tx:
            own = await _own(request, tx, lock=True)
            mobile, email = (_address(form, name, house.settings.phone_region) for name in ("mobile", "email"))
            await readdress(tx, who.person_id, own.patient, Contact(own.patient.name, mobile, email), house.clock.now())
    except Invalid as error:
        return await _page(request, Fault("contact", error.code, form), 422)
    return _done(request, "contact")


async def _particulars(request: Request) -> Response:
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            own = await _own(request, tx, lock=True)
            who = read_particulars(form, _today(request, own))
            await write_particulars(tx, await _hand(request, own), who, form.get("seen", ""))
    except Invalid as error:
        return await _page(request, Fault("particulars", error.code, form), error.http_status)
    except Conflict as error:
        async with house_of(request).database.read() as tx:
            form = await written_on(tx, house_of(request).keyring, (await _own(request, tx)).patient.id, form)
        return await _page(request, Fault("particulars", error.code, form), error.http_status)
    return _done(request, "particulars")


async def _ask(request: Request) -> Response:
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            own = await _theirs(request, tx, Reach.RIGHTS, lock=True)
            await ask_for(tx, await _hand(request, own), await _wanted(tx, request, own, form))
    except (Invalid, TooBig, Conflict) as error:
        return await _page(request, Fault(form.get("about") or "line", error.code, form), error.http_status)
    return _done(request, "asked")


async def _wanted(tx: Tx, request: Request, own: OwnRecord, form: Mapping[str, str]) -> Wanted:
    """Read what the patient would like to stand there; raises `Invalid`, and `Conflict` for a line that is not there any more.

    A correction is one of the words: since when it is so, and from which doctor, stays as it was.
    """
    about, today = _about(form), _today(request, own)
    if about is None:
        kind = read_kind(form)
        return Wanted(kind, read_told(form, kind, Source.PATIENT, today))
    row = await see_still(tx, own.patient.id, about, State.STANDING)
    kind = Kind(row.kind)
    if form.get("removes") == "yes":
        return Wanted(kind, Told(form.get("text", "")[:300]), about, removes=True)
    told = read_told(form, kind, Source.PATIENT, today)
    before = (await background_of(tx, house_of(request).keyring, own.patient.id)).line(about)
    if before is not None and before.told is not None:
        told = replace(told, on=told.on or before.told.on, giver=before.told.giver)
    return Wanted(kind, told, about)


def _about(form: Mapping[str, str]) -> UUID | None:
    try:
        return UUID(form["about"]) if form.get("about") else None
    except ValueError:
        raise Invalid(WRONG_LINE["kind"], code="kind") from None


def _address(form: Mapping[str, str], name: str, region: str) -> str | None:
    written = form.get(name, "")
    if not written:
        return None
    address = read_address(written, region)
    if address is None or address.by_mail != (name == "email"):
        raise Invalid(SENTENCES[name], code=name)
    return address.text


async def _own(request: Request, tx: Tx, *, lock: bool = False) -> OwnRecord:
    """Pass the door of one's own record; raises `NotSignedIn` and `NotFound`.

    Who the patient is, and where they are written to, nobody changes for them here: that would open the record for good.
    """
    who = await signed_in(request)
    return await see_own_record(tx, who.person_id, request.path_params["patient_id"], lock=lock)


async def _theirs(request: Request, tx: Tx, needed: Reach, *, lock: bool = False) -> OwnRecord:
    """Pass the same door, or that of somebody for whom one acts."""
    who = await signed_in(request)
    reader = Reader(who.person_id, house_of(request).clock.now())
    return await see_record_for(tx, reader, request.path_params["patient_id"], needed, lock=lock)


async def _hand(request: Request, own: OwnRecord) -> Hand:
    house = house_of(request)
    who = await signed_in(request)
    return Hand(house.keyring, own.patient, who.person_id, Source.PATIENT, house.clock.now())


def _today(request: Request, own: OwnRecord) -> date:
    return house_of(request).clock.now().astimezone(ZoneInfo(own.practice.time_zone)).date()


async def _page(request: Request, fault: Fault | None, status: int) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        own = await _theirs(request, tx, Reach.SEE)
        background = await background_of(tx, house.keyring, own.patient.id)
        names = await names_of(tx, writers_of(background), own.practice.id)
    await note_look(house, own, Reach.SEE, THING)
    shown = {
        "acting": own,
        "patient": own.patient,
        "practice": own.practice,
        "zone": own.practice.time_zone,
        "background": background,
        "names": names,
        "told": language_of(request).text(SENTENCES[fault.code]) if fault else "",
        "fields": FIELD_OF,
        "fault": fault,
        "said": next((word for word in ("contact", "particulars", "asked") if word in request.query_params), ""),
        "today": _today(request, own).isoformat(),
    }
    return render(request, PAGE, shown, status=status)


def _done(request: Request, what: str) -> Response:
    return RedirectResponse(f"/my/{request.path_params['patient_id']}/background?{what}", status_code=303)
