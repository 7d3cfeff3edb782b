"""The page of health: how each part of the server is and since when, each with a test that does something real, on record."""

from datetime import datetime
from typing import NamedTuple, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.viewer import viewer_of
from server.core.audit import Act, Deed, record
from server.errors import NotFound
from server.oversight.bench import Bench
from server.oversight.board import Board, Line, Proof, State, Thing
from server.oversight.health_words import LIGHTS, TESTS, THINGS
from server.oversight.proofs import prove
from server.oversight.watching import look
from server.web.endpoint import house_of
from server.web.i18n import Language
from server.web.moments import full_date, zoned_time
from server.web.pages import language_of, render

PAGE = "/practice/health"


class Shown(NamedTuple):
    """A line in words; `proof` is what the last test said, and when."""

    thing: str
    title: str
    light: str
    light_words: str
    words: str
    since: str
    test: str
    proof: tuple[str, str] | None


def routes() -> list[Route]:
    return [Route(PAGE, _health), Route(PAGE + "/{thing}", _test, methods=["POST"])]


def board_of(request: Request) -> Board:
    return cast(Board, request.app.state.health)


async def _health(request: Request) -> Response:
    viewer, house, board = await viewer_of(request), house_of(request), board_of(request)
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        part = await part_of(tx, viewer)
    await look(house, board)
    language = language_of(request)
    shown = [_shown(language, thing, board.lines[thing], practice.time_zone) for thing in Thing]
    return render(request, "staff/health.html", {"part": part, "lines": shown, "bad": board.bad, "done": request.query_params.get("done")})


async def _test(request: Request) -> Response:
    viewer, house, board = await viewer_of(request), house_of(request), board_of(request)
    async with house.database.read() as tx:
        practice_id = await in_charge_of(tx, viewer)
    thing = _thing(request)
    await house.limiter.hit("health", str(viewer.person_id))
    await look(house, board)
    state = request.app.state
    found = await prove(thing, Bench(house, state.carriers, state.outside, viewer.person_id, language_of(request)))
    board.prove(thing, found, house.clock.now())
    async with house.database.write() as tx:
        said = f"{thing}: {found.light}"
        await record(tx, Deed(practice_id, viewer.person_id, Act.TESTED, "server", practice_id, None, said), house.clock.now())
    return RedirectResponse(f"{PAGE}?done={thing}#{thing}", status_code=303)


def _thing(request: Request) -> Thing:
    try:
        return Thing(request.path_params["thing"])
    except ValueError:
        raise NotFound from None


def _shown(language: Language, thing: Thing, line: Line, zone: str) -> Shown:
    text = language.text
    since = _when(language, line.since, zone)
    return Shown(
        thing, text(THINGS[thing]), line.light, text(LIGHTS[line.light]), _words(language, line.state, zone), since, text(TESTS[thing]),
        _proof(language, line.proof, zone),
    )  # fmt: skip


def _proof(language: Language, proof: Proof | None, zone: str) -> tuple[str, str] | None:
    return None if proof is None else (_words(language, proof.state, zone), _when(language, proof.at, zone))


def _words(language: Language, state: State, zone: str) -> str:
    when = {} if state.at is None else {"when": _when(language, state.at, zone)}
    return language.text(state.sentence, **state.values, **when)


def _when(language: Language, moment: datetime, zone: str) -> str:
    return f"{full_date(language, moment, zone)}, {zoned_time(language, moment, zone)}"
