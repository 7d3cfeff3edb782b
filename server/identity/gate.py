"""Who is signed in on this connection, and the beginning and end of that."""

import asyncio
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from starlette.requests import HTTPConnection

from server.core.db import Tx
from server.core.house import House
from server.errors import NotSignedIn, Unfinished
from server.identity.actions import begin_login, end_login, find_login, last_at_work, note_use
from server.identity.device import device_words
from server.identity.model import LoginSession
from server.web.at_work import Asked, asked_of
from server.web.auth import read_cookie
from server.web.endpoint import house_of

TOUCH_WITHIN_S = 0.2  # then the request goes on, and the write by itself


class SignedIn(NamedTuple):
    """`practice_id` is where this browser was last told to be at work, and `asked` what the request says of that, if there is one."""

    person_id: UUID
    session_id: UUID
    practice_id: UUID | None = None
    asked: Asked | None = None


async def signed_in(connection: HTTPConnection, *, limited: bool = False) -> SignedIn:
    """Return who the login cookie belongs to; raises `NotSignedIn`. Keeps `seen_at` fresh, with about one write a minute.

    Whoever has to set up a second factor first comes in only where a `limited` login will do; elsewhere it raises `Unfinished`.
    """
    house = house_of(connection)
    token = read_cookie(connection, house.settings)
    if token is None:
        raise NotSignedIn
    async with house.database.read() as tx:
        session = await find_login(tx, token)
    now = house.clock.now()
    if session is None or not session.alive(now, house.settings):
        raise NotSignedIn
    if session.limited and not limited:
        raise Unfinished
    if session.stale(now):
        await _touch(house, session.id, now)
    asked = asked_of(connection)
    asked.at = asked.at or session.practice_id
    return SignedIn(session.person_id, session.id, session.practice_id, asked)


async def _touch(house: House, session_id: UUID, now: datetime) -> None:
    """Store the use beside the request: whoever only reads must neither fail nor wait because the database is busy writing."""

    async def store() -> None:
        async with house.database.write() as tx:
            await note_use(tx, [session_id], house.settings, now)

    task = house.supervisor.spawn_alone(store, name="login seen")
    await asyncio.wait({task}, timeout=TOUCH_WITHIN_S)


async def login_of(tx: Tx, house: House, session_id: UUID) -> LoginSession:
    """Return the login that opened a socket, asked again whenever it may have changed; raises `NotSignedIn` once it is not good."""
    login = await tx.get(LoginSession, session_id)
    if login is None or not login.opens(house.clock.now(), house.settings):
        raise NotSignedIn
    return login


async def begin_here(tx: Tx, connection: HTTPConnection, person_id: UUID, *, shared: bool = True, limited: bool = False) -> str:
    """Return a new login's token; the one that the browser had before is ended, so that no fixed session survives."""
    await end_here(tx, connection)
    device = device_words(connection.headers.get("user-agent", ""))
    last = await last_at_work(tx, person_id)
    token = begin_login(tx, person_id, device, house_of(connection).clock.now(), shared=shared)
    login = await find_login(tx, token)
    if login is not None:
        login.limited, login.practice_id = limited, last
    return token


async def shared_here(tx: Tx, connection: HTTPConnection) -> bool:
    """Whether others use this computer, as was said at its present sign-in."""
    token = read_cookie(connection, house_of(connection).settings)
    session = await find_login(tx, token) if token else None
    return session is None or session.shared


async def end_here(tx: Tx, connection: HTTPConnection) -> None:
    """End the login of this browser, if there is one."""
    house = house_of(connection)
    token = read_cookie(connection, house.settings)
    session = await find_login(tx, token) if token else None
    if session is not None:
        await end_login(tx, session.person_id, session.id, house.clock.now())
