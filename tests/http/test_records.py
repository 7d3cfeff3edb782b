"""The record of a patient: who opens it, whom an author lets see it, and what stays on record of that."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from server.access.actions import leave_team
from server.access.model import Grant
from server.access.policy import may_see_record
from server.access.viewer import viewer_in
from server.core.audit import Act, first_broken
from server.core.house import House
from server.notes.records import called, record_facts, visible_records
from server.patients.actions import withdraw_sharing
from server.patients.model import Patient
from tests.cast import (
    ALICE,
    BOB,
    CHARLIE,
    CLINIC,
    DANA,
    ERIN,
    EVERYBODY,
    MALLORY,
    NORTH,
    OLGA,
    SAM,
    Cast,
    Meeting,
    Staff,
    add_meeting,
    fixed_id,
)
from tests.conftest import SignIn, StillClock
from tests.http.recording import NAME, RECORD, entries, lay_out

pytestmark = [pytest.mark.anyio, pytest.mark.row("N3"), pytest.mark.row("N4")]

Permit = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
async def permit(sign_in: SignIn, clock: StillClock, notes: dict[str, str]) -> Permit:
    """Let somebody see what alice wrote about dana, for thirty days."""

    async def permit(person: Staff = SAM, /, *, by: Staff = ALICE, **changed: str) -> httpx2.Response:
        last_day = (clock.now() + timedelta(days=30)).date().isoformat()
        form = {"person": str(person.person_id), "until": last_day, "reason": "Writes my letters", **changed}
        return await (await sign_in(by)).post(f"{RECORD}/permissions", data=form)

    return permit


async def only_grant(house: House) -> Grant:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Grant))).one()


@pytest.mark.parametrize("insider", [ALICE, BOB], ids=lambda member: member.username)
async def test_the_team_opens_the_record(sign_in: SignIn, notes: dict[str, str], meeting: Meeting, insider: Staff) -> None:
    client = await sign_in(insider)
    assert NAME in (await client.get("/patients")).text
    page = await client.get(RECORD)
    assert page.status_code == 200
    assert f"/desk/{meeting.consultation_id}" in page.text
    assert (f"/notes/{notes['shared']}" in page.text, f"/notes/{notes['summary']}" in page.text) == (True, True)
    assert (f"/notes/{notes['jottings']}" in page.text) == (insider is ALICE)
    assert "has agreed that the team of a consultation sees its notes" in page.text


@pytest.mark.parametrize("outsider", [CHARLIE, MALLORY, SAM, OLGA], ids=lambda member: member.username)
async def test_charlie_opens_nothing(sign_in: SignIn, notes: dict[str, str], outsider: Staff) -> None:
    client = await sign_in(outsider)
    listed = await client.get("/patients")
    assert listed.status_code == (403 if outsider is OLGA else 200)
    assert NAME not in listed.text
    assert (await client.get(RECORD)).status_code == 404


async def test_without_the_agreement_a_colleague_sees_the_consultation_and_no_note(
    sign_in: SignIn, house: House, notes: dict[str, str], meeting: Meeting, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        await withdraw_sharing(tx, DANA.patient_id, clock.now())
    page = (await (await sign_in(BOB)).get(RECORD)).text
    assert f"/desk/{meeting.consultation_id}" in page
    assert "/notes/" not in page
    assert "has not agreed that the team sees the notes" in page


async def test_a_patient_without_an_account_is_said_to_have_none(sign_in: SignIn, house: House, cast: Cast, clock: StillClock) -> None:
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
        patient = (await tx.scalars(select(Patient).where(Patient.name == ERIN.name))).one()
    page = (await (await sign_in(ALICE)).get(f"/patients/{patient.id}")).text
    assert "The patient has no account." in page
    assert ERIN.mobile in page


async def test_names_are_looked_for_without_standing_in_an_address(sign_in: SignIn, meeting: Meeting) -> None:
    alice = await sign_in(ALICE)
    for name, found in (("dana", True), ("DIAZ", True), ("dana di", True), ("ana", False), ("%", False), ("Erin", False), ("", True)):
        page = await alice.post("/patients", data={"name": name})
        assert (f'href="{RECORD}"' in page.text) == found, name
    assert "There is nobody of this name" in (await alice.post("/patients", data={"name": "Erin"})).text


async def test_whom_an_author_permits_sees_the_notes_and_not_the_jottings(
    sign_in: SignIn, permit: Permit, notes: dict[str, str], meeting: Meeting, house: House
) -> None:
    sam = await sign_in(SAM)
    assert "Nobody has let you see" in (await sam.get("/patients")).text
    assert (await permit()).status_code == 303
    assert NAME in (await sam.get("/patients")).text
    page = (await sam.get(RECORD)).text
    assert (f"/notes/{notes['shared']}" in page, f"/notes/{notes['summary']}" in page) == (True, True)
    assert notes["jottings"] not in page
    assert "/desk/" not in page
    assert "Who else may see" not in page
    for kind, status in (("shared", 200), ("summary", 200), ("jottings", 404)):
        assert (await sam.post(f"/api/notes/{notes[kind]}/tickets", json={})).status_code == status
    assert (await sam.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})).status_code == 404
    assert (await (await sign_in(CHARLIE)).get(RECORD)).status_code == 404
    (entry,) = await entries(house, Act.PERMITTED)
    assert (entry.person_id, entry.patient_id, entry.reason) == (ALICE.person_id, DANA.patient_id, "Writes my letters")


async def test_a_permission_is_for_what_its_author_wrote(
    sign_in: SignIn, permit: Permit, house: House, clock: StillClock, notes: dict[str, str]
) -> None:
    async with house.database.write() as tx:
        souths = await add_meeting(tx, house.secrets, clock.now(), owner=CHARLIE, team_id=None)
    charlies = await lay_out(await sign_in(CHARLIE), souths)
    await permit()
    page = (await (await sign_in(SAM)).get(RECORD)).text
    assert notes["shared"] in page
    assert not any(note_id in page for note_id in charlies.values())


async def test_a_permission_that_is_withdrawn_ends_at_once(sign_in: SignIn, permit: Permit, house: House) -> None:
    await permit()
    alice, sam = await sign_in(ALICE), await sign_in(SAM)
    assert SAM.name in (await alice.get(RECORD)).text
    assert (await sam.get(RECORD)).status_code == 200
    path = f"{RECORD}/permissions/{(await only_grant(house)).id}/withdraw"
    assert (await (await sign_in(BOB)).post(path)).status_code == 404
    assert (await sam.post(path)).status_code == 404
    assert (await alice.post(path)).status_code == 303
    assert (await sam.get(RECORD)).status_code == 404
    assert (await alice.post(path)).status_code == 404
    assert [entry.person_id for entry in await entries(house, Act.WITHDREW)] == [ALICE.person_id]


async def test_a_permission_ends_after_its_last_day(sign_in: SignIn, permit: Permit, clock: StillClock) -> None:
    await permit(until=clock.now().date().isoformat())
    for hours, status in ((13, 200), (1, 404)):  # from ten in the morning to midnight in London
        clock.advance(hours * 3600)
        assert (await (await sign_in(SAM)).get(RECORD)).status_code == status


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"person": ""}, "Please choose who may see it."),
        ({"person": str(fixed_id("person", "nobody"))}, "Please choose who may see it."),
        ({"person": str(ALICE.person_id)}, "Please choose who may see it."),
        ({"person": str(MALLORY.person_id)}, "Please choose who may see it."),
        ({"person": str(OLGA.person_id)}, "Please choose who may see it."),
        ({"person": str(DANA.person_id)}, "Please choose who may see it."),
        ({"until": ""}, "Please choose the last day."),
        ({"until": "2026-02-30"}, "Please choose the last day."),
        ({"until": "2026-03-01"}, "This day is over."),
        ({"until": "2027-03-04"}, "Please choose a day within one year."),
        ({"until": "9999-12-31"}, "Please choose a day within one year."),
        ({"reason": "  "}, "Please write why."),
        ({"reason": "x" * 501}, "Please shorten it to 500 letters."),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_missing_is_said_beside_the_field(permit: Permit, house: House, changed: dict[str, str], sentence: str) -> None:
    answer = await permit(**changed)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
    (field,) = changed
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    async with house.database.read() as tx:
        assert (await tx.scalars(select(Grant))).all() == []


async def test_the_longest_permission_is_one_that_the_page_offers(permit: Permit, sign_in: SignIn) -> None:
    page = (await (await sign_in(ALICE)).get(RECORD)).text
    last_day = re.search(r'max="([0-9-]+)"', page)
    assert last_day
    assert (await permit(until=last_day[1])).status_code == 303


async def test_only_whoever_wrote_something_permits(permit: Permit, sign_in: SignIn, meeting: Meeting) -> None:
    """Bob has jottings of his own beside alice's note, which are nobody's to permit."""
    await permit(CHARLIE)
    await lay_out(await sign_in(BOB), meeting)
    assert (await permit(by=CHARLIE)).status_code == 403
    assert (await permit(by=BOB)).status_code == 403
    page = (await (await sign_in(CHARLIE)).get(RECORD)).text
    assert "Permit somebody" not in page


@pytest.mark.row("L6")
async def test_every_look_is_kept_and_told_to_the_author(sign_in: SignIn, permit: Permit, house: House, notes: dict[str, str]) -> None:
    await permit()
    sam, alice = await sign_in(SAM), await sign_in(ALICE)
    await sam.get(RECORD)
    kept = await entries(house, Act.LOOKED)
    assert [(entry.person_id, entry.thing, entry.patient_id) for entry in kept] == [(SAM.person_id, "record", DANA.patient_id)]
    page = (await alice.get(RECORD)).text
    assert "Looked at this page" in page
    assert "Looked at this page" not in (await (await sign_in(BOB)).get(RECORD)).text
    async with house.database.read() as tx:
        assert await first_broken(tx, CLINIC) is None


async def test_a_look_that_is_refused_is_not_one(sign_in: SignIn, notes: dict[str, str], house: House) -> None:
    await (await sign_in(CHARLIE)).get(RECORD)
    assert await entries(house, Act.LOOKED) == []


async def test_the_list_and_the_policy_agree(house: House, cast: Cast, clock: StillClock, sign_in: SignIn, permit: Permit) -> None:
    """For everybody and every patient, while rights come and go."""
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now(), guest=ERIN, team_id=None)
        await add_meeting(tx, house.secrets, clock.now(), owner=CHARLIE, guest=ERIN, team_id=None)
        await add_meeting(tx, house.secrets, clock.now(), owner=MALLORY, guest=DANA, team_id=None)
    await permit()
    charlie = await sign_in(CHARLIE)
    opened = await charlie.post(
        "/emergency/open", data={"patient": str(DANA.patient_id), "reason": "Collapsed in the corridor", "now": "yes"}
    )
    assert opened.status_code == 303
    seen = await agreeing(house, clock)
    assert {SAM.username, CHARLIE.username, BOB.username} <= {name for name, patient in seen if patient == DANA.patient_id}
    async with house.database.write() as tx:
        await leave_team(tx, NORTH, ALICE.professional_id, clock.now())
        await leave_team(tx, NORTH, BOB.professional_id, clock.now())
    clock.advance(timedelta(days=60).total_seconds())
    later = await agreeing(house, clock)
    assert {name for name, patient in later if patient == DANA.patient_id} == {ALICE.username}


async def agreeing(house: House, clock: StillClock) -> set[tuple[str, UUID]]:
    """Return who may open which record, by the policy; fails unless the list says the same."""
    found: set[tuple[str, UUID]] = set()
    async with house.database.read() as tx:
        for member in EVERYBODY:
            viewer = await viewer_in(tx, member.person_id, member.practice_id, clock.now())
            listed = {patient.id for patient in await tx.scalars(visible_records(viewer))}
            everyone = (await tx.scalars(select(Patient))).all()
            allowed = {patient.id for patient in everyone if may_see_record(viewer, await record_facts(tx, patient))}
            assert listed == allowed, member
            found |= {(member.username, patient_id) for patient_id in allowed}
    return found


async def test_a_name_with_signs_of_the_search_is_taken_as_it_is(house: House, cast: Cast) -> None:
    async with house.database.read() as tx:
        for name in ("%", "_ana", "D%", "dana\\"):
            assert (await tx.scalars(select(Patient).where(called(name)))).all() == []
        assert len((await tx.scalars(select(Patient).where(called(" Diaz  DANA ")))).all()) == 1


@pytest.mark.parametrize(
    ("member", "home"),
    [(ALICE, "/today"), (SAM, "/patients"), (OLGA, "/practice"), (DANA, "/my")],
    ids=["professional", "assistant", "administrator", "patient"],
)
async def test_everybody_lands_where_their_work_is(sign_in: SignIn, member: Staff, home: str) -> None:
    client = await sign_in(member)
    assert (await client.get("/")).headers["location"] == home
    today = await client.get("/today")
    assert today.status_code == (200 if member is ALICE else 403)
    if member is not ALICE:
        assert f'href="{home}"' in today.text


async def test_an_administrator_reads_that_nothing_clinical_is_there(sign_in: SignIn) -> None:
    page = (await (await sign_in(OLGA)).get("/account")).text
    assert "nothing about patients here for you" in page
    assert 'href="/patients"' not in page
    assert "nothing about patients" not in (await (await sign_in(ALICE)).get("/account")).text


async def test_there_is_nothing_to_take_out_of_empty_notes(sign_in: SignIn, meeting: Meeting) -> None:
    """It was a page of errors for patients."""
    alice = await sign_in(ALICE)
    await lay_out(alice, meeting)
    answer = await alice.get(f"{RECORD}/export?form=pdf")
    assert answer.status_code == 303
    assert "There is nothing to take out yet" in (await alice.get(answer.headers["location"])).text
