"""What the walk through every page needs: a database in which something of each kind stands, and the cookies of those who look at it.

What people have written stands between the brackets of the stretched language, so that it is nobody's to translate.
"""

import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import anyio
import httpx2
from sqlalchemy import update
from starlette.applications import Starlette

from server.access.actions import add_staff
from server.access.model import StaffRole
from server.adapters.memory_bus import MemoryBus
from server.app import Parts, build_app
from server.core.clock import SystemClock
from server.core.db import Database, Events
from server.core.house import House
from server.demo import LOGINS, Kept, kept_path
from server.identity.actions import begin_login
from server.identity.model import LoginSession
from server.identity.second import begin_half
from server.settings import Settings
from server.web.auth import HALF
from tests.acting import DORA
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, ELSEWHERE, OLGA, Guest, Staff, sign_in_as
from tests.conftest import StillClock, browser_of

RITA = Guest("⟦Rita Roe⟧", "+447700900007", "rita@example.org")
MEMBERS: dict[str, Staff | Guest] = {"alice": ALICE, "charlie": CHARLIE, "olga": OLGA, "dana": DANA, "dora": DORA}
PATIENCE = timedelta(hours=2)
WORDS = "⟦What somebody wrote⟧"
LAST_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Seats:
    """The cookies of each person, and what stands for each parameter of an address."""

    cookies: dict[str, dict[str, str]] = field(default_factory=lambda: {"anybody": {}, "asker": {}, "nobody": {}, "empty": {}})
    values: dict[str, str] = field(default_factory=dict)

    def put(self, **values: object) -> None:
        self.values |= {name: str(value) for name, value in values.items()}


@dataclass
class Seating:
    """The application in this process, with everything that seats somebody or something in it."""

    app: Starlette
    clock: StillClock
    seats: Seats
    clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    members: dict[str, Staff | Guest] = field(default_factory=dict)

    @property
    def house(self) -> House:
        house: House = self.app.state.house
        return house

    async def signed_in(self, name: str, member: Staff | Guest) -> httpx2.AsyncClient:
        """Return the client of somebody who is signed in, whose pages are walked through under a name."""
        if name not in self.clients:
            self.members[name] = member
            self.clients[name] = browser_of(self.app, {"sid": await sign_in_as(self.house, member)})
        return self.clients[name]

    def browser(self, name: str, **cookies: str) -> httpx2.AsyncClient:
        """Return the client of somebody with a link or with nothing."""
        self.clients[name] = browser_of(self.app, cookies)
        return self.clients[name]

    async def keep_cookies(self) -> None:
        """Take down what each browser has in its jar by now."""
        for name, client in self.clients.items():
            self.seats.cookies[name] = {cookie.name: str(cookie.value) for cookie in client.cookies.jar}


async def sent(client: httpx2.AsyncClient, path: str, **form: str) -> str:
    """Send a form that leads on, and return where to."""
    answer = await client.post(path, data=form)
    assert answer.status_code == 303, f"{path}: {answer.status_code} {answer.text[-3000:]}"
    location: str = answer.headers["location"]
    return location


async def page(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.headers.get('location', answer.text[:2000])}"
    return answer.text


def id_in(path: str) -> UUID:
    """Return the last id of an address."""
    return UUID(LAST_UUID.findall(path)[-1])


@asynccontextmanager
async def _seating(url: str, data_dir: Path) -> AsyncIterator[Seating]:
    clock = StillClock(SystemClock().now() - timedelta(minutes=2))
    settings = Settings(database_url=url, data_dir=data_dir, payments="sandbox", base_url="http://testserver")
    app = build_app(settings, Parts(clock=clock))
    async with app.router.lifespan_context(app):
        yield Seating(app, clock, Seats())


def seat(url: str, data_dir: Path) -> Seats:
    """Seat everything in a migrated database that has the cast; in a thread, because the browser's loop may run in this one."""
    from tests.browser.walk_law import seat_law
    from tests.browser.walk_practice import seat_practice
    from tests.browser.walk_visits import seat_visits

    async def work() -> Seats:
        async with _seating(url, data_dir) as seating:
            await seat_law(seating)
            await seat_practice(seating)
            await seat_visits(seating)
            await seating.keep_cookies()
            seating.seats.put(one=1, language="en-GB", invitation="invitation", unknown="x" * 43)
            for client in seating.clients.values():
                await client.aclose()
        _keep_passwords(data_dir)
        return seating.seats

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, work).result()


def _keep_passwords(data_dir: Path) -> None:
    """Let a demo find that it has begun: it gives nobody another password, which would end their logins."""
    assert DANA.patient_id is not None
    kept_path(data_dir).write_bytes(Kept(DANA.patient_id, dict.fromkeys(LOGINS, "")).as_json())


def sign_in_all(url: str, seats: Seats) -> None:
    """Give everybody who has an account a login, and bob half of one. olga has two places.

    They sign in a while from now, so that however slow the machine is nobody is asked again to prove that it is them.
    """

    async def work() -> None:
        now, database = SystemClock().now(), Database(url, MemoryBus(), Events())
        async with database.write() as tx:
            for name, member in MEMBERS.items():
                seats.cookies[name] = {"sid": begin_login(tx, member.person_id, "⟦Test⟧", now)}
            seats.cookies["half"] = {HALF: await begin_half(tx, BOB.person_id, "", now + PATIENCE, shared=False)}
            add_staff(tx, ELSEWHERE, OLGA.person_id, StaffRole.ADMINISTRATOR, now)
            await tx.flush()
            await tx.execute(update(LoginSession).where(LoginSession.person_id == OLGA.person_id).values(practice_id=CLINIC))
            await tx.execute(update(LoginSession).values(proved_at=now + PATIENCE, device="⟦Test⟧"))
        await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(anyio.run, work).result()
