"""The page on which a patient asks the practice for something about their data, and reads what came of it."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.access.regulators import ICO
from server.core.marking import _
from server.errors import Invalid, TooFast
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.patients.acting_looks import note_look
from server.patients.doors import OwnRecord
from server.privacy.objections import CHOICE, NEWS, refuse_news
from server.privacy.request_labels import asker_in_words, labels
from server.privacy.request_words import LONGEST, Kind
from server.privacy.requests import THING, ask, opened, requests_about, with_actor, withdraw
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/my/{patient_id:uuid}/requests"
LIMIT = "rights_request"
FAULTS = {
    "kind:empty": _("Please choose what you ask for."),
    "words:empty": _("Please write what it is about."),
    "words:long": _("This text is too long. Please shorten it."),
    "words:fast": _("You have asked many times. Please wait an hour, then try again."),
}


def routes() -> list[Route]:
    return [
        Route(PATH, _list, methods=["GET"]),
        Route(PATH, _ask, methods=["POST"]),
        Route(PATH + "/{request_id:uuid}/withdraw", _withdraw, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    """Show the form; a link to correct something has chosen already what it is about."""
    return await _show(request, {"kind": Kind.CORRECTION if "correct" in request.query_params else request.query_params.get("kind", "")})


async def _ask(request: Request) -> Response:
    """Take it in; whose record it is about is decided before the form is read."""
    await _own(request)
    form = await read_form(request, 64 * 1024)
    try:
        await _take_in(request, form)
    except TooFast:
        return await _show(request, form, "words:fast", 429)
    except Invalid as error:
        return await _show(request, form, error.code, error.http_status)
    return RedirectResponse(f"{request.url.path}?asked", status_code=303)


async def _take_in(request: Request, form: Mapping[str, str]) -> None:
    who, house = await signed_in(request), house_of(request)
    await house.limiter.hit(LIMIT, str(who.person_id))
    words = form.get("words", "").replace("\r\n", "\n")
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(who.person_id, house.clock.now()), request.path_params["patient_id"], Reach.RIGHTS)
        if form.get("kind") == NEWS:
            await refuse_news(tx, house, own, language_of(request), house.clock.now())
            return
        await ask(tx, house.keyring, own, form.get("kind", ""), words, house.clock.now())


async def _withdraw(request: Request) -> Response:
    who, house, patient_id = await signed_in(request), house_of(request), request.path_params["patient_id"]
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(who.person_id, house.clock.now()), patient_id, Reach.RIGHTS)
        await withdraw(tx, own, request.path_params["request_id"], house.clock.now())
    return RedirectResponse(f"/my/{patient_id}/requests?withdrawn", status_code=303)


async def _own(request: Request) -> OwnRecord:
    """Return the record that the page is about; raises `NotFound`."""
    who = await signed_in(request)
    async with house_of(request).database.read() as tx:
        reader = Reader(who.person_id, house_of(request).clock.now())
        return await see_record_for(tx, reader, request.path_params["patient_id"], Reach.RIGHTS)


async def _show(request: Request, form: Mapping[str, str], fault: str | None = None, status: int = 200) -> Response:
    own, house, language = await _own(request), house_of(request), language_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        requests = [await with_actor(tx, opened(house.keyring, one), now) for one in await requests_about(tx, own)]
    await note_look(house, own, Reach.RIGHTS, THING)
    shown = {
        "acting": own,
        "own": own,
        "requests": requests,
        "askers": {one.request.id: asker_in_words(language, one.actor, own.patient.name) for one in requests},
        "form": {"kind": "", "words": "", **form},
        "longest": LONGEST["words"],
        "news": language.text(CHOICE),
        "regulator": ICO,
        "error": {"field": fault.partition(":")[0], "sentence": language.text(FAULTS[fault])} if fault else None,
        "done": next((word for word in ("asked", "withdrawn") if word in request.query_params), ""),
    }
    return render(request, "my/requests.html", shown | labels(language), status)
