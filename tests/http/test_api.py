"""The professional's JSON interface: what it answers, and what it says to hostile bodies."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from server.core.house import House
from tests.cast import ALICE, BOB, NORTH, SOUTH, Meeting
from tests.conftest import MORNING, SignIn, StillClock

pytestmark = pytest.mark.anyio

DANA = {"patient_name": "Dana Diaz"}
ROW = {
    "id", "patient_name", "companion", "professional_name", "team_name", "mine", "scheduled_at", "duration_min", "state", "stage",
    "waiting_since", "devices", "link", "desk_url", "phone", "email",
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


BAD_BODIES: list[tuple[str, bytes]] = [
    ("duplicate keys", b'{"patient_name": "A", "patient_name": "B"}'),
    ("depth 20,000", b'{"patient_name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
    ("depth 100", b'{"patient_name": ' + b"[" * 100 + b"]" * 100 + b"}"),
    ("1e400", b'{"patient_name": "A", "duration_min": 1e400}'),
    ("minus 1e400", b'{"patient_name": "A", "duration_min": -1e400}'),
    ("NaN", b'{"patient_name": "A", "duration_min": NaN}'),
    ("Infinity", b'{"patient_name": "A", "duration_min": -Infinity}'),
    ("lone surrogate", b'{"patient_name": "\\ud800"}'),
    ("surrogates the wrong way round", b'{"patient_name": "\\udc00\\ud800"}'),
    ("NUL", b'{"patient_name": "Dana\\u0000"}'),
    ("escape character", b'{"patient_name": "Dana\\u001b[2J"}'),
    ("byte order mark", b'\xef\xbb\xbf{"patient_name": "A"}'),
    ("invalid UTF-8", b'{"patient_name": "\xff\xfe"}'),
    ("UTF-16", '{"patient_name": "A"}'.encode("utf-16")),
    ("nothing", b""),
    ("half an object", b'{"patient_name": "A"'),
    ("two objects", b'{"patient_name": "A"}{"patient_name": "B"}'),
    ("single quotes", b"{'patient_name': 'A'}"),
    ("comment", b'{"patient_name": "A" /* */}'),
    ("huge integer", b'{"patient_name": "A", "duration_min": ' + b"9" * 5000 + b"}"),
]


@pytest.mark.parametrize("raw", [raw for _, raw in BAD_BODIES], ids=[what for what, _ in BAD_BODIES])
async def test_bad_23_what_is_not_strict_json_is_refused(alice: httpx2.AsyncClient, raw: bytes) -> None:
    answer = await alice.post("/api/consultations", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert set(answer.json()["error"]) == {"code", "message"}
    assert await rows(alice) == []


BAD_VALUES: list[dict[str, object]] = [
    {"patient_name": ""}, {"patient_name": "   "}, {"patient_name": "x" * 201}, {"patient_name": 7}, {"patient_name": None},
    {"patient_name": ["A"]}, {"duration_min": 0}, {"duration_min": 4}, {"duration_min": 481}, {"duration_min": 20.5},
    {"duration_min": "20"}, {"duration_min": True}, {"scheduled_at": 0}, {"scheduled_at": 1772445600}, {"scheduled_at": ""},
    {"scheduled_at": "2026-03-02T10:00:00"}, {"scheduled_at": "2026-02-30T10:00:00Z"}, {"scheduled_at": "9999-12-31T23:59:00Z"},
    {"scheduled_at": "0001-01-01T00:00:00Z"}, {"scheduled_at": "9999-12-31T23:59:00-12:00"}, {"scheduled_at": "2025-03-02T10:00:00Z"},
    {"scheduled_at": "2026-03-02T08:00:00Z"}, {"scheduled_at": "tomorrow"}, {"team_id": "north"}, {"team_id": 1}, {"team_id": ""},
    {"mobile": ""}, {"mobile": "phone"}, {"mobile": "+44\n7700900001"}, {"mobile": 7700900001}, {"email": "dana"}, {"email": "@"},
    {"email": "dana@example.org, erin@example.org"}, {"email": "dana@example.org\nbcc: erin@example.org"},
    {"email": "a" * 250 + "@example.org"}, {"unknown": 1}, {"id": "00000000-0000-0000-0000-000000000000"}, {"state": "ended"},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_VALUES, ids=lambda change: json.dumps(change)[:40])
async def test_bad_23_a_value_that_makes_no_sense_is_refused(alice: httpx2.AsyncClient, change: dict[str, object]) -> None:
    answer = await alice.post("/api/consultations", json=DANA | change)
    assert answer.status_code == 422
    assert next(iter(change)) in answer.json()["error"]["message"] or answer.json()["error"]["code"] == "scheduled_at"
    assert await rows(alice) == []


@pytest.mark.parametrize("body", [b"[]", b"null", b'"patient_name"', b"1", b"true", b"{}"])
async def test_bad_23_a_body_that_is_no_consultation_is_refused(alice: httpx2.AsyncClient, body: bytes) -> None:
    answer = await alice.post("/api/consultations", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def _in_pieces(size: int) -> AsyncIterator[bytes]:
    yield b'{"patient_name": "'
    for _ in range(size // 1000):
        yield b"a" * 1000
    yield b'"}'


async def test_bad_24_a_body_over_the_limit_is_refused_with_and_without_length(alice: httpx2.AsyncClient) -> None:
    whole = b'{"patient_name": "' + b"a" * 70_000 + b'"}'
    headers = {"content-type": "application/json"}
    assert (await alice.post("/api/consultations", content=whole, headers=headers)).status_code == 413
    assert (await alice.post("/api/consultations", content=_in_pieces(70_000), headers=headers)).status_code == 413
    lying = {**headers, "content-length": "10"}
    assert (await alice.post("/api/consultations", content=_in_pieces(70_000), headers=lying)).status_code == 413


async def test_creating_too_many_is_slowed_down(alice: httpx2.AsyncClient) -> None:
    statuses = [(await alice.post("/api/consultations", json=DANA)).status_code for _ in range(61)]
    assert statuses == [201] * 60 + [429]


@pytest.mark.parametrize("body", [{}, {"purpose": "room"}, {"purpose": ""}, {"purpose": 1}, {"purpose": "today", "more": 1}, []])
async def test_a_ticket_for_something_else_is_refused(alice: httpx2.AsyncClient, body: object) -> None:
    assert (await alice.post("/api/tickets", json=body)).status_code == 422


async def test_tickets_differ_and_are_secrets(alice: httpx2.AsyncClient, meeting: Meeting, house: House) -> None:
    path = f"/api/consultations/{meeting.consultation_id}/tickets"
    asked = [(await alice.post(path, json={"purpose": purpose})).json()["ticket"] for purpose in ("room", "note", "room")]
    asked.append((await alice.post("/api/tickets", json={"purpose": "today"})).json()["ticket"])
    assert len(set(asked)) == 4
    assert all(len(ticket) >= 43 for ticket in asked)


async def test_yesterday_leaves_the_list_unless_it_still_goes_on(alice: httpx2.AsyncClient, clock: StillClock) -> None:
    await alice.post("/api/consultations", json=DANA)
    clock.advance(7 * 3600)
    assert len(await rows(alice)) == 1
    clock.set(MORNING + timedelta(days=1))
    assert len(await rows(alice)) in {0, 1}
    assert [row for row in await rows(alice) if row["state"] == "scheduled"] == []
