"""The page behind a link to the answer: a code goes to the address that was proved, and with it the answer opens."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict, TooFast
from server.privacy.copies import ask_copy, own_copy
from server.privacy.copy_rows import CopyState, DataCopy, Whose
from server.privacy.copy_sending import sent_copy
from server.privacy.handovers import check, see_handover, send_code, use
from server.privacy.request_labels import labels
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import Kind, State
from server.privacy.requests import THING, opened, request_behind
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/privacy/answer/{token}"
WITH_COPY = frozenset({Kind.ACCESS, Kind.PORTABILITY})


def routes() -> list[Route]:
    return [
        Route(PATH, _page, methods=["GET"]),
        Route(PATH, _send, methods=["POST"]),
        Route(PATH + "/open", _open, methods=["POST"]),
    ]


async def _open(request: Request) -> Response:
    """Open the answer with the right code; a copy that was granted comes as a file, with the answer in it, once it is made.

    The link ends an hour after it opened first, so that a download that breaks off can be taken again.
    """
    form, house, token = await read_form(request), house_of(request), request.path_params["token"]
    code = form.get("code", "")
    async with house.database.write() as tx:
        found = await check(tx, house, token, code)
    if found is None:
        return _show(request, "wrong", 422)
    if not _has_copy(found):
        return await _hand_over(request, found, code, await _answer(request, found))
    copy = await _copy(request, found, again="again" in form)
    if copy is None or copy.state != CopyState.READY:
        return _show_copy(request, copy, code)
    try:
        answer = await sent_copy(house, copy)
    except Conflict:
        return _show_copy(request, await _copy(request, found, again=True), code)
    return await _hand_over(request, found, code, answer)


def _has_copy(found: RightsRequest) -> bool:
    return found.kind in WITH_COPY and found.state == State.DONE


async def _copy(request: Request, found: RightsRequest, *, again: bool) -> DataCopy | None:
    """Return the copy; with `again`, or where there is none any more, one is asked for and None is returned."""
    async with house_of(request).database.write() as tx:
        copy = await own_copy(tx, Whose(request_id=found.id))
        if copy is not None and (copy.open or not again):
            return copy
        await _ask_copy(request, tx, found)
    return None


async def _begin_copy(request: Request, tx: Tx, found: RightsRequest) -> None:
    if await own_copy(tx, Whose(request_id=found.id)) is None:
        await _ask_copy(request, tx, found)


async def _ask_copy(request: Request, tx: Tx, found: RightsRequest) -> None:
    house = house_of(request)
    await ask_copy(tx, house.keyring, Whose(request_id=found.id), language_of(request).tag, house.clock.now())


async def _hand_over(request: Request, found: RightsRequest, code: str, answer: Response) -> Response:
    """Let the link end soon, and put it on record."""
    house = house_of(request)
    async with house.database.write() as tx:
        if await use(tx, house, request.path_params["token"], code) is None:
            return _show(request, "wrong", 422)
        deed = Deed(found.practice_id, None, Act.EXPORTED, THING, found.id, found.patient_id, "handed over by a code")
        await record(tx, deed, house.clock.now())
    return answer


async def _page(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        handover = await see_handover(tx, request.path_params["token"], house_of(request).clock.now())
    return _show(request, "sent" if handover.code_at else "")


async def _send(request: Request) -> Response:
    """Send a code; a copy that was granted is made meanwhile."""
    token = request.path_params["token"]
    try:
        async with house_of(request).database.write() as tx:
            found = await request_behind(tx, await send_code(tx, token, house_of(request).clock.now()))
            if _has_copy(found):
                await _begin_copy(request, tx, found)
    except TooFast:
        return _show(request, "fast", 429)
    return RedirectResponse(f"/privacy/answer/{token}", status_code=303)


def _show(request: Request, what: str, status: int = 200) -> Response:
    """`what`: nothing yet, a code was `sent`, one was `wrong`, or there were too many (`fast`)."""
    return render(request, "privacy/answer.html", {"owner": None, "what": what, "token": request.path_params["token"]}, status)


def _show_copy(request: Request, copy: DataCopy | None, code: str) -> Response:
    """Tell how far the copy is, to whoever has typed the right code: they ask again with it."""
    shown = {"owner": None, "copy": copy, "code": code, "token": request.path_params["token"]}
    return render(request, "privacy/answer_copy.html", shown)


async def _answer(request: Request, found: RightsRequest) -> Response:
    async with house_of(request).database.read() as tx:
        practice = await tx.get_one(Practice, found.practice_id)
    shown = {"owner": None, "practice": practice, "found": opened(house_of(request).keyring, found)}
    answer = render(request, "privacy/answer_read.html", shown | labels(language_of(request)))
    answer.headers["Cache-Control"] = "no-store"
    return answer
