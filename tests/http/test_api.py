"""The professional's JSON interface, on both databases."""

from datetime import timedelta

import httpx2
import pytest

from server.core.house import House
from tests.cast import ALICE, BOB, NORTH, SOUTH, Meeting
from tests.conftest import MORNING, SignIn, StillClock

pytestmark = pytest.mark.anyio

DANA = {"patient_name": "Dana Diaz"}
ROW = {
    "id", "patient_name", "booked_as", "companion", "professional_name", "team_name", "invited_by", "invited_at", "mine", "scheduled_at",
    "duration_min", "state", "stage", "waiting_since", "present", "devices", "link", "desk_url", "phone", "email",
    "sms_to", "email_to",
}  # fmt: skip


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """Everything here runs on both databases."""
    return database_url


async def rows(client: httpx2.AsyncClient) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await client.get("/api/today")).json()["rows"]
    return found


@pytest.mark.row("V1")
async def test_a_consultation_now_has_a_link_to_copy_and_show(alice: httpx2.AsyncClient) -> None:
    answer = await alice.post("/api/consultations", json=DANA | {"mobile": "+44 7700 900001", "email": "dana@example.org"})
    assert answer.status_code == 201
    made = answer.json()
    assert made["qr_svg"].startswith("<svg")
    assert "<script" not in made["qr_svg"]
    assert len(made["link"].rsplit("/", 1)[1]) == 43
    assert made["desk_url"] == f"/desk/{made['id']}"
    assert made["sent"] == ["sms", "email"]
    (row,) = await rows(alice)
    assert row.keys() == ROW
    assert (row["patient_name"], row["mine"], row["state"], row["stage"]) == ("Dana Diaz", True, "scheduled", "not_arrived")
    assert row["link"] == {"state": "ready"}


async def test_one_consultation_can_be_read_by_itself(alice: httpx2.AsyncClient, meeting: Meeting) -> None:
    row = (await alice.get(f"/api/consultations/{meeting.consultation_id}")).json()
    assert row["id"] == str(meeting.consultation_id)
    assert row["team_name"] == "North"


@pytest.mark.row("P3")
async def test_a_team_consultation_is_on_the_list_of_the_team(alice: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await alice.post("/api/consultations", json=DANA | {"team_id": str(NORTH)})
    await alice.post("/api/consultations", json={"patient_name": "Erin Evans"})
    bob = await sign_in(BOB)
    assert [row["patient_name"] for row in await rows(bob)] == ["Dana Diaz"]
    assert [row["mine"] for row in await rows(bob)] == [False]
    assert len(await rows(alice)) == 2


async def test_a_team_of_others_cannot_be_given_work(alice: httpx2.AsyncClient) -> None:
    answer = await alice.post("/api/consultations", json=DANA | {"team_id": str(SOUTH)})
    assert answer.status_code == 404
    assert await rows(alice) == []


@pytest.mark.row("V1")
async def test_a_reissued_link_is_another_one_and_the_old_is_dead(alice: httpx2.AsyncClient, client: httpx2.AsyncClient) -> None:
    made = (await alice.post("/api/consultations", json=DANA)).json()
    again = (await alice.post(f"/api/consultations/{made['id']}/link", json={})).json()
    assert again["link"] != made["link"]
    opened = await client.get(again["link"])
    assert opened.status_code == 303
    dead = await client.get(made["link"], follow_redirects=True)
    assert dead.url.path != opened.headers["location"]


@pytest.mark.row("V1")
async def test_a_revoked_link_shows_on_the_list_and_is_not_sent(alice: httpx2.AsyncClient) -> None:
    made = (await alice.post("/api/consultations", json=DANA | {"mobile": "+447700900001"})).json()
    assert (await alice.delete(f"/api/consultations/{made['id']}/link")).status_code == 204
    assert (await rows(alice))[0]["link"] == {"state": "revoked"}
    send = await alice.post(f"/api/consultations/{made['id']}/link/send", json={"channel": "sms"})
    assert (send.status_code, send.json()["error"]["code"]) == (409, "revoked")


async def test_a_link_is_sent_only_where_there_is_an_address(alice: httpx2.AsyncClient) -> None:
    made = (await alice.post("/api/consultations", json=DANA | {"mobile": "+447700900001"})).json()
    path = f"/api/consultations/{made['id']}/link/send"
    assert (await alice.post(path, json={"channel": "sms"})).status_code == 204
    assert (await alice.post(path, json={"channel": "email"})).status_code == 422
    assert (await alice.post(path, json={"channel": "pigeon"})).status_code == 422


@pytest.mark.row("S4")
async def test_the_message_can_be_read_in_the_outbox(alice: httpx2.AsyncClient) -> None:
    made = (await alice.post("/api/consultations", json=DANA | {"mobile": "+447700900001"})).json()
    page = (await alice.get("/outbox")).text
    assert made["link"] in page
    assert "+447700900001" in page


@pytest.mark.parametrize(
    ("link_opens", "state"), [(timedelta(hours=25), "too_early"), (timedelta(hours=23), "ready"), (timedelta(minutes=-59), "ready")]
)
async def test_the_link_opens_a_day_before(alice: httpx2.AsyncClient, link_opens: timedelta, state: str) -> None:
    await alice.post("/api/consultations", json=DANA | {"scheduled_at": (MORNING + link_opens).isoformat()})
    assert (await rows(alice))[0]["link"] == {"state": state}


@pytest.mark.parametrize("zone", ["+00:00", "+05:30", "-09:00", "Z"])
async def test_a_time_is_kept_whatever_zone_it_was_told_in(alice: httpx2.AsyncClient, zone: str) -> None:
    told = {"+00:00": "10:30", "+05:30": "16:00", "-09:00": "01:30", "Z": "10:30"}[zone]
    await alice.post("/api/consultations", json=DANA | {"scheduled_at": f"2026-03-02T{told}:00{zone}"})
    assert (await rows(alice))[0]["scheduled_at"] == "2026-03-02T10:30:00Z"


@pytest.mark.row("S4")
async def test_names_are_text_everywhere(alice: httpx2.AsyncClient) -> None:
    hostile = "<img src=x onerror=alert(1)></script><b>Dana"
    made = (await alice.post("/api/consultations", json={"patient_name": hostile, "mobile": "+447700900001"})).json()
    for path in ("/today", f"/desk/{made['id']}", "/outbox"):
        page = (await alice.get(path)).text
        assert "<img src=x" not in page, path
        assert "</script><b>" not in page, path


async def test_creating_too_many_is_slowed_down(alice: httpx2.AsyncClient) -> None:
    statuses = [(await alice.post("/api/consultations", json=DANA)).status_code for _ in range(61)]
    assert statuses == [201] * 60 + [429]


@pytest.mark.parametrize("body", [{}, {"purpose": "room"}, {"purpose": ""}, {"purpose": 1}, {"purpose": "today", "more": 1}, []])
async def test_a_ticket_for_something_else_is_refused(alice: httpx2.AsyncClient, body: object) -> None:
    assert (await alice.post("/api/tickets", json=body)).status_code == 422


async def test_tickets_differ_and_are_secrets(alice: httpx2.AsyncClient, meeting: Meeting, house: House) -> None:
    path = f"/api/consultations/{meeting.consultation_id}/tickets"
    asked = [(await alice.post(path, json={"purpose": purpose})).json()["ticket"] for purpose in ("room", "room", "room")]
    asked.append((await alice.post("/api/tickets", json={"purpose": "today"})).json()["ticket"])
    assert len(set(asked)) == 4
    assert all(len(ticket) >= 43 for ticket in asked)


async def test_yesterday_leaves_the_list(alice: httpx2.AsyncClient, clock: StillClock, sign_in: SignIn) -> None:
    await alice.post("/api/consultations", json=DANA)
    clock.set(MORNING + timedelta(hours=13, minutes=59))
    assert len(await rows(await sign_in(ALICE))) == 1
    clock.set(MORNING + timedelta(hours=14, minutes=1))
    assert await rows(await sign_in(ALICE)) == []
