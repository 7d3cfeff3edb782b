"""Pages of teams: the list for whoever looks after the practice, one's own teams, and the page of one team."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.teams import (
    answer_team,
    ask_into_team,
    askable,
    create_team,
    end_team,
    give_lead,
    part_from,
    rename_team,
    see_team,
    teams_asking,
    teams_in,
)
from server.access.viewer import administers, names_of_professionals, professional_of, teams_of, viewer_of
from server.consultation.doors import visible_consultations
from server.consultation.model import Consultation
from server.core.db import Tx
from server.errors import Invalid, NotFound
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

LIST, OWN = "/practice/teams", "/teams"
MOST_SESSIONS = 20

Change = Callable[[Tx, Viewer, Request, dict[str, str]], Awaitable[None]]


def routes() -> list[Route]:
    one = OWN + "/{team_id:uuid}"
    changes = {"rename": _rename, "ask": _ask, "part": _part, "lead": _lead, "answer": _answer, "end": _end}
    return [
        Route(LIST, _list, methods=["GET", "POST"]),
        Route(OWN, _own),
        Route(one, _team),
        *(Route(f"{one}/{name}", _changing(change), methods=["POST"]) for name, change in changes.items()),
    ]


async def _list(request: Request) -> Response:
    """Show the practice's teams, or make one."""
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await in_charge_of(tx, viewer)
    if request.method != "POST":
        return await _show_list(request, viewer)
    name = (await read_form(request)).get("name", "")
    try:
        async with house.database.write() as tx:
            team = await create_team(tx, viewer, name, house.clock.now())
    except Invalid as fault:
        return await _show_list(request, viewer, fault.code, name, 422)
    return RedirectResponse(f"{OWN}/{team.id}?done=created", status_code=303)


async def _show_list(request: Request, viewer: Viewer, error: str = "", name: str = "", status: int = 200) -> Response:
    async with house_of(request).database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        teams, part = await teams_in(tx, practice.id), await part_of(tx, viewer)
    shown = {"part": part, "teams": teams, "error": error, "name": name[:300], "done": request.query_params.get("done")}
    return render(request, "staff/teams.html", shown, status)


async def _own(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        shown = {"teams": await teams_of(tx, viewer), "asking": await teams_asking(tx, viewer), "done": request.query_params.get("done")}
    return render(request, "staff/own_teams.html", shown)


async def _team(request: Request) -> Response:
    return await _show_team(request)


async def _show_team(request: Request, error: str = "", name: str | None = None, status: int = 200) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        seen = await see_team(tx, viewer, _team_id(request))
        practice = await tx.get_one(Practice, seen.team.practice_id)
        sessions = await _sessions(tx, viewer, seen.team.id)
        names = await names_of_professionals(tx, {session.professional_id for session in sessions})
        others = await askable(tx, seen) if seen.runs else []
        part, office = await part_of(tx, viewer), await administers(tx, viewer)
    shown = {
        "part": part, "office": office, "seen": seen, "others": others, "names": names, "zone": practice.time_zone, "now": now,
        "coming": [one for one in reversed(sessions) if not one.over], "past": [one for one in sessions if one.over],
        "own_id": viewer.professional_id, "error": error, "name": seen.team.name if name is None else name[:300],
        "done": request.query_params.get("done"),
    }  # fmt: skip
    return render(request, "staff/team.html", shown, status)


async def _sessions(tx: Tx, viewer: Viewer, team_id: UUID) -> list[Consultation]:
    """Return the team's newest sessions that the viewer may see, the latest first; whoever is not of the team sees none."""
    if team_id not in viewer.team_ids:
        return []
    theirs = visible_consultations(viewer).where(Consultation.team_id == team_id)
    return list(await tx.scalars(theirs.order_by(Consultation.scheduled_at.desc(), Consultation.id).limit(MOST_SESSIONS)))


def _changing(change: Change) -> Callable[[Request], Awaitable[Response]]:
    """Return what lets in whoever may see the team, reads the form and makes the change."""

    async def edge(request: Request) -> Response:
        viewer, house = await viewer_of(request), house_of(request)
        async with house.database.read() as tx:
            await see_team(tx, viewer, _team_id(request))
        form = await read_form(request)
        try:
            async with house.database.write() as tx:
                await change(tx, viewer, request, form)
        except Invalid as fault:
            return await _show_team(request, fault.code, form.get("name"), 422)
        return await _back(request)

    return edge


async def _back(request: Request) -> Response:
    """Lead back to the team, or to where somebody goes who has it no more: to the list where they run teams by their office."""
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        stays = await _still_sees(tx, viewer, _team_id(request))
        home = LIST if await administers(tx, viewer) else OWN
    path = request.url.path.rsplit("/", 1)[0] if stays else home
    return RedirectResponse(f"{path}?done=saved", status_code=303)


async def _still_sees(tx: Tx, viewer: Viewer, team_id: UUID) -> bool:
    try:
        await see_team(tx, viewer, team_id)
    except NotFound:
        return False
    return True


async def _rename(tx: Tx, viewer: Viewer, request: Request, form: dict[str, str]) -> None:
    await rename_team(tx, viewer, _team_id(request), form.get("name", ""), house_of(request).clock.now())


async def _ask(tx: Tx, viewer: Viewer, request: Request, form: dict[str, str]) -> None:
    await ask_into_team(tx, viewer, _team_id(request), _chosen(form), house_of(request).clock.now())


async def _part(tx: Tx, viewer: Viewer, request: Request, form: dict[str, str]) -> None:
    await part_from(tx, viewer, _team_id(request), _chosen(form), house_of(request).clock.now())


async def _lead(tx: Tx, viewer: Viewer, request: Request, form: dict[str, str]) -> None:
    await give_lead(tx, viewer, _team_id(request), _chosen(form), house_of(request).clock.now())


async def _answer(tx: Tx, viewer: Viewer, request: Request, form: dict[str, str]) -> None:
    await answer_team(tx, viewer, _team_id(request), house_of(request).clock.now(), joins=form.get("answer") == "yes")


async def _end(tx: Tx, viewer: Viewer, request: Request, form: dict[str, str]) -> None:
    if form.get("sure") != "yes":
        raise Invalid(code="sure")
    await end_team(tx, viewer, _team_id(request), house_of(request).clock.now())


def _chosen(form: dict[str, str]) -> UUID:
    try:
        return UUID(form.get("professional", ""))
    except ValueError:
        raise Invalid(code="professional") from None


def _team_id(request: Request) -> UUID:
    found: UUID = request.path_params["team_id"]
    return found
