"""Fixtures that every folder of tests shares."""

import faulthandler
import itertools
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import hypothesis
import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.model import Practice
from server.adapters.memory_bus import MemoryBus
from server.core.db import Database, Events
from server.core.house import House
from server.core.migrate import migrate
from server.serve import calm_collector
from server.settings import Settings
from server.web.extract import Found, find_messages
from server.web.i18n import Languages
from server.web.pseudo import write_pseudo_locales
from tests.cast import CLINIC, Cast, Guest, Meeting, Staff, add_meeting, seat_cast, seat_in, sign_in_as
from tests.in_process import running
from tests.scheduling import Dealer, turn_of
from tests.scratch import lie_in_memory
from tests.servers import AppServer, ForkedServer, Postgres
from tests.statements import share_statements

ORIGIN = "http://testserver"
MORNING = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NUMBERS = itertools.count(1)

hypothesis.settings.register_profile("house", deadline=None)  # a loaded machine is no counter-example
hypothesis.settings.load_profile("house")
share_statements()


class StillClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, now: datetime) -> None:
        """Set the time of day only, as an administrator or a time server does."""
        self._now = now


def pytest_configure(config: pytest.Config) -> None:
    lie_in_memory(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each kind of test where it is dealt out (`tests/scheduling.py`), and of each the long files first: of two processes that share
    the files, none is left alone with a long one.
    """
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (*turn_of(item.nodeid), -tests[item.path], item.path))


def pytest_collection_finish() -> None:
    calm_collector()


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Limit also what a failed test has to take down: pytest lifts its `faulthandler_timeout` here, for whoever debugs."""
    config = node.config
    if isinstance(node, pytest.Item) and not config.getoption("usepdb"):
        limit_s = float(config.getini("faulthandler_timeout"))
        faulthandler.dump_traceback_later(limit_s, exit=True, file=config.stash[fault_handler_stderr_fd_key])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Dealer:
    return Dealer(config, log)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every migration applied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def messages() -> list[Found]:
    """Every sentence of the product, which takes seconds to find."""
    return list(find_messages())


@pytest.fixture(scope="session")
def locales(messages: list[Found], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogues of the two languages that nobody speaks."""
    folder = tmp_path_factory.mktemp("locales")
    write_pseudo_locales(folder, messages)
    return folder


@pytest.fixture(scope="session")
def languages(locales: Path) -> Languages:
    return Languages([locales])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A private PostgreSQL cluster for this run of the tests."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A cluster of this test's own, to be stopped and started again."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with every migration applied."""
    postgres.execute("CREATE DATABASE migrated TEMPLATE template0")
    migrate(postgres.url("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_seated(sqlite_template: Path) -> Path:
    """The same with the cast in it: seating them takes longer than most tests."""
    path = sqlite_template.with_name("seated.db")
    shutil.copy(sqlite_template, path)
    seat_in(f"sqlite:///{path}", MORNING)
    return path


@pytest.fixture(scope="session")
def postgres_seated(postgres: Postgres, postgres_template: str) -> str:
    """The same with the cast in it."""
    postgres.execute(f"CREATE DATABASE seated TEMPLATE {postgres_template}")
    seat_in(postgres.url("seated"), MORNING)
    return "seated"


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An SQLite database of this test's own, migrated, and empty but for the cast where the test asks for it."""
    template: Path = request.getfixturevalue("sqlite_seated" if "cast" in request.fixturenames else "sqlite_template")
    shutil.copy(template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[str]:
    """A PostgreSQL database of this test's own, migrated, and empty but for the cast where the test asks for it."""
    template: str = request.getfixturevalue("postgres_seated" if "cast" in request.fixturenames else "postgres_template")
    name = f"test_{next(NUMBERS)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # without fsync three times as fast as by the log
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of this test's own, on SQLite and then on PostgreSQL."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def database(database_url: str, anyio_backend: str) -> AsyncIterator[Database]:
    """A `Database` without the rest of the house, on SQLite and then on PostgreSQL."""
    database = Database(database_url, MemoryBus(), Events())
    yield database
    await database.close()


@pytest.fixture
def app_database_url(sqlite_url: str) -> str:
    """The database of the in-process server. A module that wants both overrides this fixture with `database_url`."""
    return sqlite_url


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path) -> Settings:
    """Settings of the in-process server; override it for others."""
    return Settings(database_url=app_database_url, data_dir=tmp_path / "data", base_url=ORIGIN)


@pytest.fixture
async def app(settings: Settings, clock: StillClock, anyio_backend: str) -> AsyncIterator[Starlette]:
    """The whole application in this process, started, with a clock that the test moves."""
    from server.app import Parts, build_app

    app = build_app(settings, Parts(clock=clock))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def idle_house(database_url: str, tmp_path: Path, clock: StillClock) -> AsyncIterator[House]:
    """A house whose own worker was not started, on both databases."""
    from server.app import Parts, build_house

    house = build_house(Settings(database_url=database_url, data_dir=tmp_path / "data", base_url=ORIGIN), Parts(clock=clock))
    yield house
    await house.database.close()


@pytest.fixture
def house(app: Starlette) -> House:
    house: House = app.state.house
    return house


@pytest.fixture
async def cast(house: House, clock: StillClock) -> Cast:
    """The cast, seated in the house's database."""
    async with house.database.write() as tx:
        seated = await tx.scalar(select(Practice.id).where(Practice.id == CLINIC))
        return Cast() if seated else await seat_cast(tx, clock.now())


@pytest.fixture
async def meeting(house: House, cast: Cast, clock: StillClock) -> Meeting:
    """A consultation of dr_alice with dana for team North, in five minutes, with dana's link."""
    async with house.database.write() as tx:
        return await add_meeting(tx, house.secrets, clock.now())


def browser_of(app: Starlette, cookies: dict[str, str] | None = None, **headers: str) -> httpx2.AsyncClient:
    """A client that behaves like a page of ours: it keeps cookies and sends our Origin; it follows no redirect by itself."""
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN, **headers}, cookies=cookies)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who is not signed in."""
    async with browser_of(app) as client:
        yield client


SignIn = Callable[[Staff | Guest], Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def sign_in(app: Starlette, house: House, cast: Cast) -> AsyncIterator[SignIn]:
    """A function that returns the client of a signed-in member of the cast."""
    clients: list[httpx2.AsyncClient] = []

    async def sign_in(member: Staff | Guest) -> httpx2.AsyncClient:
        client = browser_of(app, {"sid": await sign_in_as(house, member)})
        clients.append(client)
        return client

    yield sign_in
    for client in clients:
        await client.aclose()


@pytest.fixture
async def sockets(app: Starlette) -> AsyncIterator[str]:
    """The address (`ws://127.0.0.1:…`) at which the in-process application takes websockets; connect with `origin=ORIGIN`."""
    async with running(app) as here:
        yield here.address


@pytest.fixture
def live_server(tmp_path: Path, sqlite_url: str) -> Iterator[AppServer]:
    """The real server in a process of its own, with the cast in its database; `kill()` and `restart()` keep port and data."""
    seat_in(sqlite_url)
    server = ForkedServer(tmp_path, DATABASE_URL=sqlite_url)
    server.start()
    yield server
    server.stop()
