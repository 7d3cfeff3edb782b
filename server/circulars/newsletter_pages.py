"""Where whoever looks after a practice writes newsletters, looks at them, has one sent to themself, sends and stops them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import Part, part_of
from server.access.model import Practice, Professional
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.viewer import viewer_of
from server.billing.papers import Seller
from server.circulars.audience import MOST, Whom, audience_of
from server.circulars.model import Circular, Kind, State
from server.circulars.newsletters import Meant, circulars_of, counts_of, plan, professionals_of, remove, save, see_circular, send_test, stop
from server.circulars.sending import own_address
from server.circulars.words import LONGEST, LONGEST_SUBJECT, Draft, Frame, fault_of, letter_of, whole
from server.consultation.events import Channel
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.core.plain_text import Block, blocks_of
from server.errors import Conflict, Invalid, TooFast
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.i18n import read_languages
from server.web.pages import language_of, render

PATH = "/practice/newsletters"
ONE = PATH + "/{circular_id:uuid}"
MAX_FORM = 200_000  # bytes: twenty thousand letters of any script, percent-encoded
FAULTS = {
    "subject:empty": _("Please write a subject."),
    "subject:long": _("The subject is too long. Please shorten it."),
    "text:empty": _("Please write the text."),
    "text:long": _("This text is too long. Please shorten it."),
    "text:changed": _("Somebody else has changed or sent it meanwhile. Please look at it in the list before you go on."),
    "channel:unknown": _("Please choose the way."),
    "audience:unknown": _("Please choose whom it is for."),
    "audience:nobody": _("Nobody of them has asked for news by this way yet."),
    "audience:many": _("These are more than {many} people. Please send one newsletter for each professional."),
    "at:bad": _("Please write day and time, or leave it empty."),
    "at:range": _("Please choose a time to come, within a year."),
    "postal:missing": _("The law asks for your postal address in every newsletter. Please write it under 'What receipts say' first."),
    "test:address": _("A test goes to you alone. Please confirm your e-mail address, or your mobile number, in your account first."),
    "test:fast": _("You have sent many tests. Please wait an hour, then try again."),
}


@dataclass(frozen=True)
class Place:
    """What every page of a newsletter needs to know; `circular` is None for a new one."""

    viewer: Viewer
    practice: Practice
    seller: Seller | None
    professionals: list[Professional]
    circular: Circular | None
    part: Part
    own: Mapping[Channel, str | None]


def routes() -> list[Route]:
    both = ["GET", "POST"]
    return [
        Route(PATH, _list),
        Route(f"{PATH}/new", _edit, methods=both),
        Route(ONE, _edit, methods=both),
        Route(f"{ONE}/stop", _stop, methods=["POST"]),
        Route(f"{ONE}/remove", _remove, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        circulars = await circulars_of(tx, viewer)
        counts = await counts_of(tx, [one.id for one in circulars])
        practice, part = await tx.get_one(Practice, await in_charge_of(tx, viewer)), await part_of(tx, viewer)
    done = next((word for word in ("sent", "stopped", "removed") if word in request.query_params), "")
    shown = {"part": part, "circulars": circulars, "counts": counts, "zone": practice.time_zone, "done": done}
    return render(request, "staff/newsletters.html", shown)


async def _edit(request: Request) -> Response:
    """Show the form, or do what its button says; who may is decided before the form is read."""
    place = await _place(request)
    circular = place.circular
    if circular is not None and circular.state != State.DRAFT:
        return await _show_sent(request, place, circular)
    if request.method != "POST":
        return await _show(request, place, _form_of(circular))
    form = await read_form(request, MAX_FORM)
    form["subject"] = " ".join(form.get("subject", "").split())  # a line break would begin another header
    try:
        return await _step(request, place, form)
    except Invalid as error:
        return await _show(request, place, form, error.code, 422)
    except Conflict:
        return await _show_conflict(request, place, form)
    except TooFast:
        return await _show(request, place, form, "test:fast", 429)


async def _show_conflict(request: Request, place: Place, form: Mapping[str, str]) -> Response:
    twice = await _posted_before(request, place, form)
    return await _show_sent(request, place, twice) if twice else await _show(request, place, form, "text:changed", 409)


async def _posted_before(request: Request, place: Place, form: Mapping[str, str]) -> Circular | None:
    """Return what a form for a new newsletter has sent already."""
    if place.circular is not None or (named := _new_id(form)) is None:
        return None
    async with house_of(request).database.read() as tx:
        found = await see_circular(tx, place.viewer, named)
    return found if found.state != State.DRAFT else None


async def _step(request: Request, place: Place, form: Mapping[str, str]) -> Response:
    """Raises `Invalid` with `field:fault` as its code, `Conflict`, and `TooFast` for too many tests."""
    step, meant, house = form.get("step", "save"), _meant(form), house_of(request)
    if step == "preview":
        if fault := fault_of(meant.draft):
            raise Invalid(code=fault)
        return await _show(request, place, form)
    if step == "test":
        await house.limiter.hit("newsletter_test", str(place.viewer.person_id))
        if not place.own[meant.draft.channel]:
            raise Invalid(code="test:address")
    now, known = house.clock.now(), place.circular.id if place.circular else None
    begins_at = _begins_at(form, place.practice, now)
    many = await _how_many(request, place, meant) if step == "send" else 0
    async with house.database.write() as tx:
        circular = await save(tx, place.viewer, known, meant, now)
        if step == "test":
            await send_test(tx, place.viewer, circular, now)
        if step == "send":
            await plan(tx, place.viewer, circular, begins_at, many, now)
    done = f"{PATH}?sent" if step == "send" else f"{PATH}/{circular.id}?{'tested' if step == 'test' else 'saved'}"
    return RedirectResponse(done, status_code=303)


async def _stop(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.write() as tx:
        await stop(tx, viewer, request.path_params["circular_id"], house.clock.now())
    return RedirectResponse(f"{PATH}?stopped", status_code=303)


async def _remove(request: Request) -> Response:
    viewer = await viewer_of(request)
    async with house_of(request).database.write() as tx:
        await remove(tx, viewer, request.path_params["circular_id"])
    return RedirectResponse(f"{PATH}?removed", status_code=303)


async def _place(request: Request) -> Place:
    """Raises `Forbidden`, `NotFound`."""
    viewer, circular_id = await viewer_of(request), request.path_params.get("circular_id")
    async with house_of(request).database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        circular = await see_circular(tx, viewer, circular_id) if circular_id else None
        own = {channel: await own_address(tx, viewer.person_id, channel) for channel in (Channel.EMAIL, Channel.SMS)}
        seller, professionals = await tx.get(Seller, practice.id), await professionals_of(tx, practice.id)
        return Place(viewer, practice, seller, professionals, circular, await part_of(tx, viewer), own)


def _meant(form: Mapping[str, str]) -> Meant:
    """Read what was typed; raises `Invalid`."""
    try:
        channel = Channel(form.get("channel", ""))
    except ValueError:
        raise Invalid(code="channel:unknown") from None
    try:
        professional = UUID(form["audience"]) if form.get("audience", "all") != "all" else None
        edits = int(form.get("edits", "0")[:9])
    except ValueError:
        raise Invalid(code="audience:unknown") from None
    subject = form["subject"] if channel == Channel.EMAIL else ""
    return Meant(Draft(channel, subject, form.get("text", "").replace("\r\n", "\n")), professional, edits, _new_id(form))


def _new_id(form: Mapping[str, str]) -> UUID | None:
    try:
        return UUID(form.get("new", ""))
    except ValueError:
        return None


def _begins_at(form: Mapping[str, str], practice: Practice, now: datetime) -> datetime:
    """Return the time by the practice's clock on the wall, or now where none was written. Raises `Invalid`."""
    if not form.get("at"):
        return now
    try:
        moment = datetime.fromisoformat(form["at"]).replace(tzinfo=ZoneInfo(practice.time_zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(code="at:bad") from None
    return moment


def _form_of(circular: Circular | None) -> dict[str, str]:
    if circular is None:
        return {}
    audience = str(circular.professional_id) if circular.professional_id else "all"
    return {
        "subject": circular.subject,
        "text": circular.text,
        "channel": circular.channel,
        "audience": audience,
        "edits": str(circular.edits),
    }


async def _show(request: Request, place: Place, form: Mapping[str, str], fault: str | None = None, status: int = 200) -> Response:
    said = language_of(request).text
    shown = {
        "part": place.part,
        "place": place,
        "form": {"subject": "", "text": "", "channel": "email", "audience": "all", "edits": "0", "at": "", "new": str(new_id()), **form},
        "longest": {"subject": LONGEST_SUBJECT, "email": LONGEST[Channel.EMAIL], "sms": LONGEST[Channel.SMS]},
        "preview": await _preview(request, place, _meant(form)) if form.get("step") == "preview" and not fault else None,
        "error": {"field": fault.partition(":")[0], "sentence": said(FAULTS[fault], many=MOST)} if fault else None,
        "done": next((word for word in ("saved", "tested") if word in request.query_params), ""),
    }
    return render(request, "staff/newsletter_edit.html", shown, status)


@dataclass(frozen=True)
class Preview:
    """A newsletter as its readers get it, and how many they are now; a text message has no `blocks`."""

    blocks: list[Block] | None
    text: str
    many: int


async def _preview(request: Request, place: Place, meant: Meant) -> Preview:
    house = house_of(request)
    many = await _how_many(request, place, meant)
    language = read_languages(house.settings.locales_dir).choose(place.practice.language, "")
    named, postal = (place.seller.name, place.seller.address) if place.seller else (place.practice.name, "")
    frame = Frame(place.practice.name, named, postal, wanted=True)
    letter = letter_of(meant.draft, frame, "", language)
    is_mail = meant.draft.channel == Channel.EMAIL
    return Preview(whole(meant.draft, frame, language) if is_mail else None, ("\n\n" if is_mail else " ").join(letter.sentences), many)


async def _how_many(request: Request, place: Place, meant: Meant) -> int:
    """Return for how many it is at this moment."""
    house, asked = house_of(request), Whom(place.practice.id, meant.professional_id, Kind.NEWSLETTER, meant.draft.channel)
    return len(await audience_of(house.database, asked, house.settings.phone_region))


async def _show_sent(request: Request, place: Place, circular: Circular) -> Response:
    """Show what goes or went out, and what became of it; a form that was open for it is told so."""
    async with house_of(request).database.read() as tx:
        counts = (await counts_of(tx, [circular.id]))[circular.id]
        host = await _named(tx, circular)
    shown = {
        "part": place.part,
        "circular": circular,
        "counts": counts,
        "host": host,
        "blocks": blocks_of(circular.text),
        "zone": place.practice.time_zone,
        "late": request.method == "POST",
    }
    return render(request, "staff/newsletter.html", shown, 409 if request.method == "POST" else 200)


async def _named(tx: Tx, circular: Circular) -> str:
    return (await tx.get_one(Professional, circular.professional_id)).full_name if circular.professional_id else ""
