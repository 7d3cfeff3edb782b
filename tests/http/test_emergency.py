"""Opening a record in an emergency: who may, for how long, what it opens, and that every author is told."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from server.access.emergency import EMERGENCY_FOR
from server.access.model import EmergencyAccess, EmergencyNotice, Professional, Review
from server.core.audit import FIELDS, Act, AuditEntry, Entry
from server.core.house import House
from server.patients.actions import withdraw_sharing
from tests.cast import ALICE, BOB, CHARLIE, DANA, ERIN, MALLORY, OLGA, SAM, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock
from tests.http.recording import NAME, RECORD, entries, lay_out

pytestmark = [pytest.mark.anyio, pytest.mark.row("N3"), pytest.mark.row("L6")]

REASON = "Collapsed in the waiting room"


def form(**changed: str) -> dict[str, str]:
    return {"name": "Dana", "patient": str(DANA.patient_id), "reason": REASON, "now": "yes", **changed}


async def break_glass(client: httpx2.AsyncClient, **changed: str) -> httpx2.Response:
    return await client.post("/emergency/open", data=form(**changed))


async def accesses(house: House) -> list[EmergencyAccess]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(EmergencyAccess)))


async def test_a_professional_finds_and_opens_and_reads_what_is_shared(sign_in: SignIn, notes: dict[str, str], house: House) -> None:
    charlie = await sign_in(CHARLIE)
    assert (await charlie.get(RECORD)).status_code == 404
    found = await charlie.post("/emergency", data={"name": "dana d"})
    assert NAME in found.text
    assert await entries(house, Act.LOOKED, Act.BROKE_GLASS) == []
    answer = await break_glass(charlie)
    assert (answer.status_code, answer.headers["location"]) == (303, RECORD)
    page = (await charlie.get(RECORD)).text
    assert "You opened this record in an emergency" in page
    assert "14:00 (London time)" in page
    assert (notes["shared"] in page, notes["summary"] in page, notes["jottings"] in page) == (True, True, False)
    assert "/desk/" not in page
    for kind, status in (("shared", 200), ("summary", 200), ("jottings", 404)):
        assert (await charlie.post(f"/api/notes/{notes[kind]}/tickets", json={})).status_code == status
    (entry,) = await entries(house, Act.BROKE_GLASS)
    assert (entry.person_id, entry.patient_id, entry.reason) == (CHARLIE.person_id, DANA.patient_id, REASON)


async def test_it_opens_what_was_never_shared_with_a_team(sign_in: SignIn, notes: dict[str, str], house: House, clock: StillClock) -> None:
    async with house.database.write() as tx:
        await withdraw_sharing(tx, DANA.patient_id, clock.now())
    bob = await sign_in(BOB)
    assert notes["shared"] not in (await bob.get(RECORD)).text
    await break_glass(bob)
    assert notes["shared"] in (await bob.get(RECORD)).text


async def test_it_ends_by_itself_after_four_hours(sign_in: SignIn, notes: dict[str, str], clock: StillClock) -> None:
    assert timedelta(hours=4) == EMERGENCY_FOR
    await break_glass(await sign_in(CHARLIE))
    for seconds, status in ((4 * 3600 - 1, 200), (1, 404)):
        clock.advance(seconds)
        assert (await (await sign_in(CHARLIE)).get(RECORD)).status_code == status


async def test_it_can_be_ended_before(sign_in: SignIn, notes: dict[str, str], house: House) -> None:
    charlie = await sign_in(CHARLIE)
    await break_glass(charlie)
    assert (await (await sign_in(ALICE)).post(f"{RECORD}/emergency/end")).status_code == 404
    assert (await charlie.post(f"{RECORD}/emergency/end")).headers["location"] == "/patients"
    assert (await charlie.get(RECORD)).status_code == 404
    assert NAME not in (await charlie.get("/patients")).text
    assert [entry.thing for entry in await entries(house, Act.WITHDREW)] == ["emergency"]


@pytest.mark.parametrize("review", [Review.PENDING, Review.RETURNED])
async def test_bad_28_who_is_not_reviewed_has_no_emergency(sign_in: SignIn, notes: dict[str, str], house: House, review: Review) -> None:
    charlie = await sign_in(CHARLIE)
    assert (await break_glass(charlie)).status_code == 303
    async with house.database.write() as tx:
        (await tx.get_one(Professional, CHARLIE.professional_id)).review = review
    assert (await charlie.get(RECORD)).status_code == 404
    assert (await break_glass(charlie)).status_code == 403
    assert (await charlie.post("/emergency", data=form())).status_code == 403
    assert (await charlie.post("/emergency/open", data=form(reason=""))).status_code == 403


@pytest.mark.parametrize("member", [SAM, OLGA, DANA], ids=["assistant", "administrator", "patient"])
async def test_who_treats_nobody_has_no_emergency(sign_in: SignIn, notes: dict[str, str], house: House, member: Staff) -> None:
    client = await sign_in(member)
    for answer in (await client.get("/emergency"), await client.post("/emergency", data={"name": "Dana"}), await break_glass(client)):
        assert answer.status_code == 403
        assert NAME not in answer.text
    assert await accesses(house) == []


async def test_another_practice_finds_and_opens_nobody(sign_in: SignIn, notes: dict[str, str], house: House) -> None:
    mallory = await sign_in(MALLORY)
    assert NAME not in (await mallory.post("/emergency", data={"name": "Dana"})).text
    assert (await break_glass(mallory)).status_code == 404
    assert await accesses(house) == []


@pytest.mark.parametrize("name", ["", "Da", " D a ", "%%%", "___", "ana", "Diaz X"])
async def test_a_search_wants_three_letters_of_a_name(sign_in: SignIn, notes: dict[str, str], name: str) -> None:
    assert NAME not in (await (await sign_in(CHARLIE)).post("/emergency", data={"name": name})).text


async def test_a_search_shows_ten_at_most_and_not_too_often(sign_in: SignIn, house: House, clock: StillClock, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        for _ in range(12):
            await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    charlie = await sign_in(CHARLIE)
    answers = [await charlie.post("/emergency", data={"name": "Erin"}) for _ in range(31)]
    assert answers[0].text.count('type="radio"') == 10
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"patient": ""}, "Please choose the patient."),
        ({"patient": "x"}, "Please choose the patient."),
        ({"reason": "too short"}, "Please write the reason in at least ten letters."),
        ({"reason": "x" * 501}, "Please shorten it to 500 letters."),
        ({"now": ""}, "Please tick this, or do not open the record."),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_missing_is_said_beside_the_field(
    sign_in: SignIn, notes: dict[str, str], house: House, changed: dict[str, str], sentence: str
) -> None:
    answer = await break_glass(await sign_in(CHARLIE), **changed)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
    assert NAME in answer.text
    assert await accesses(house) == []


@pytest.fixture
async def broken(sign_in: SignIn, notes: dict[str, str]) -> None:
    await break_glass(await sign_in(CHARLIE))


@pytest.mark.usefixtures("broken")
async def test_every_author_is_told_until_they_say_that_they_read_it(sign_in: SignIn, house: House) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    (notice,) = (await alice.get("/api/today")).json()["notices"]
    assert (notice["name"], notice["patient_name"], notice["reason"]) == (CHARLIE.full_name, NAME, REASON)
    path = f"{RECORD}/notices/{notice['id']}/read"
    for page in ("/today", RECORD):
        shown = (await alice.get(page)).text
        assert (REASON in shown, path in shown) == (True, True)
        assert path not in (await bob.get(page)).text
    assert (await bob.post(path, data={"back": "today"})).status_code == 404
    assert (await alice.post(f"/patients/{DANA.patient_id}/notices/{DANA.patient_id}/read", data={"back": "today"})).status_code == 404
    assert (await alice.post(path, data={"back": "today"})).headers["location"] == "/today"
    assert (await alice.post(path, data={"back": "record"})).headers["location"] == RECORD
    assert (await alice.get("/api/today")).json()["notices"] == []
    assert path not in (await alice.get(RECORD)).text
    assert "Opened the notes in an emergency" in (await alice.get(RECORD)).text


async def test_only_authors_of_what_was_opened_are_told(sign_in: SignIn, house: House, meeting: Meeting, notes: dict[str, str]) -> None:
    """Bob has written jottings beside alice's note; nobody opens them."""
    await lay_out(await sign_in(BOB), meeting)
    await break_glass(await sign_in(CHARLIE))
    await break_glass(await sign_in(ALICE))
    async with house.database.read() as tx:
        assert [notice.person_id for notice in await tx.scalars(select(EmergencyNotice))] == [ALICE.person_id]


async def test_the_log_tells_of_it_without_names(sign_in: SignIn, notes: dict[str, str]) -> None:
    with capture_logs() as lines:
        await break_glass(await sign_in(CHARLIE))
    (line,) = [line for line in lines if line["event"] == "glass broken"]
    assert line == {"event": "glass broken", "log_level": "warning", "notes": 1}


async def test_the_reason_is_part_of_the_chain(sign_in: SignIn, house: House, notes: dict[str, str]) -> None:
    await break_glass(await sign_in(CHARLIE))
    async with house.database.read() as tx:
        entry = (await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.BROKE_GLASS))).one()
        before = await tx.scalar(select(AuditEntry.hash).where(AuditEntry.number == entry.number - 1))
        chained = Entry._make((await tx.execute(select(*FIELDS).where(AuditEntry.id == entry.id))).one())
    assert chained.digest(before or bytes(32), house.secrets.audit_key) == entry.hash
    assert chained._replace(reason="Something else").digest(before or bytes(32), house.secrets.audit_key) != entry.hash
