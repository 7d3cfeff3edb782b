"""The administrators' pages about messages: which reminders go out, in which words, and what could not be delivered."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import Part, part_of
from server.access.model import Practice
from server.access.viewer import viewer_of
from server.core.db import Tx
from server.core.marking import _
from server.errors import Invalid, NotFound
from server.messaging.composing import Post
from server.messaging.own_texts import administered, changed_texts, decide_reminders, drop_text, find_text, keep_text
from server.messaging.texts import Call, Manner, to_patient
from server.messaging.undelivered import deal_with, send_again, undelivered
from server.messaging.wording import BUILT_IN, LONGEST, Kind, fault_of, placeholders
from server.ports import Letter
from server.web.endpoint import base_url_of, house_of
from server.web.forms import read_form
from server.web.i18n import Language, Languages, read_languages
from server.web.pages import language_of, render

PAGE = "/practice/messages"
LIST = "/practice/undelivered"
NAMES = {
    Kind.INVITATION: _("Invitation"),
    Kind.MOVED: _("The appointment was moved"),
    Kind.PASSED_ON: _("A colleague gives the appointment"),
    Kind.CANCELLED: _("The appointment was cancelled"),
    Kind.REMIND24H: _("Reminder a day before"),
    Kind.REMIND15M: _("Reminder 15 minutes before"),
    Kind.DELAYED: _("The professional runs late"),
    Kind.LISTED: _("On the waiting list"),
    Kind.FREED: _("A time has become free"),
    Kind.WAITS_ON: _("Waits for somebody else"),
    Kind.LIST_ENDED: _("The waiting list has ended"),
}


def routes() -> list[Route]:
    text = PAGE + "/{kind}/{language}"
    one = LIST + "/{delivery_id:uuid}"
    return [
        Route(PAGE, _overview),
        Route(PAGE + "/reminders", _reminders, methods=["POST"]),
        Route(text, _text, methods=["GET", "POST"]),
        Route(text + "/built-in", _built_in, methods=["POST"]),
        Route(LIST, _undelivered),
        Route(one + "/again", _again, methods=["POST"]),
        Route(one + "/done", _dealt_with, methods=["POST"]),
    ]


async def _admit(tx: Tx, request: Request) -> tuple[Practice, Part]:
    """Return the practice that the reader administers, and what else they are; raises `Forbidden`."""
    viewer = await viewer_of(request)
    return await administered(tx, viewer), await part_of(tx, viewer)


async def _overview(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        practice, part = await _admit(tx, request)
        own = await changed_texts(tx, practice.id)
        left = len(await undelivered(tx, _post(request), practice, house_of(request).clock.now()))
    used = _languages(request).choose(practice.language, "").tag
    texts = [
        (name, kind, [(language, (kind, language.tag) in own) for language in _all_languages(request)])
        for kind, name in _names(request).items()
    ]
    shown = {"practice": practice, "part": part, "texts": texts, "used": used, "left": left, "done": request.query_params.get("done")}
    return render(request, "staff/messages.html", shown)


async def _reminders(request: Request) -> Response:
    form = await read_form(request)
    viewer = await viewer_of(request)
    house = house_of(request)
    async with house.database.write() as tx:
        chosen = {name: form.get(name) == "yes" for name in ("day_before", "shortly_before")}
        await decide_reminders(tx, viewer, house.clock.now(), **chosen)
    return RedirectResponse(f"{PAGE}?done=reminders", status_code=303)


async def _text(request: Request) -> Response:
    """Show the text, or a preview of what was typed, or store it."""
    kind, language = _place(request)
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        own = await find_text(tx, (await administered(tx, viewer)).id, kind, language.tag)
    if request.method != "POST":
        return await _show_text(request, own if own is not None else _built_in_text(kind, language), changed=own is not None)
    form = await read_form(request)
    text = form.get("text", "").replace("\r\n", "\n")
    if "preview" in form:
        return await _show_text(request, text, changed=own is not None)
    try:
        async with house.database.write() as tx:
            await keep_text(tx, viewer, (kind, language.tag), text, house.clock.now())
    except Invalid:
        return await _show_text(request, text, changed=own is not None, status=422)
    return RedirectResponse(f"{PAGE}?done=text", status_code=303)


async def _built_in(request: Request) -> Response:
    kind, language = _place(request)
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.write() as tx:
        await drop_text(tx, viewer, (kind, language.tag), house.clock.now())
    return RedirectResponse(f"{PAGE}?done=built-in", status_code=303)


async def _show_text(request: Request, text: str, *, changed: bool, status: int = 200) -> Response:
    kind, language = _place(request)
    async with house_of(request).database.read() as tx:
        practice, part = await _admit(tx, request)
    fault, about = fault_of(kind, text)
    shown = {
        "part": part,
        "kind": kind,
        "name": _names(request)[kind],
        "language": language,
        "several": len(_languages(request).tags) > 1,
        "text": text,
        "longest": LONGEST,
        "placeholders": placeholders(kind),
        "changed": changed,
        "fault": fault,
        "about": about,
        "preview": None if fault else _example(request, practice, language, Manner(kind, text)),
        "base": f"{PAGE}/{kind}/{language.tag}",
    }
    return render(request, "staff/message_text.html", shown, status)


def _built_in_text(kind: Kind, language: Language) -> str:
    return "\n".join(language.text(sentence) for sentence in BUILT_IN[kind].sentences)


def _example(request: Request, practice: Practice, language: Language, manner: Manner) -> Letter:
    """Return the message as a patient would read it about tomorrow at this hour."""
    when = house_of(request).clock.now() + timedelta(days=1)
    call = Call(when, f"{base_url_of(request)}/j/example", professional=language.text(_("Dr Example")), minutes=15, until=when)
    return to_patient(manner, "", practice, call, language)


async def _undelivered(request: Request) -> Response:
    now = house_of(request).clock.now()
    async with house_of(request).database.read() as tx:
        practice, part = await _admit(tx, request)
        left = await undelivered(tx, _post(request), practice, now)
    shown = {
        "part": part,
        "left": left,
        "names": _names(request),
        "zone": practice.time_zone,
        "now": now,
        "done": request.query_params.get("done"),
    }
    return render(request, "staff/undelivered.html", shown)


async def _again(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.write() as tx:
        await send_again(tx, viewer, request.path_params["delivery_id"], house.clock.now())
    return RedirectResponse(f"{LIST}?done=again", status_code=303)


async def _dealt_with(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.write() as tx:
        await deal_with(tx, viewer, request.path_params["delivery_id"], house.clock.now())
    return RedirectResponse(f"{LIST}?done=done", status_code=303)


def _place(request: Request) -> tuple[Kind, Language]:
    """Return which text in which language is asked for; raises `NotFound`."""
    kind, tag = request.path_params["kind"], request.path_params["language"]
    languages = _languages(request)
    if kind not in set(Kind) or tag not in languages.tags:
        raise NotFound
    return Kind(kind), languages.choose(tag, "")


def _names(request: Request) -> dict[Kind, str]:
    return {kind: language_of(request).text(name) for kind, name in NAMES.items()}


def _languages(request: Request) -> Languages:
    return read_languages(house_of(request).settings.locales_dir)


def _all_languages(request: Request) -> list[Language]:
    languages = _languages(request)
    return [languages.choose(tag, "") for tag in languages.tags]


def _post(request: Request) -> Post:
    return Post(house_of(request).secrets, base_url_of(request), _languages(request))
