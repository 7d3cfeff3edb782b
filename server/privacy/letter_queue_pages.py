"""The administrators' queue of what people wrote to their practice: what is due, what it says, and what comes of it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import viewer_of
from server.core.marking import _
from server.core.paging import page_of
from server.errors import Conflict, Invalid
from server.messaging.own_texts import administered
from server.privacy.letter_answers import answer_letter, answers_to, astray
from server.privacy.letter_words import LONGEST, NEXT, Fate, State
from server.privacy.letters import letters_of, look_at, move, see_letter
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/practice/letters"
ONE = PATH + "/{letter_id:uuid}"
STATES = {
    State.NEW: _("New"),
    State.ACKNOWLEDGED: _("Acknowledged"),
    State.IN_WORK: _("In work"),
    State.ANSWERED: _("Answered"),
    State.CLOSED: _("Closed"),
}
FATES = {
    Fate.ON_ITS_WAY: _("On its way by e-mail"),
    Fate.SENT: _("Sent by e-mail"),
    Fate.REFUSED: _("It did not arrive: the mail server refused the address or the letter."),
    Fate.UNREACHABLE: _("It did not arrive: the mail server could not be reached, or answered with a fault each time."),
    Fate.NO_MAIL: _("It was not sent: no mail server is set up."),
    Fate.NO_ADDRESS: _("It was not sent: no address was given."),
}
FAULTS = {"answer:empty": _("Please write an answer."), "answer:long": _("This text is too long. Please shorten it.")}


def routes() -> list[Route]:
    return [
        Route(PATH, _list),
        Route(ONE, _letter),
        Route(ONE + "/state", _move, methods=["POST"]),
        Route(ONE + "/answer", _answer, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    viewer, settled = await viewer_of(request), "settled" in request.query_params
    async with house_of(request).database.read() as tx:
        practice = await administered(tx, viewer)
        letters = await letters_of(tx, viewer, page_of(request.query_params.get("page")), settled=settled)
        part = await part_of(tx, viewer)
        lost = await astray(tx, letters.rows)
    now = house_of(request).clock.now()
    shown = {
        "part": part,
        "practice": practice,
        "list": letters,
        "settled": settled,
        "now": now,
        "states": _states(request),
        "astray": lost,
    }
    return render(request, "staff/letters.html", shown)


async def _letter(request: Request) -> Response:
    return await _show(request)


async def _show(request: Request, words: str = "", fault: str | None = None, *, late: bool = False) -> Response:
    """Show it; `late` is an answer that a colleague was faster than."""
    viewer, house = await viewer_of(request), house_of(request)
    said = language_of(request).text
    async with house.database.write() as tx:
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        answers = await answers_to(tx, house.keyring, await see_letter(tx, viewer, request.path_params["letter_id"]))
        found = await look_at(tx, house.keyring, viewer, request.path_params["letter_id"], house.clock.now())
    shown = {
        "part": part,
        "zone": practice.time_zone,
        "letter": found.letter,
        "written": found.written,
        "answers": answers,
        "fates": {fate: said(sentence) for fate, sentence in FATES.items()},
        "open": State.ANSWERED in NEXT[State(found.letter.state)],
        "words": "" if late else words,
        "late_with": words if late else "",
        "longest": LONGEST["answer"],
        "states": _states(request),
        "steps": [state for state in State if state in NEXT[State(found.letter.state)] - {State.ANSWERED}],
        "error": said(FAULTS[fault]) if fault else None,
        "done": "done" in request.query_params,
    }
    return render(request, "staff/letter.html", shown, 422 if fault else 409 if late else 200)


async def _move(request: Request) -> Response:
    """Take the next step; who may is decided before the form is read."""
    viewer, house, letter_id = await viewer_of(request), house_of(request), request.path_params["letter_id"]
    async with house.database.read() as tx:
        await see_letter(tx, viewer, letter_id)
    state = (await read_form(request)).get("state", "")
    if state not in set(State) - {State.ANSWERED}:  # which an answer brings about
        raise Invalid(code="state")
    async with house.database.write() as tx:
        await move(tx, viewer, letter_id, State(state), house.clock.now())
    return RedirectResponse(f"{PATH}/{letter_id}?done", status_code=303)


async def _answer(request: Request) -> Response:
    viewer, house, letter_id = await viewer_of(request), house_of(request), request.path_params["letter_id"]
    async with house.database.read() as tx:
        await see_letter(tx, viewer, letter_id)
    words = (await read_form(request, 64 * 1024)).get("words", "").replace("\r\n", "\n")
    try:
        async with house.database.write() as tx:
            await answer_letter(tx, house.keyring, viewer, letter_id, words, house.clock.now())
    except Invalid as error:
        return await _show(request, words, error.code)
    except Conflict:
        return await _show(request, words, late=True)
    return RedirectResponse(f"{PATH}/{letter_id}?done", status_code=303)


def _states(request: Request) -> dict[State, str]:
    return {state: language_of(request).text(name) for state, name in STATES.items()}
