"""The account page: who is signed in, and where."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.viewer import load_viewer
from server.identity.actions import open_logins
from server.identity.gate import signed_in
from server.identity.model import Credential
from server.web.endpoint import house_of
from server.web.pages import render


def routes() -> list[Route]:
    return [Route("/account", _account)]


async def _account(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, who.person_id, house.clock.now())
        credential = await tx.get_one(Credential, who.person_id)
        part = await part_of(tx, viewer)
        practice = await tx.get(Practice, viewer.practice_id) if viewer.practice_id else None
        sessions = await open_logins(tx, who.person_id)
    now = house.clock.now()
    alive = [session for session in sessions if session.alive(now, house.settings)]
    person = {"name": viewer.name, "username": credential.username}
    zone = practice.time_zone if practice else "UTC"
    shown = {"person": person, "part": part, "sessions": alive, "current": who.session_id, "zone": zone, "now": now}
    return render(request, "staff/account.html", shown)
