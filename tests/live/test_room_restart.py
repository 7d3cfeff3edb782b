"""The server is killed in a running call and started again: everybody comes back to where they were."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.consultation.consents import WORDINGS
from tests.cast import ALICE, BOB, seat_in
from tests.live.room_client import Client
from tests.servers import AppServer, ForkedServer
from tests.site import Booked, Site

pytestmark = [pytest.mark.anyio, pytest.mark.row("V4")]

OFFER = {"type": "offer", "sdp": "v=0\r\n", "gen": 1}


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[AppServer]:
    seat_in(database_url)
    server = ForkedServer(tmp_path, DATABASE_URL=database_url)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(server: AppServer) -> Iterator[Site]:
    site = Site(server)
    yield site
    site.close()


@pytest.fixture
def dana(site: Site) -> Iterator[httpx2.Client]:
    """A browser without any cookie."""
    with httpx2.Client(base_url=site.url, headers={"origin": site.url}, trust_env=False, timeout=20) as client:
        yield client


def prepare(dana: httpx2.Client, booked: Booked) -> str:
    """Go the patient's way to the waiting room; returns where the tickets are."""
    visit = dana.get("/" + booked.visit).headers["location"]
    assert dana.post(visit).status_code == 303
    assert dana.post(f"{visit}/who", data={"name": "Dana Diaz", "companion": ""}).status_code == 303
    assert dana.post(f"{visit}/consent", data={wording.purpose: "yes" for wording in WORDINGS}).status_code == 303
    return f"{visit}/tickets"


async def join(site: Site, browser: httpx2.Client, tickets: str, resume: str | None = None) -> Client:
    answer = browser.post(tickets, json={"purpose": "room"})
    assert answer.status_code == 200, answer.text
    address = site.url.replace("http", "ws", 1) + "/ws/room"
    socket = await connect(address, origin=site.url, proxy=None, compression=None)  # type: ignore[arg-type]
    return await Client(socket).hello(answer.json()["ticket"], resume)


async def test_a_call_survives_the_death_of_the_server(site: Site, server: AppServer, dana: httpx2.Client) -> None:
    booked = site.consultation()
    desk = f"/api/consultations/{booked.id}/tickets"
    tickets = prepare(dana, booked)
    patient = await join(site, dana, tickets)
    alice = await join(site, site.client(ALICE), desk)
    await alice.command("admit")
    await patient.command("chat", body="Before")
    await patient.until(lambda: patient.me["stage"] == "in_call")
    started_at = patient.page.consultation["started_at"]

    server.kill()
    for client in (patient, alice):
        with pytest.raises(ConnectionClosed):
            await client.until(lambda: False)
    server.restart()

    alice_again = await join(site, site.client(ALICE), desk, alice.welcome["resume"])
    assert alice_again.me["stage"] == "in_call"
    assert alice_again.stage(patient.welcome["you"]) == "in_call"
    assert not alice_again.other(patient.welcome["you"])["present"]
    bob = await join(site, site.client(BOB), desk)
    assert bob.stage(alice.welcome["you"]) == "in_call"
    patient_again = await join(site, dana, tickets, patient.welcome["resume"])

    assert patient_again.welcome["peer"] == patient.welcome["peer"]
    assert alice_again.welcome["peer"] == alice.welcome["peer"]
    assert patient_again.page.consultation == {**patient_again.page.consultation, "state": "active", "started_at": started_at}
    assert [message["body"] for message in patient_again.page.messages] == ["Before"]
    assert patient_again.me["stage"] == "in_call"
    await alice_again.send("signal", to=patient.welcome["peer"], description=OFFER)
    assert await patient_again.event("signal") == {"from": alice.welcome["peer"], "description": OFFER}
    assert site.row(booked)["stage"] == "in_call"
    for client in (bob, alice_again, patient_again):
        await client.socket.close()


@pytest.mark.row("V3")
async def test_whoever_waits_keeps_the_place(site: Site, server: AppServer, dana: httpx2.Client) -> None:
    booked = site.consultation()
    tickets = prepare(dana, booked)
    before = await join(site, dana, tickets)
    assert site.client(ALICE).post(f"/api/consultations/{booked.id}/hold", json={"body": "Two minutes"}).status_code == 204
    server.kill()
    server.restart()
    after = await join(site, dana, tickets, before.welcome["resume"])
    assert (after.me["stage"], after.me["since"]) == ("waiting", before.me["since"])
    assert await after.event("hold") == {"body": "Two minutes"}
    await after.socket.close()


async def test_a_server_that_is_stopped_says_so(site: Site, server: AppServer) -> None:
    booked = site.consultation()
    alice = await join(site, site.client(ALICE), f"/api/consultations/{booked.id}/tickets")
    server.stop()
    assert await alice.until_closed() == 1012


async def shows(client: Client, state: str, *, interrupted: bool = False) -> None:
    with anyio.fail_after(30):
        await client.until(lambda: (client.page.recording["state"], client.page.recording["interrupted"]) == (state, interrupted))


def descendants(pid: int) -> Iterator[int]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from descendants(int(child))


def recorder_of(server: AppServer) -> int:
    """Return the process that writes; there is just one."""
    found = [pid for pid in descendants(server.pid) if b"server.media.recorder" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(found) == 1
    return found[0]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def folders(server: AppServer, count: int) -> None:
    """Wait until so many recorders have begun."""
    with anyio.fail_after(30):
        while len(list((server.folder / "data" / "recordings").glob("*"))) < count:  # noqa: ASYNC110 - they are processes of their own
            await anyio.sleep(0.02)


async def recorded(site: Site, dana: httpx2.Client, booked: Booked, tickets: str) -> tuple[Client, Client]:
    """Return dana and alice, in a call that is recorded."""
    patient = await join(site, dana, tickets)
    alice = await join(site, site.client(ALICE), f"/api/consultations/{booked.id}/tickets")
    await alice.command("admit")
    await patient.until(lambda: patient.me["stage"] == "in_call")
    await alice.command("record", on=True)
    await patient.command("agree", yes=True)
    await shows(patient, "on")
    return patient, alice


@pytest.mark.row("V8")
async def test_a_recording_goes_on_once_everybody_is_back(site: Site, server: AppServer, dana: httpx2.Client) -> None:
    booked = site.consultation()
    tickets = prepare(dana, booked)
    patient, alice = await recorded(site, dana, booked, tickets)
    await folders(server, 1)

    server.kill()
    for client in (patient, alice):
        with pytest.raises(ConnectionClosed):
            await client.until(lambda: False)
    server.restart()

    alice_again = await join(site, site.client(ALICE), f"/api/consultations/{booked.id}/tickets", alice.welcome["resume"])
    await shows(alice_again, "paused", interrupted=True)
    patient_again = await join(site, dana, tickets, patient.welcome["resume"])
    await shows(patient_again, "on")
    assert set(patient_again.page.recording["agreed"]) == {alice.welcome["you"], patient.welcome["you"]}
    await folders(server, 2)
    await patient_again.command("agree", yes=False)
    await shows(patient_again, "off")
    for client in (patient_again, alice_again):
        await client.socket.close()


@pytest.mark.row("V8")
async def test_a_recording_goes_on_when_its_recorder_or_its_engine_is_killed(site: Site, server: AppServer, dana: httpx2.Client) -> None:
    booked = site.consultation()
    patient, alice = await recorded(site, dana, booked, prepare(dana, booked))
    await folders(server, 1)
    os.kill(recorder_of(server), signal.SIGKILL)
    await shows(patient, "paused", interrupted=True)
    await shows(patient, "on")
    await folders(server, 2)
    os.kill(parent_of(recorder_of(server)), signal.SIGKILL)
    await shows(patient, "paused", interrupted=True)
    await shows(patient, "on")
    await folders(server, 3)
    for client in (patient, alice):
        await client.socket.close()
