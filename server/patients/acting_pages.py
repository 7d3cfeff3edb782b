"""The pages on which a patient lets somebody act for them, and on which people see for whom they act and take it on."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import USUAL_DAYS, Basis, last_day
from server.access.representation import Representation
from server.core.db import Tx
from server.core.marking import _
from server.errors import Invalid, NotFound, NotSignedIn, TooFast
from server.identity.gate import signed_in
from server.identity.lately import proved_lately
from server.patients.acting_doors import Reader, actors_of, find_asked, see_own_acting, taken_on
from server.patients.acting_words import ACTING, BASES, REACHES, STANDINGS
from server.patients.background_doors import background_of
from server.patients.doors import OwnRecord, own_records
from server.patients.representing import Hand, Wish, acting_url, end, give, read_wish, take
from server.web.endpoint import base_url_of, house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.proxies import address_key

LIMIT = "ask_to_act"  # each may send a letter to somebody
PLACE, NEW = "/my/acting", "/my/acting/new"
GIVEN_BY_PATIENT = (Basis.CONSENT, Basis.SOLICITOR)
SENTENCES = {
    "record_missing": _("Please choose a practice."),
    "name_missing": _("Please write the name of whoever is to act."),
    "name_long": _("This name is too long. Please shorten it."),
    "email_wrong": _("This e-mail address does not look right. Please check it."),
    "basis_missing": _("Please choose by what right they act."),
    "reach_missing": _("Please choose what they may do."),
    "until_missing": _("Please choose the last day."),
    "until_past": _("This day is over. Please choose today or a later day."),
    "until_far": _("Please choose a day within one year. It can be renewed then."),
    "agree_missing": _("Please say that you agree."),
    "too_fast": _("You have asked very often. Please wait an hour, then try again."),
    "many": _("Very many people may act already. Please end what is not needed any more."),
    "evidence_missing": _("Please write on what evidence you accept it."),
    "evidence_long": _("This text is too long. Please shorten it to 500 letters."),
    "own": _("Nobody accepts themself. Please ask a colleague to look at the evidence."),
    "file_missing": _("This document is not there any more. Please choose again."),
}
FIELDS = ("record", "name", "email", "basis", "reach", "agree", "evidence", "file", "about")
FIELD_OF = {code: code.rpartition("_")[0] or "name" for code in SENTENCES} | {"too_fast": "name", "own": "reach"}


def routes() -> list[Route]:
    return [
        Route(PLACE, _list, methods=["GET"]),
        Route(NEW, _form, methods=["GET"]),
        Route(NEW, _give, methods=["POST"]),
        Route(PLACE + "/{representation_id:uuid}/end", _end, methods=["POST"]),
        Route("/acting/{token}", _asked, methods=["GET", "POST"]),
    ]


async def _list(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        own = await own_records(tx, who.person_id)
        given = [(record, await actors_of(tx, record.patient.id, now)) for record in own]
        theirs = await taken_on(tx, Reader(who.person_id, now))
    shown = {
        "given": given,
        "theirs": theirs,
        "links": {actor.representation.id: _link(request, actor.representation) for _, actors in given for actor in actors},
        "done": next((word for word in ("asked", "ended", "taken", "child") if word in request.query_params), ""),
        "now": now,
    }
    return render(request, "my/acting.html", {**shown, **words(request)})


def _link(request: Request, one: Representation) -> str:
    """Return the link that somebody may hand on while it is good, else nothing."""
    house = house_of(request)
    return acting_url(base_url_of(request), house.secrets, one) if one.can_be_taken(house.clock.now()) else ""


def words(request: Request) -> dict[str, dict[str, str]]:
    """Return the words for the bases, reaches and standings in the reader's language."""
    say = language_of(request).text
    return {
        "bases": {code: say(text) for code, text in BASES.items()},
        "reaches": {code: say(text) for code, text in REACHES.items()},
        "standings": {code: say(text) for code, text in STANDINGS.items()},
    }


async def _form(request: Request) -> Response:
    who = await proved_lately(request, NEW)
    return await _show_form(request, who.person_id, {}, "")


async def _give(request: Request) -> Response:
    who = await proved_lately(request, NEW)
    form = await read_form(request)
    try:
        await house_of(request).limiter.hit(LIMIT, str(who.person_id))
        async with house_of(request).database.write() as tx:
            hand = await _hand(request, tx, who.person_id, form)
            await give(tx, hand, _agreed_wish(form, hand), language_of(request))
    except (Invalid, TooFast) as error:
        return await _show_form(request, who.person_id, form, error.code)
    return RedirectResponse(f"{PLACE}?asked", status_code=303)


def _agreed_wish(form: Mapping[str, str], hand: Hand) -> Wish:
    """Read what the patient says yes to; raises `Invalid` with the field as its code."""
    wish = read_wish(form, hand)
    if wish.basis not in GIVEN_BY_PATIENT:
        raise Invalid(code="basis_missing")
    if form.get("agree") != "yes":
        raise Invalid(code="agree_missing")
    return wish


async def _hand(request: Request, tx: Tx, person_id: UUID, form: Mapping[str, str]) -> Hand:
    """Return the hand of the patient on the record that they chose; raises `Invalid`."""
    own = await own_records(tx, person_id)
    record = own[0] if len(own) == 1 else next((one for one in own if str(one.patient.id) == form.get("record")), None)
    if record is None:
        raise Invalid(code="record_missing")
    return await hand_of(request, tx, record, person_id)


async def hand_of(request: Request, tx: Tx, record: OwnRecord, person_id: UUID) -> Hand:
    """Return with what somebody writes down who acts for a patient; whoever calls passed the door of the record."""
    house = house_of(request)
    who = (await background_of(tx, house.keyring, record.patient.id)).who
    born, mails = who.birthday if who else None, bool(house.settings.smtp_host)
    return Hand(house.secrets, record.patient, record.practice, person_id, born, mails, house.clock.now())


async def _show_form(request: Request, person_id: UUID, form: Mapping[str, str], fault: str) -> Response:
    async with house_of(request).database.read() as tx:
        own = await own_records(tx, person_id)
    zone = own[0].practice.time_zone if own else "Europe/London"
    say = language_of(request).text
    shown = {
        "own": own,
        "wordings": {reach: (say(wording.sentence), say(wording.more)) for reach, wording in ACTING.items()},
        **form_context(request, form, fault, zone),
    }
    return render(request, "my/acting_new.html", {**shown, **words(request)}, status=422 if fault else 200)


def form_context(request: Request, form: Mapping[str, str], fault: str, zone: str) -> dict[str, object]:
    """Return what every form about acting shows: what was typed, what is wrong, and the days that it takes."""
    today = house_of(request).clock.now().astimezone(ZoneInfo(zone)).date()
    return {
        "form": {**dict.fromkeys(FIELDS, ""), "until": (today + timedelta(days=USUAL_DAYS)).isoformat(), **form},
        "fault": FIELD_OF.get(fault, ""),
        "told": language_of(request).text(SENTENCES[fault]) if fault else "",
        "today": today.isoformat(),
        "last_day": last_day(today).isoformat(),
    }


async def _end(request: Request) -> Response:
    """The patient takes it back, or whoever acts gives it up: what is open for them closes at once."""
    who = await signed_in(request)
    house = house_of(request)
    async with house.database.write() as tx:
        one = await see_own_acting(tx, who.person_id, request.path_params["representation_id"])
        await end(tx, one, who.person_id, house.clock.now())
    return RedirectResponse(f"{PLACE}?ended", status_code=303)


async def _asked(request: Request) -> Response:
    """Let whoever follows the link take it on with their account; for whom it is, they are told once they have signed in."""
    house = house_of(request)
    await house.limiter.hit("join_link_address", address_key(request))
    token: str = request.path_params["token"]
    try:
        who = await signed_in(request)
    except NotSignedIn:
        return await _show_asked(request, signed_in=False)
    if request.method != "POST":
        return await _show_asked(request, signed_in=True)
    try:
        async with house.database.write() as tx:
            await take(tx, token, who.person_id, house.clock.now())
    except (Invalid, NotFound) as error:
        return await _show_asked(request, signed_in=True, fault=error.code)
    return RedirectResponse(f"{PLACE}?taken", status_code=303)


async def _show_asked(request: Request, *, signed_in: bool, fault: str = "") -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        found = await find_asked(tx, request.path_params["token"], house.clock.now())
    if found is None:
        return render(request, "my/acting_asked.html", {"one": None}, status=404)
    one, patient, practice = found
    shown = {"one": one, "patient": patient, "practice": practice, "signed_in": signed_in, "path": request.url.path, "fault": fault}
    return render(request, "my/acting_asked.html", {**shown, **words(request)}, status=422 if fault else 200)
