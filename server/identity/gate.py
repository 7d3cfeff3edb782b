"""Who is signed in on this connection, and the beginning and end of that."""

import asyncio
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from starlette.requests import HTTPConnection

from server.core.db import Tx
from server.core.house import House
from server.errors import NotSignedIn, Unfinished
from server.identity.actions import begin_login, end_login, find_login, note_use
from server.identity.device import device_words
from server.identity.model import LoginSession
from server.web.auth import read_cookie
from server.web.endpoint import house_of

TOUCH_WITHIN_S = 0.2  # then the request goes on, and the write by itself


class SignedIn(NamedTuple):
    person_id: UUID
    session_id: UUID


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
    return SignedIn(session.person_id, session.id)


async def _touch(house: House, session_id: UUID, now: datetime) -> None:
    """Store the use beside the request: whoever only reads must neither fail nor wait because the database is busy writing."""

    async def store() -> None:
        async with house.database.write() as tx:
            await note_use(tx, [session_id], house.settings, now)

    task = house.supervisor.spawn_alone(store, name="login seen")
    await asyncio.wait({task}, timeout=TOUCH_WITHIN_S)


async def still_signed_in(house: House, session_id: UUID) -> bool:
    """Tell whether a session that opened a socket is still good; asked again whenever it may have changed."""
    async with house.database.read() as tx:
        session = await tx.get(LoginSession, session_id)
    return session is not None and not session.limited and session.alive(house.clock.now(), house.settings)


async def begin_here(tx: Tx, connection: HTTPConnection, person_id: UUID, *, shared: bool = True, limited: bool = False) -> str:
    """Return a new login's token; the one that the browser had before is ended, so that no fixed session survives."""
    await end_here(tx, connection)
    device = device_words(connection.headers.get("user-agent", ""))
    token = begin_login(tx, person_id, device, house_of(connection).clock.now(), shared=shared)
    login = await find_login(tx, token)
    if login is not None:
        login.limited = limited
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
