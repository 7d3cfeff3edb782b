"""What a right password leads to: a login, or the page that asks for the second factor."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.core.db import Tx
from server.identity.devices import remember
from server.identity.gate import begin_here
from server.identity.letters import tell_person
from server.identity.mail_model import KNOWN_FOR, Subject
from server.identity.second import begin_half, has_second
from server.identity.second_model import HALF_FOR
from server.settings import Settings
from server.web.auth import DEVICE, HALF, drop_cookie, read_cookie, set_cookie, set_named
from server.web.endpoint import house_of
from server.web.pages import language_of

SECOND = "/sign-in/second"
SET_UP = "/account/second-factor"

Obliged = Callable[[Tx, Settings, UUID], Awaitable[bool]]  # whether this person must have a second factor
First = Callable[[Tx, UUID, str, datetime], Awaitable[str]]  # where a login leads, of whom, instead of to its target


async def straight(tx: Tx, person_id: UUID, target: str, now: datetime) -> str:
    """Ask nothing before the target."""
    del tx, person_id, now
    return target


class Rules(NamedTuple):
    """What is asked of whoever comes in."""

    obliged: Obliged
    first: First = straight


class Way(NamedTuple):
    """Where a sign-in leads to, whether others use this computer, too, and what comes before the target."""

    target: str
    shared: bool
    first: First = straight


async def enter(tx: Tx, request: Request, rules: Rules, person_id: UUID, way: Way) -> Response:
    """Lead whoever gave the right password on, by way of the second factor where they have one or must have one."""
    house = house_of(request)
    if await has_second(tx, person_id):
        half = await begin_half(tx, person_id, way.target, house.clock.now(), shared=way.shared)
        response = RedirectResponse(SECOND, status_code=303)
        set_named(response, house.settings, HALF, half, int(HALF_FOR.total_seconds()))
        return response
    limited = await rules.obliged(tx, house.settings, person_id)
    return await complete(
        tx, request, person_id, way._replace(target=SET_UP) if limited else way._replace(first=rules.first), limited=limited
    )


async def complete(tx: Tx, request: Request, person_id: UUID, way: Way, *, limited: bool = False) -> Response:
    """Begin the login of somebody who has shown who they are, on a browser that is known from now on.

    Whoever is known from other browsers is told of a new one by e-mail.
    """
    house = house_of(request)
    now = house.clock.now()
    login = await begin_here(tx, request, person_id, shared=way.shared, limited=limited)
    device, new = await remember(tx, read_cookie(request, house.settings, DEVICE), person_id, now)
    if new:
        await tell_person(tx, house, person_id, Subject.NEW_DEVICE, language_of(request).tag)
    response = RedirectResponse(await way.first(tx, person_id, way.target, now), status_code=303)
    set_cookie(response, house.settings, login)
    set_named(response, house.settings, DEVICE, device, int(KNOWN_FOR.total_seconds()))
    drop_cookie(response, house.settings, HALF)
    return response
