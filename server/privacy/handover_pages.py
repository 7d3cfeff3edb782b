"""The page behind a link to the answer: a code goes to the address that was proved, and with it the answer opens, once."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.core.audit import Act, Deed, record
from server.core.holdings import Subject
from server.core.press import Press
from server.errors import NotFound, TooFast
from server.patients.forwards import with_merged
from server.privacy.handovers import check, see_handover, send_code, use
from server.privacy.own_data import rows_about
from server.privacy.parcel import as_json, pack
from server.privacy.request_labels import labels
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import Kind, State
from server.privacy.requests import THING, opened
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.i18n import Language
from server.web.pages import language_of, render

PATH = "/privacy/answer/{token}"
WITH_COPY = frozenset({Kind.ACCESS, Kind.PORTABILITY})


def routes(press: Press) -> list[Route]:
    async def read(request: Request) -> Response:
        """Open the answer with the right code; a copy that was granted comes as a file, with the answer in it.

        The link ends once the answer is made: whatever fails before that leaves it as it was.
        """
        form, house, token = await read_form(request), house_of(request), request.path_params["token"]
        async with house.database.write() as tx:
            found = await check(tx, house, token, form.get("code", ""))
        if found is None:
            return _show(request, "wrong", 422)
        with_copy = found.kind in WITH_COPY and found.state == State.DONE
        answer = await _copy(request, press, found) if with_copy else await _answer(request, found)
        async with house.database.write() as tx:
            if await use(tx, house, token, form.get("code", "")) is None:
                return _show(request, "wrong", 422)
            deed = Deed(found.practice_id, None, Act.EXPORTED, THING, found.id, found.patient_id, "handed over by a code")
            await record(tx, deed, house.clock.now())
        return answer

    return [
        Route(PATH, _page, methods=["GET"]),
        Route(PATH, _send, methods=["POST"]),
        Route(PATH + "/open", read, methods=["POST"]),
    ]


async def _page(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        handover = await see_handover(tx, request.path_params["token"], house_of(request).clock.now())
    return _show(request, "sent" if handover.code_at else "")


async def _send(request: Request) -> Response:
    token = request.path_params["token"]
    try:
        async with house_of(request).database.write() as tx:
            await send_code(tx, token, house_of(request).clock.now())
    except TooFast:
        return _show(request, "fast", 429)
    return RedirectResponse(f"/privacy/answer/{token}", status_code=303)


def _show(request: Request, what: str, status: int = 200) -> Response:
    """`what`: nothing yet, a code was `sent`, one was `wrong`, or there were too many (`fast`)."""
    return render(request, "privacy/answer.html", {"owner": None, "what": what, "token": request.path_params["token"]}, status)


async def _answer(request: Request, found: RightsRequest) -> Response:
    async with house_of(request).database.read() as tx:
        practice = await tx.get_one(Practice, found.practice_id)
    shown = {"owner": None, "practice": practice, "found": opened(house_of(request).keyring, found)}
    answer = render(request, "privacy/answer_read.html", shown | labels(language_of(request)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _copy(request: Request, press: Press, found: RightsRequest) -> Response:
    """Return what is held about the record, as in the account, and the answer. Raises `Overloaded`."""
    house = house_of(request)
    answer, said = opened(house.keyring, found).answer, language_of(request)
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, found.practice_id)
        files = await rows_about(tx, Subject(None, await with_merged(tx, [found.patient_id])))
    if not files:
        raise NotFound
    words = {"answer.txt": answer.encode(), "README.txt": _read_me(said, practice.name, f"{house.settings.base_url}/contact/{practice.id}")}
    made_at = house.clock.now().isoformat()
    content = await press.make(lambda: pack({**words, **{name: as_json(value) for name, value in files.items()}}, made_at))
    headers = {"Content-Disposition": 'attachment; filename="my-data.zip"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/zip", headers=headers)


def _read_me(language: Language, practice: str, contact: str) -> bytes:
    """Say what is not in the file, and how to get it."""
    text = language.text
    sentences = [
        text("In “data” there is what {practice} holds about you, and in “schemas” what its fields mean to a program.", practice=practice),
        text("Notes, answers and messages that are kept encrypted, documents, photographs and recordings are not in this file."),
        text("The practice gives them to you as well, if you ask for them:"),
        contact,
        text("Or have it give you an account: in My data you take out a copy with summaries and documents yourself."),
    ]
    return ("\r\n\r\n".join(sentences) + "\r\n").encode()
