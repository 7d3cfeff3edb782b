"""What is left behind when people were here: no secret in the database, and nothing about anybody in the log."""

import contextlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, select, text
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from server.consultation.consents import WORDINGS
from server.core.db import sync_url
from server.core.ids import token_hash
from server.core.logs import FIELDS
from server.models import Base
from tests.cast import ALICE, DANA, seat_in
from tests.servers import AppServer, ForkedServer
from tests.site import Booked, Site

pytestmark = pytest.mark.row("O3")

FORGED = '{"event": "forged", "level": "info"}'
WRONG_NAMES = {f"dr_nobody\r\n{FORGED}\n\x1b[2J": 400, f"dr_nobody {FORGED}": 401}
WRONG_PASSWORD = "correct horse battery"
PATIENT = "Dana <b>Diaz</b>"
COMPANION = "her mother Erika"
CHAT = "my left knee"


@dataclass
class Visit:
    """A visit that left traces wherever it could: `secrets` opened something, `words` are about people."""

    server: AppServer
    database_url: str
    secrets: dict[str, str]
    words: dict[str, str]

    def everything_stored(self) -> bytes:
        """Return every value of every table in one piece."""
        engine = create_engine(sync_url(self.database_url))
        with engine.connect() as connection:
            rows = [row for table in Base.metadata.sorted_tables for row in connection.execute(select(table))]
        engine.dispose()
        return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)

    def break_a_table(self) -> None:
        """Make the next consultation crash in the middle of its transaction, with its values in the error's text."""
        engine = create_engine(sync_url(self.database_url))
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE delivery RENAME TO misplaced"))
        engine.dispose()


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[AppServer]:
    seat_in(database_url)
    server = ForkedServer(tmp_path, DATABASE_URL=database_url, LOG_LEVEL="debug")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(server: AppServer) -> Iterator[Site]:
    site = Site(server)
    yield site
    site.close()


@pytest.fixture
def visit(server: AppServer, site: Site, database_url: str) -> Visit:
    """Everybody does what they do, and strangers do what they should not."""
    booked = site.consultation(mobile=DANA.mobile, email=DANA.email)
    secrets = {"link": booked.link.rsplit("/", 1)[1], "cookie": site.cookie(ALICE)}
    secrets["staff ticket"] = ticket_of(site.client(ALICE), f"/api/consultations/{booked.id}/tickets")
    secrets["patient ticket"], secrets["visit cookie"] = go_the_patient_s_way(site, booked)
    talk(site, secrets["patient ticket"])
    knock_on_wrong_doors(site)
    words = {"name": DANA.name, "typed name": PATIENT, "companion": COMPANION, "mobile": DANA.mobile, "e-mail": DANA.email, "chat": CHAT}
    words |= {"password": ALICE.password, "wrong password": WRONG_PASSWORD, "username": ALICE.username, "wrong name": "dr_nobody"}
    return Visit(server, database_url, secrets, words)


def ticket_of(client: httpx2.Client, path: str) -> str:
    answer = client.post(path, json={"purpose": "room"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


def go_the_patient_s_way(site: Site, booked: Booked) -> tuple[str, str]:
    """Return the ticket and the cookie of a patient who came as far as the waiting room."""
    with httpx2.Client(base_url=site.url, headers={"origin": site.url}, trust_env=False, timeout=20) as dana:
        visit = dana.get("/" + booked.visit).headers["location"]
        assert dana.post(visit).status_code == 303
        assert dana.post(f"{visit}/who", data={"name": PATIENT, "companion": COMPANION}).status_code == 303
        assert dana.post(f"{visit}/consent", data={wording.purpose: "yes" for wording in WORDINGS}).status_code == 303
        [cookie] = [str(cookie.value) for cookie in dana.cookies.jar]
        return ticket_of(dana, f"{visit}/tickets"), cookie


def dial(site: Site, origin: str) -> ClientConnection:
    return connect(site.url.replace("http", "ws", 1) + "/ws/room?secret=in-a-query", origin=origin, proxy=None, compression=None)  # type: ignore[arg-type]


def say(socket: ClientConnection, number: int, kind: str, **body: object) -> None:
    socket.send(json.dumps({"t": kind, "id": number, "b": body}))


def talk(site: Site, ticket: str) -> None:
    """Knock, and write to the professional from the waiting room."""
    with dial(site, site.url) as socket:
        say(socket, 1, "hello", ticket=ticket, resume=None)
        say(socket, 2, "chat", body=CHAT)
        while (frame := json.loads(socket.recv(timeout=30))).get("re") != 2:
            pass
        assert frame["t"] == "ok", frame


def knock_on_wrong_doors(site: Site) -> None:
    """Sign in wrongly, ask for what is not there, and open sockets that are refused, or break."""
    with httpx2.Client(base_url=site.url, headers={"origin": site.url}, trust_env=False, timeout=20) as stranger:
        for name, status in WRONG_NAMES.items():
            assert stranger.post("/sign-in", data={"username": name, "password": WRONG_PASSWORD}).status_code == status
        assert stranger.get("/nowhere/in-a-path%0d%0a?secret=in-a-query").status_code == 404
        assert stranger.get("/j/in-a-link?secret=in-a-query").status_code == 404
        assert stranger.post("/sign-in", headers={"origin": "https://evil.test"}, data={"username": "in-a-form"}).status_code == 403
        assert stranger.get("/sign-in", headers={"host": "in-a-host.test"}).status_code == 421
    with pytest.raises(InvalidStatus):
        dial(site, "https://evil.test")
    for frame in ('{"t":"hello","id":1,"b":{"ticket":"in-a-ticket","resume":null}}', '{"in-a-frame'):
        with dial(site, site.url) as socket, contextlib.suppress(ConnectionClosed):
            socket.send(frame)
            while True:
                socket.recv(timeout=30)


def stop_and_read(server: AppServer) -> list[str]:
    """Return the whole log, up to the last line of the end."""
    server.stop()
    return server.log.splitlines()


def check(lines: list[str], visit: Visit) -> None:
    log = "\n".join(lines).casefold()
    said = {**visit.secrets, **visit.words}
    assert [what for what, value in said.items() if value.casefold() in log] == []
    assert [where for where in ("query", "path%", "link", "form", "host", "ticket", "frame") if f"in-a-{where}" in log] == []
    for line in lines:
        if not line.startswith("Address: "):
            entry = json.loads(line)
            assert entry.keys() <= FIELDS, line
            assert entry["event"] != "forged"


def test_bad_31_bad_35_nothing_about_anybody_is_in_the_log(visit: Visit) -> None:
    check(stop_and_read(visit.server), visit)


def test_not_even_when_the_server_crashes_with_it_in_its_hands(visit: Visit, site: Site) -> None:
    visit.break_a_table()
    plan = {"patient_name": DANA.name, "mobile": DANA.mobile, "email": DANA.email}
    assert site.client(ALICE).post("/api/consultations", json=plan).status_code >= 500
    lines = stop_and_read(visit.server)
    check(lines, visit)


def test_bad_31_no_secret_is_stored_but_as_its_hash(visit: Visit) -> None:
    stored = visit.everything_stored()
    for what, secret in {**visit.secrets, "password": ALICE.password}.items():
        assert secret.encode() not in stored, what
    for what in ("link", "cookie"):
        secret = visit.secrets[what]
        assert urlsafe_b64decode(secret + "=") not in stored, what
        assert token_hash(secret) in stored, what
    assert DANA.email.encode() in stored, "the search is blind"
