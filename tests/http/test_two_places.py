"""Somebody who works in two practices: while they are in one, nothing of the other is there, and nothing is written into it."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.access.model import Practice, Professional, Staff
from server.access.people import workplace_of
from server.access.viewer import name_of
from server.booking.actions import cancel
from server.booking.model import Appointment, Party
from server.core.db import Base
from server.core.house import House
from server.identity.model import LoginSession
from tests.cast import ALICE, CLINIC, DANA, ELSEWHERE, MALLORY, NORTH, OLGA, Cast, Meeting
from tests.conftest import SignIn, browser_of
from tests.http.routes import SAFE, endpoints
from tests.http.test_people import DETAILS, PEOPLE, invited
from tests.http.test_rights import NOWHERE, OWN, ask, of_consultation, of_patient
from tests.two_places import ALICE_THERE, THERE, seat_twice, switch_to, work_in

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("N3")]

OF_THE_CLINIC = ("Dana", "Diaz", "Bob Brown", "Olga", str(DANA.patient_id), str(NORTH))
OF_THE_ACCOUNT = (
    "/account/devices", "/account/password", "/account/email", "/account/second-factor", "/account/passkeys", "/account/prove",
    "/api/passkeys", "/sign-out", "/my/", "/terms",
)  # fmt: skip


@pytest.fixture
async def meeting(house: House, meeting: Meeting, sign_in: SignIn) -> Meeting:
    """The clinic's meeting with its notes, after which dr_alice has a place on the hill as well."""
    answer = await (await sign_in(ALICE)).post(f"/api/consultations/{meeting.consultation_id}/notes", json={})
    summary = next(note for note in answer.json()["notes"] if note["kind"] == "summary")
    async with house.database.write() as tx:
        await seat_twice(tx, house)
    return replace(meeting, note_id=UUID(summary["id"]))


async def rows(house: House) -> dict[str, int]:
    """Count what there is in every table."""
    async with house.database.read() as tx:
        return {table.name: await tx.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables}


def marked(path: str, practice_id: UUID) -> str:
    return f"{path}{'&' if '?' in path else '?'}at={practice_id}"


async def test_every_id_of_one_practice_is_not_there_in_the_other(app: Starlette, house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    await work_in(house, ELSEWHERE)
    asked = [*of_consultation(app), *of_patient(app)]
    assert len(asked) > 60
    for endpoint in asked:
        path, none = endpoint.filled(meeting), endpoint.filled(NOWHERE).replace(str(DANA.patient_id), str(uuid4()))
        real = await ask(client, endpoint, marked(path, ELSEWHERE))
        other = await ask(client, endpoint, marked(none, ELSEWHERE))
        assert (real.status_code, other.status_code) == (404, 404), endpoint
        assert real.text.replace(path, "") == other.text.replace(none, ""), endpoint
        assert not any(word in real.text.replace(path, "") for word in OF_THE_CLINIC), endpoint
    await work_in(house, CLINIC)
    assert (await client.get(f"/patients/{DANA.patient_id}")).status_code == 200


async def test_every_list_is_of_the_practice_in_which_one_is(app: Starlette, house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    await work_in(house, ELSEWHERE)
    lists = [one for one in endpoints(app) if one.method == "GET" and one.path in OWN and "{" not in one.path]
    opened = 0
    for endpoint in lists:
        answer = await client.get(endpoint.path)
        assert answer.status_code < 500, endpoint
        assert not any(word in answer.text for word in OF_THE_CLINIC), endpoint
        opened += answer.status_code == 200
    assert opened > 40
    assert (await client.get("/api/today")).json()["rows"] == []
    assert (await client.get("/api/patients/search?q=Dana")).text.count("Dana") == 0


@pytest.mark.parametrize("said", [f"?at={CLINIC}", "", "?at=nonsense"])
async def test_a_page_of_one_practice_writes_nothing_into_the_other(
    app: Starlette, house: House, meeting: Meeting, sign_in: SignIn, said: str
) -> None:
    client = await sign_in(ALICE)
    await work_in(house, ELSEWHERE)
    before = await rows(house)
    for endpoint in endpoints(app):
        if endpoint.method in SAFE or endpoint.path not in OWN or endpoint.path.startswith(OF_THE_ACCOUNT):
            continue
        answer = await ask(client, endpoint, endpoint.filled(NOWHERE) + said)
        refused = answer.status_code == 409 and ("elsewhere" in answer.text)
        assert refused or answer.status_code in {404, 405, 415, 422}, (endpoint, answer.status_code)
    for path, body in (("/api/tickets", {"purpose": "today"}), (f"/api/consultations/{meeting.consultation_id}/notes", {})):
        answer = await client.post(path + said, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "elsewhere"), path
    assert await rows(house) == before


async def test_what_is_refused_says_where_one_is_and_leads_there(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    await work_in(house, ELSEWHERE)
    form = {"name": "Renamed", "phone": "", "time_zone": "Europe/London", "language": "en-GB"}
    answer = await client.post(marked("/practice/settings", CLINIC), data=form, headers={"referer": "http://testserver/practice/settings"})
    assert answer.status_code == 409
    for words in ("You are at work in another practice now", "You are at work in Hill Practice", "Switch to Harbour Clinic"):
        assert words in answer.text
    assert 'name="next" value="/practice/settings"' in answer.text
    script = await client.post("/api/consultations", json={}, headers={"x-at": str(CLINIC)})
    assert (script.status_code, script.json()["error"]["code"]) == (409, "elsewhere")
    lost = await client.get(f"/patients/{DANA.patient_id}")
    assert (lost.status_code, "If this belongs to another practice of yours" in lost.text) == (404, True)
    assert (await switch_to(client, CLINIC, f"/patients/{DANA.patient_id}")).headers["location"] == f"/patients/{DANA.patient_id}"
    assert (await client.get(f"/patients/{DANA.patient_id}")).status_code == 200
    async with house.database.read() as tx:
        assert (await tx.get_one(Practice, ELSEWHERE)).name == "Hill Practice"


async def test_the_bar_shows_where_one_is_and_every_form_says_it(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    await work_in(house, ELSEWHERE)
    page = (await client.get("/practice/settings")).text
    assert '<span class="workplace-name" dir="auto">Hill Practice</span>' in page
    assert f'data-at="{ELSEWHERE}"' in page
    forms = [tag.split(">")[0] for tag in page.split("<form")[1:]]
    assert forms
    assert all(f"at={ELSEWHERE}" in tag for tag in forms)
    form = {"name": "Hill House", "phone": "", "time_zone": "Europe/London", "language": "en-GB"}
    answer = await client.post(marked("/practice/settings", ELSEWHERE), data=form)
    assert answer.status_code in {200, 303, 422}
    bob = await sign_in(MALLORY)
    assert "workplace-name" not in (await bob.get("/today")).text
    assert "at=" not in (await bob.get("/today")).text.split("<form")[1].split(">")[0]


async def test_nobody_goes_where_they_have_no_place(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(OLGA)
    for practice in (str(ELSEWHERE), "nonsense", "", str(uuid4())):
        assert (await client.post("/account/place", data={"practice": practice})).status_code == 404
    alice = await sign_in(ALICE)
    assert (await switch_to(alice, ELSEWHERE, "//evil.example")).headers["location"] == "/"


async def test_one_browser_is_here_and_another_there(app: Starlette, house: House, meeting: Meeting, sign_in: SignIn) -> None:
    one, other = await sign_in(ALICE), await sign_in(ALICE)
    await switch_to(one, ELSEWHERE)
    await switch_to(other, CLINIC)
    assert (await one.get("/api/today")).json()["rows"] == []
    assert len((await other.get("/api/today")).json()["rows"]) == 1
    async with browser_of(app) as fresh:
        answer = await fresh.post("/sign-in", data={"username": ALICE.username, "password": ALICE.password})
        assert answer.status_code == 303
        assert "workplace-name" in (await fresh.get("/account")).text


async def test_a_second_place_is_taken_by_the_same_account(house: House, cast: Cast, sign_in: SignIn) -> None:
    olga, mallory, open_page = await sign_in(OLGA), await sign_in(MALLORY), await sign_in(MALLORY)
    path = await invited(olga, "professional")
    assert "Your place in the other practice stays as it is" in (await mallory.get(path)).text
    answer = await mallory.post(path, data={**DETAILS, "title": "Dr", "name": "Mallory Moon"})
    assert answer.status_code == 303
    assert "Harbour Clinic</span>" in (await mallory.get("/today")).text
    assert "Hill Practice</span>" in (await open_page.get("/today")).text
    assert (await open_page.post("/offer/closures", data={"day": "2026-04-06", "name": "Closed"})).status_code == 409
    async with house.database.read() as tx:
        both = list(await tx.scalars(select(Professional).where(Professional.person_id == MALLORY.person_id)))
        assert {one.practice_id for one in both} == {CLINIC, ELSEWHERE}
        assert {one.diary_id for one in both} == {MALLORY.professional_id}
        assert await workplace_of(tx, MALLORY.username) is None
    again = await invited(olga, "professional")
    assert "already" in (await mallory.post(marked(again, CLINIC), data={**DETAILS, "name": "Mallory Moon"})).text


async def test_the_end_of_one_place_leaves_the_other(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    alice, olga = await sign_in(ALICE), await sign_in(OLGA)
    await switch_to(alice, CLINIC)
    names = (await olga.get(PEOPLE)).text
    assert "Dr Alice Ahmed" in names
    assert ALICE_THERE.name not in names
    async with house.database.write() as tx:
        appointment = (await tx.scalars(select(Appointment))).one()
        await cancel(tx, appointment, Party.PRACTICE, house.clock.now())
    assert (await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})).status_code == 303
    async with house.database.read() as tx:
        here = await tx.get_one(Professional, ALICE.professional_id)
        there = await tx.get_one(Professional, THERE)
        assert (here.ended_at is None, there.ended_at) == (False, None)
        assert await tx.scalar(select(func.count()).where(Staff.person_id == ALICE.person_id, Staff.ended_at.is_(None))) == 1
    assert (await alice.post(marked("/practice/settings", CLINIC), data={"name": "X"})).status_code == 409
    assert (await alice.get("/practice/settings")).status_code == 200
    assert (await alice.get(f"/patients/{DANA.patient_id}")).status_code == 404


async def test_the_last_choice_is_kept_for_the_next_sign_in(app: Starlette, house: House, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(ALICE)
    await switch_to(client, ELSEWHERE)
    async with browser_of(app) as fresh:
        await fresh.post("/sign-in", data={"username": ALICE.username, "password": ALICE.password})
    async with house.database.read() as tx:
        kept = list(await tx.scalars(select(LoginSession.practice_id).where(LoginSession.person_id == ALICE.person_id)))
    assert kept.count(ELSEWHERE) >= 2


async def test_the_name_is_the_one_of_the_practice(house: House, meeting: Meeting) -> None:
    async with house.database.read() as tx:
        here, there = [await name_of(tx, ALICE.person_id, practice_id) for practice_id in (CLINIC, ELSEWHERE)]
    assert (here, there) == (ALICE.full_name, ALICE_THERE.full_name)
