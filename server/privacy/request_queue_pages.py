"""The administrators' queue of what patients ask of their data: what is due, the time that stands still, and the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import viewer_of
from server.core.marking import _
from server.core.paging import page_of
from server.errors import Conflict, Invalid
from server.messaging.own_texts import administered
from server.patients.doors import name_on_record
from server.privacy.erasures import is_ahead
from server.privacy.request_labels import asker_in_words, fault_in_words, labels
from server.privacy.request_words import LONGEST, OPEN, Extension, Pause, Progress, State, extend, go_on, step, stop
from server.privacy.requests import answer_request, change, look_at, requests_of, see_request
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/practice/requests"
ONE = PATH + "/{request_id:uuid}"
FAULTS = {
    "state:empty": _("Please say whether it was done or refused."),
    "answer:empty": _("Please write an answer."),
    "answer:long": _("This text is too long. Please shorten it."),
}
Change = Callable[[Progress, str], Progress]


def routes() -> list[Route]:
    return [
        Route(PATH, _list),
        Route(ONE, _request),
        Route(ONE + "/step", _step, methods=["POST"]),
        Route(ONE + "/answer", _answer, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    viewer, settled, now = await viewer_of(request), "settled" in request.query_params, house_of(request).clock.now()
    async with house_of(request).database.read() as tx:
        practice = await administered(tx, viewer)
        requests = await requests_of(tx, viewer, page_of(request.query_params.get("page")), settled=settled)
        part = await part_of(tx, viewer)
    late = {one.id for one in requests.rows if one.progress.is_late(practice.time_zone, now)}
    shown = {"part": part, "practice": practice, "list": requests, "settled": settled, "late": late}
    return render(request, "staff/requests.html", shown | labels(language_of(request)))


async def _request(request: Request) -> Response:
    return await _show(request, {})


async def _show(request: Request, form: Mapping[str, str], fault: str | None = None, late_with: str = "") -> Response:
    """Show it; `late_with` is an answer that a colleague was faster than."""
    viewer, house, now, language = await viewer_of(request), house_of(request), house_of(request).clock.now(), language_of(request)
    async with house.database.write() as tx:
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        name = await name_on_record(tx, (await see_request(tx, viewer, request.path_params["request_id"])).patient_id)
        waits = await is_ahead(tx, request.path_params["request_id"])
        found = await look_at(tx, house.keyring, viewer, request.path_params["request_id"], now)
    progress = found.request.progress
    shown = {
        "part": part,
        "zone": practice.time_zone,
        "found": found,
        "name": name,
        "asker": asker_in_words(language, found.actor, name),
        "open": progress.state in OPEN,
        "waits": waits,
        "late": progress.is_late(practice.time_zone, now),
        "may_extend": progress.may_extend(practice.time_zone, now),
        "late_with": late_with,
        "form": {"state": "", "words": "", **form},
        "longest": LONGEST["answer"],
        "error": fault_in_words(language, fault, FAULTS),
        "done": "done" in request.query_params,
    }
    return render(request, "staff/request.html", shown | labels(language), 422 if fault else 409 if late_with else 200)


async def _step(request: Request) -> Response:
    """Take it up, or change its time; who may is decided before the form is read."""
    viewer, house, request_id = await viewer_of(request), house_of(request), request.path_params["request_id"]
    async with house.database.read() as tx:
        await see_request(tx, viewer, request_id)
    how = _change_of(await read_form(request), house.clock.now())
    async with house.database.write() as tx:
        await change(tx, viewer, request_id, how, house.clock.now())
    return RedirectResponse(f"{PATH}/{request_id}?done", status_code=303)


def _change_of(form: Mapping[str, str], now: datetime) -> Change:
    """Return what the form asks for; raises `Invalid`."""
    why = form.get("why", "")
    match form.get("step", ""):
        case "take_up":
            return lambda progress, _zone: step(progress, State.IN_WORK, now)
        case "pause" if why in set(Pause):
            return lambda progress, _zone: stop(progress, Pause(why), now)
        case "resume":
            return lambda progress, _zone: go_on(progress, now)
        case "extend" if why in set(Extension):
            return lambda progress, zone: extend(progress, Extension(why), zone, now)
    raise Invalid(code="step")


async def _answer(request: Request) -> Response:
    viewer, house, request_id = await viewer_of(request), house_of(request), request.path_params["request_id"]
    async with house.database.read() as tx:
        await see_request(tx, viewer, request_id)
    form = await read_form(request, 64 * 1024)
    words = form.get("words", "").replace("\r\n", "\n")
    try:
        async with house.database.write() as tx:
            await answer_request(tx, house.keyring, viewer, request_id, form.get("state", ""), words, house.clock.now())
    except Invalid as error:
        return await _show(request, form, error.code)
    except Conflict:
        return await _show(request, {}, late_with=words)
    return RedirectResponse(f"{PATH}/{request_id}?done", status_code=303)
