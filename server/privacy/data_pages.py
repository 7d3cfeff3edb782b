"""The page on which somebody sees what is held about them, has a copy of it made, and takes it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.restrictions import find_restriction
from server.errors import Conflict, TooFast
from server.identity.gate import signed_in
from server.identity.lately import proved_lately
from server.patients.doors import own_records
from server.privacy.account_closing import closing_of, what_keeps
from server.privacy.copies import ask_copy, drop_copy, own_copy, see_ready_copy
from server.privacy.copy_gather import DEFAULT_ZONE
from server.privacy.copy_rows import Whose
from server.privacy.copy_sending import copy_in_words, line_of, sent_copy
from server.privacy.merge_wishes import wishes_for
from server.privacy.own_data import held_about, note_copy, subject_of
from server.privacy.request_labels import labels
from server.privacy.requests import requests_about
from server.web.endpoint import house_of
from server.web.pages import language_of, render

PATH = "/my/data"
LIMIT = "copies"
SAID = ("asked", "deleted", "answered")


def routes() -> list[Route]:
    return [
        Route(PATH, _page, methods=["GET"]),
        Route(f"{PATH}/copy", _ask, methods=["POST"]),
        Route(f"{PATH}/copy/delete", _delete, methods=["POST"]),
        Route(f"{PATH}/download", _download, methods=["POST"]),
    ]


async def _page(request: Request) -> Response:
    return await _show(request)


async def _ask(request: Request) -> Response:
    """Have a copy made; the page tells how far it is."""
    who, house = await proved_lately(request, PATH), house_of(request)
    try:
        await house.limiter.hit(LIMIT, str(who.person_id))
    except TooFast:
        return await _show(request, "too_fast", 429)
    async with house.database.write() as tx:
        await ask_copy(tx, house.keyring, Whose(who.person_id), language_of(request).tag, house.clock.now())
    return RedirectResponse(f"{PATH}?asked", status_code=303)


async def _delete(request: Request) -> Response:
    who, house = await signed_in(request), house_of(request)
    async with house.database.write() as tx:
        await drop_copy(tx, Whose(who.person_id))
    return RedirectResponse(f"{PATH}?deleted", status_code=303)


async def _download(request: Request) -> Response:
    """Hand out the copy, written down in every record that is in it; it is sent while it is opened, a piece at a time."""
    who, house = await proved_lately(request, PATH), house_of(request)
    async with house.database.read() as tx:
        copy = await see_ready_copy(tx, Whose(who.person_id))
    try:
        answer = await sent_copy(house, copy)
    except Conflict:
        return await _show(request, "damaged", 409)
    async with house.database.write() as tx:
        await note_copy(tx, house, who.person_id)
    return answer


async def _show(request: Request, fault: str = "", status: int = 200) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.read() as tx:
        held, own = await held_about(tx, await subject_of(tx, who.person_id)), await own_records(tx, who.person_id)
        asked = [(one, await requests_about(tx, one)) for one in own]
        copy = await own_copy(tx, Whose(who.person_id))
        closing = await closing_of(tx, who.person_id)
        keeps = await what_keeps(tx, who.person_id) if closing else []
        now = house_of(request).clock.now()
        restricted = {one.patient.id: await find_restriction(tx, one.patient.id, now) for one in own}
        wishes = [(one, wish) for one in own for wish in await wishes_for(tx, one)]
    language = language_of(request)
    shown = {
        **copy_in_words(language, copy, own[0].practice.time_zone if own else DEFAULT_ZONE),
        "held": [line_of(language, one) for one in held],
        "fault": fault,
        "asked": asked,
        "restricted": restricted,
        "wishes": wishes,
        "closing": closing,
        "keeps": keeps,
        "said": next((word for word in SAID if word in request.query_params), ""),
        **labels(language),
    }
    return render(request, "my/data.html", shown, status)
