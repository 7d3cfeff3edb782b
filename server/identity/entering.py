"""What a right password leads to: a login, or the page that asks for the second factor."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.core.db import Tx
from server.identity.gate import begin_here
from server.identity.second import begin_half, has_second
from server.identity.second_model import HALF_FOR
from server.settings import Settings
from server.web.auth import drop_cookie, set_cookie, set_named
from server.web.endpoint import house_of

HALF = "half"
SECOND = "/sign-in/second"
SET_UP = "/account/second-factor"

Obliged = Callable[[Tx, Settings, UUID], Awaitable[bool]]  # whether this person must have a second factor


class Way(NamedTuple):
    """Where a sign-in leads to, and whether others use this computer, too."""

    target: str
    shared: bool


async def enter(tx: Tx, request: Request, obliged: Obliged, person_id: UUID, way: Way) -> Response:
    """Lead whoever gave the right password on, by way of the second factor where they have one or must have one."""
    house = house_of(request)
    if await has_second(tx, person_id):
        half = await begin_half(tx, person_id, way.target, house.clock.now(), shared=way.shared)
        response = RedirectResponse(SECOND, status_code=303)
        set_named(response, house.settings, HALF, half, int(HALF_FOR.total_seconds()))
        return response
    limited = await obliged(tx, house.settings, person_id)
    token = await begin_here(tx, request, person_id, shared=way.shared, limited=limited)
    return entered(request, token, SET_UP if limited else way.target)


def entered(request: Request, token: str, target: str) -> Response:
    """Hand the cookie of a new login to the browser; the one of the half sign-in goes."""
    settings = house_of(request).settings
    response = RedirectResponse(target, status_code=303)
    set_cookie(response, settings, token)
    drop_cookie(response, settings, HALF)
    return response
