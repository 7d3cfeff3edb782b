"""Every page is walked through: axe, the keyboard, the stretched language, and the one that runs from right to left."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Route

from server.directory.languages import SPOKEN, name_of
from tests.acting import DORA
from tests.browser.person import PHONE
from tests.browser.test_accessible_pages import NAMES
from tests.browser.walk_rows import ROWS, filled, pages, route_of
from tests.browser.walk_seats import Seats, seat, sign_in_all
from tests.browser.walking import Walker
from tests.cast import CLINIC, EVERYBODY, seat_in
from tests.servers import ForkedServer

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

WRITTEN = [
    *NAMES,
    *(name for one in EVERYBODY for name in (one.full_name, one.name, one.username)),
    DORA.name,
    *(name_of(tag, "en") for tag in SPOKEN),  # CLDR's
    "Hill Practice",
    "North",
    "South",
    "General practice",
    "General Medical Council",
    "Information Commissioner (ICO)",
    "Care Quality Commission (CQC)",
    "1 Harbour Street, London",
    "Twilio",
    "Stripe",
    "SANDBOX",
    "She <b>listens</b>, and explained everything twice.",
    "Privacy policy, new version",  # in the practice's language, as it is sent
    "Terms, new version",
    "Before the call",
    ";bp",
    "SOAP",
    "kg/m²",
    "kB",
    "FHIR",
    "GMC",
    "MB BS",
    "CSV",
    "PDF",
    "SMS",
]
# Who keeps a server alone answers for its accounts, too; without a practice it says what is to be done.
PRACTICES = {"sole olga": {CLINIC}, "empty": set[UUID]()}
HEAD = '<!doctype html><html lang="en-XA"><head><title>⟦A page⟧</title><meta name="viewport" content="width=device-width"></head>'
FAULTS = {
    "/trap": """<body><main><h1>⟦A page⟧</h1><p>Left in English</p><p style="color: #aaa">⟦Pale⟧</p><p style="inline-size: 25rem">⟦Wide⟧</p>
      <p><a href="#one" style="outline: none">⟦Without a ring⟧</a></p>
      <p><a href="#two" style="position: fixed; inset-block-start: -9rem">⟦Out of sight⟧</a></p>
      <p><button onkeydown="event.preventDefault()">⟦A trap⟧</button></p><p><a href="#three">⟦Behind it⟧</a></p></main></body>""",
    "/turn": """<body><main><h1>⟦A page⟧</h1><p><a href="#one">⟦First⟧</a></p><p><a href="#two" tabindex="1">⟦Out of turn⟧</a></p>
      <p><a href="#three">⟦Covered⟧</a></p></main>
      <div style="position: fixed; inset: 7rem 0 0; background: white"></div></body>""",
}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, locales: Path) -> Iterator[tuple[ForkedServer, Seats]]:
    """A server in whose database something of each kind stands."""
    folder = tmp_path_factory.mktemp("walk")
    shutil.copy(sqlite_template, folder / "test.db")
    url = f"sqlite:///{folder / 'test.db'}"
    seat_in(url)
    server = ForkedServer(folder, DATABASE_URL=url, LOCALES_DIR=str(locales), PAYMENTS="sandbox", ENVIRONMENT="demo")
    seats = seat(url, folder / "data")
    server.start()
    sign_in_all(url, seats)
    yield server, seats
    server.stop()


@pytest.mark.parametrize("person", ROWS)
def test_everybody_can_use_the_pages_of(walked: tuple[ForkedServer, Seats], chromium: Browser, person: str) -> None:
    server, seats = walked
    context = chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce", timezone_id="Europe/London")
    cookies = seats.cookies[person.removeprefix("sole ")]
    context.add_cookies([{"name": key, "value": value, "url": server.url} for key, value in cookies.items()])
    walker = Walker(context, context.new_page(), server.url, WRITTEN)
    with only_practices(server, PRACTICES[person]) if person in PRACTICES else nullcontext():
        for row in ROWS[person]:
            walker.visit(row, filled(row, seats.values))
    context.close()
    assert walker.wrong == [], "\n".join(walker.wrong)


def test_every_page_is_walked() -> None:
    assert pages() == {route_of(row) for rows in ROWS.values() for row in rows}


def test_the_walk_finds_what_it_looks_for(chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    walker = Walker(context, context.new_page(), "http://walk.test", [])
    for path, body in FAULTS.items():
        walker.page.route(f"**{path}", partial(_answer, HEAD + body))
        walker.visit(path, path)
    context.close()
    told = [
        "/trap, en-XA: not translated: Left in English",
        "/trap, en-XA: at 320 px, ",
        "/trap, en-XA: at 390 px, ",
        "/trap, en-XA: on a telephone, in light, color-contrast: <p style",
        '/trap, en-XA: the focus has no ring: <a href="#one"',
        '/trap, en-XA: what Tab came to is out of sight: <a href="#two"',
        '/trap, en-XA: Tab does not reach <a href="#three"',
        "/trap, ar-XB: does not run from right to left",
        '/turn, en-XA: Tab goes back to <a href="#two"',
        '/turn, en-XA: what Tab came to is covered: <a href="#three"',
    ]
    assert [one for one in told if not any(fault.startswith(one) for fault in walker.wrong)] == []


def _answer(body: str, route: Route) -> None:
    route.fulfill(content_type="text/html", body=body)


@contextmanager
def only_practices(server: ForkedServer, left: set[UUID]) -> Iterator[None]:
    """Let these practices be the only ones of the server for a while."""
    away = f"replace(id, '-', '') NOT IN ({','.join(repr(one.hex) for one in left)})"
    with closing(sqlite3.connect(server.folder / "test.db")) as database:
        rows = database.execute(f"SELECT * FROM practice WHERE {away}").fetchall()
        database.execute(f"DELETE FROM practice WHERE {away}")
        database.commit()
        try:
            yield
        finally:
            database.executemany(f"INSERT INTO practice VALUES ({','.join('?' * len(rows[0]))})", rows)
            database.commit()
