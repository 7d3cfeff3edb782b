"""Who a patient is and what is known of their health: written by professionals, corrected by the patient, sealed at rest."""

import asyncio
import re
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select

from server.access.policy import may_write_record
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.core.keyring import add_key
from server.notes.records import record_facts
from server.patients.background import BackgroundEntry, State
from server.patients.model import Patient
from server.privacy.keys import check_keys, keys_in_use, rotate
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Meeting
from tests.conftest import SignIn
from tests.http.recording import RECORD

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8"), pytest.mark.row("N10")]

PAGE = f"{RECORD}/background"
MINE = f"/my/{DANA.patient_id}/background"
WHO = {
    "born_on": "1980-02-29",
    "gender": "woman",
    "address": "1 High Street",
    "gp_name": "Dr Gale",
    "nhs_number": "943 476 5919",
    "employment": "Nurse, Anytown Hospital",
    "birth_name": "Dale",
}
ALLERGY = {"kind": "allergy", "text": "Penicillin: <b>rash</b>", "source": "patient", "on": "2020-05-01"}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@pytest.fixture
async def alice(sign_in: SignIn, meeting: Meeting) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
async def dana(sign_in: SignIn, meeting: Meeting) -> httpx2.AsyncClient:
    return await sign_in(DANA)


async def rows(house: House) -> list[BackgroundEntry]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(BackgroundEntry).order_by(BackgroundEntry.written_at, BackgroundEntry.id)))


async def only(house: House, state: State) -> BackgroundEntry:
    (row,) = [row for row in await rows(house) if row.state == state]
    return row


async def acts(house: House) -> list[tuple[str, str]]:
    async with house.database.read() as tx:
        found = await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "background").order_by(AuditEntry.number))
        return [(entry.act, "dana" if entry.person_id == DANA.person_id else "staff") for entry in found]


def seen_of(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1]


@pytest.mark.row("P6")
async def test_a_professional_writes_who_the_patient_is(alice: httpx2.AsyncClient, house: House) -> None:
    assert "No date of birth" in (await alice.get(RECORD)).text
    assert (await alice.post(f"{RECORD}/particulars", data={**WHO, "seen": ""})).status_code == 303
    page = (await alice.get(RECORD)).text
    for words in ("29 February 1980", "1 High Street", "Dr Gale", "943 476 5919", "woman", "Nurse, Anytown Hospital", "Dale"):
        assert words in page
    (row,) = await rows(house)
    assert b"High Street" not in row.sealed
    assert await acts(house) == [(Act.CHANGED, "staff")]


async def test_bad_08_a_stale_page_changes_nothing(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    await alice.post(f"{RECORD}/particulars", data={**WHO, "seen": ""})
    late = await dana.post(f"{MINE}/particulars", data={"address": "2 Low Road", "seen": ""})
    assert late.status_code == 409
    assert "Somebody changed this in the meantime" in late.text
    fresh = await dana.post(f"{MINE}/particulars", data={"address": "2 Low Road", "seen": seen_of(late.text)})
    assert fresh.status_code == 303
    assert "2 Low Road" in (await alice.get(PAGE)).text
    assert sorted(row.state for row in await rows(house)) == [State.ENDED, State.STANDING]


async def test_bad_08_what_was_changed_on_a_stale_page_is_kept_beside_what_stands_there(
    alice: httpx2.AsyncClient, dana: httpx2.AsyncClient
) -> None:
    await alice.post(f"{RECORD}/particulars", data={**WHO, "seen": ""})
    seen = seen_of((await dana.get(MINE)).text)
    await alice.post(f"{RECORD}/particulars", data={**WHO, "gender": "man", "seen": seen})
    late = await dana.post(f"{MINE}/particulars", data={**WHO, "address": "2 Low Road", "seen": seen})
    assert late.status_code == 409
    for words in ("What stands there now", ">2 Low Road</textarea>", 'value="man"', "1 High Street"):
        assert words in late.text
    assert seen_of(late.text) != seen


async def test_bad_08_what_was_written_about_something_that_is_gone_is_kept(
    alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House
) -> None:
    await alice.post(PAGE, data=ALLERGY)
    (line,) = await rows(house)
    await alice.post(f"{PAGE}/{line.id}/end")
    late = await dana.post(f"{MINE}/ask", data={"about": str(line.id), "text": "Never had it"})
    assert (late.status_code, "Never had it</textarea>" in late.text, "in the meantime" in late.text) == (409, True, True)
    late = await alice.post(f"{PAGE}/{line.id}/answer", data={"reply": "We asked your GP."})
    assert (late.status_code, "We asked your GP.</textarea>" in late.text, "in the meantime" in late.text) == (409, True, True)


@pytest.mark.parametrize(
    ("field", "text", "words"), [("nhs_number", "1234567890", "no NHS number"), ("born_on", "2999-01-01", "date of birth")]
)
async def test_what_is_wrong_is_said_and_nothing_is_lost(
    alice: httpx2.AsyncClient, house: House, field: str, text: str, words: str
) -> None:
    page = await alice.post(f"{RECORD}/particulars", data={**WHO, "seen": "", field: text})
    assert page.status_code == 422
    assert words in page.text
    assert "1 High Street" in page.text
    assert f'href="#{field}"' in page.text
    assert await rows(house) == []


async def test_lines_are_added_and_taken_off(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    assert "does not mean that there are none" in (await alice.get(RECORD)).text
    assert (await alice.post(PAGE, data=ALLERGY)).status_code == 303
    for page in (await alice.get(RECORD), await dana.get(MINE)):
        assert "Penicillin: &lt;b&gt;rash&lt;/b&gt;" in page.text
        assert "Said by the patient" in page.text
    entry = await only(house, State.STANDING)
    assert (await alice.post(f"{PAGE}/{entry.id}/end")).status_code == 303
    assert "Penicillin" not in (await dana.get(MINE)).text
    assert (await alice.post(f"{PAGE}/{entry.id}/end")).status_code == 404


@pytest.mark.parametrize("changed", [{"kind": "rumour"}, {"text": ""}, {"source": "doctor"}, {"source": ""}, {"on": "2999-01-01"}])
async def test_a_line_that_says_too_little_is_refused(alice: httpx2.AsyncClient, house: House, changed: dict[str, str]) -> None:
    page = await alice.post(PAGE, data={**ALLERGY, **changed})
    assert page.status_code == 422
    assert "Something is missing or not right" in page.text
    assert await rows(house) == []


async def test_the_patient_asks_and_the_professional_accepts(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    await alice.post(PAGE, data=ALLERGY)
    entry = await only(house, State.STANDING)
    asked = await dana.post(f"{MINE}/ask", data={"about": str(entry.id), "text": "Amoxicillin: swelling"})
    assert asked.headers["location"] == f"{MINE}?asked"
    assert "waits for an answer" in (await dana.get(MINE)).text
    assert "Asks for a correction" in (await alice.get("/patients")).text
    wish = await only(house, State.ASKED)
    assert (await alice.post(f"{PAGE}/{wish.id}/accept")).status_code == 303
    page = (await dana.get(MINE)).text
    assert "Amoxicillin: swelling" in page
    assert "Penicillin" not in page
    assert "Asks for a correction" not in (await alice.get("/patients")).text
    assert await acts(house) == [(Act.CHANGED, "staff"), (Act.ASKED, "dana"), (Act.ANSWERED, "staff")]


async def test_a_line_that_should_go_goes(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    await alice.post(PAGE, data=ALLERGY)
    entry = await only(house, State.STANDING)
    await dana.post(f"{MINE}/ask", data={"about": str(entry.id), "text": "I never had it", "removes": "yes"})
    assert "should not be in the list any more" in (await alice.get(PAGE)).text
    await alice.post(f"{PAGE}/{(await only(house, State.ASKED)).id}/accept")
    assert {row.state for row in await rows(house)} == {State.ENDED}


async def test_the_professional_answers_instead(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    await dana.post(f"{MINE}/ask", data={"kind": "medication", "text": "Aspirin 75 mg"})
    wish = await only(house, State.ASKED)
    empty = await alice.post(f"{PAGE}/{wish.id}/answer", data={"reply": ""})
    assert empty.status_code == 422
    assert f'href="#reply-{wish.id}"' in empty.text
    assert (await acts(house))[-1] == (Act.LOOKED, "staff"), "the page of a refusal shows the background too"
    assert (await alice.post(f"{PAGE}/{wish.id}/answer", data={"reply": "We stopped it in May."})).status_code == 303
    page = (await dana.get(MINE)).text
    assert "We stopped it in May." in page
    assert b"stopped" not in (await only(house, State.REFUSED)).reply  # type: ignore[operator]
    assert (await alice.post(f"{PAGE}/{wish.id}/accept")).status_code == 404


async def test_a_patient_changes_how_they_are_reached(dana: httpx2.AsyncClient, house: House) -> None:
    wrong = await dana.post(f"{MINE}/contact", data={"mobile": "12", "email": ""})
    assert wrong.status_code == 422
    assert "Please write a mobile number" in wrong.text
    crossed = await dana.post(f"{MINE}/contact", data={"mobile": "a@example.org", "email": ""})
    assert crossed.status_code == 422
    assert (await dana.post(f"{MINE}/contact", data={"mobile": "07700 900007", "email": ""})).status_code == 303
    async with house.database.read() as tx:
        assert (await tx.get_one(Patient, DANA.patient_id)).mobile == "+447700900007"


async def test_many_corrections_wait_and_no_more(dana: httpx2.AsyncClient, house: House) -> None:
    for number in range(20):
        assert (await dana.post(f"{MINE}/ask", data={"kind": "history", "text": f"Illness {number}"})).status_code == 303
    page = await dana.post(f"{MINE}/ask", data={"kind": "history", "text": "One more"})
    assert page.status_code == 413
    assert "Many corrections wait" in page.text
    assert len(await rows(house)) == 20


async def test_bad_28_lines_of_others_do_not_open(sign_in: SignIn, alice: httpx2.AsyncClient, house: House) -> None:
    await alice.post(PAGE, data=ALLERGY)
    entry = await only(house, State.STANDING)
    for outsider in (CHARLIE, MALLORY, OLGA, SAM):
        client = await sign_in(outsider)
        assert (await client.get(PAGE)).status_code == 404
        assert (await client.post(f"{PAGE}/{entry.id}/end")).status_code == 404
        assert (await client.post(PAGE, data=ALLERGY)).status_code == 404
    assert (await (await sign_in(BOB)).get(PAGE)).status_code == 200
    assert (await alice.post(f"{PAGE}/{uuid4()}/end")).status_code == 404


@pytest.mark.row("N3")
async def test_whom_an_author_permits_sees_who_it_is_and_nothing_clinical(
    sign_in: SignIn, alice: httpx2.AsyncClient, notes: dict[str, str], house: House
) -> None:
    await alice.post(PAGE, data=ALLERGY)
    await alice.post(f"{RECORD}/particulars", data={**WHO, "seen": ""})
    await alice.post(f"{RECORD}/permissions", data={"person": str(SAM.person_id), "until": "2026-03-20", "reason": "Letters"})
    sam = await sign_in(SAM)
    page = (await sam.get(RECORD)).text
    assert "1 High Street" in page
    assert "Penicillin" not in page
    assert (await sam.get(PAGE)).status_code == 404


@pytest.mark.row("N4")
async def test_an_emergency_reads_and_does_not_write(sign_in: SignIn, alice: httpx2.AsyncClient, house: House) -> None:
    await alice.post(PAGE, data=ALLERGY)
    charlie = await sign_in(CHARLIE)
    form = {"patient": str(DANA.patient_id), "reason": "Unconscious, brought in by a neighbour", "now": "yes"}
    assert (await charlie.post("/emergency/open", data=form)).status_code == 303
    page = await charlie.get(PAGE)
    assert "Penicillin" in page.text
    assert (await charlie.post(PAGE, data=ALLERGY)).status_code == 403


async def test_who_may_write_is_one_rule(house: House, meeting: Meeting) -> None:
    async with house.database.read() as tx:
        facts = await record_facts(tx, await tx.get_one(Patient, DANA.patient_id))
    told = {member.username: may_write_record(member.viewer, facts) for member in (ALICE, BOB, CHARLIE, MALLORY, OLGA, SAM)}
    assert told == {"dr_alice": True, "nurse_bob": True, "dr_charlie": False, "dr_mallory": False, "olga": False, "sam": False}


async def test_bad_36_a_moved_line_does_not_open_and_hides_no_other(alice: httpx2.AsyncClient, house: House) -> None:
    for text in ("Nuts", "Latex"):
        await alice.post(PAGE, data={**ALLERGY, "text": text})
    async with house.database.write() as tx:
        first, second = list(await tx.scalars(select(BackgroundEntry)))
        first.sealed, first.data_key, first.key_id = second.sealed, second.data_key, second.key_id
        kept = "Latex"
    page = (await alice.get(PAGE)).text
    assert "This entry cannot be shown at the moment." in page
    assert (kept in page) != ("Nuts" in page)


async def test_lines_come_under_a_new_key(alice: httpx2.AsyncClient, house: House) -> None:
    await alice.post(PAGE, data=ALLERGY)
    new = add_key(house.settings.data_dir)
    assert [step async for step in rotate(house.database, house.keyring)] == [(1, 1)]
    assert await keys_in_use(house.database) == {new: 1}
    await check_keys(house.database, house.keyring)
    assert "Penicillin" in (await alice.get(PAGE)).text


@pytest.mark.row("L6")
async def test_the_patient_reads_who_looked(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient) -> None:
    await alice.get(PAGE)
    await alice.post(PAGE, data=ALLERGY)
    page = (await dana.get(f"/my/{DANA.patient_id}/looks")).text
    assert "Looked at who you are and at your health background" in page
    assert "Changed who you are or your health background" in page


async def test_bad_08_what_came_back_with_a_fault_still_stands_on_what_was_seen(
    alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House
) -> None:
    await alice.post(f"{RECORD}/particulars", data={**WHO, "seen": ""})
    seen = seen_of((await dana.get(MINE)).text)
    assert (await alice.post(f"{RECORD}/particulars", data={**WHO, "gender": "man", "seen": seen})).status_code == 303
    answer = await dana.post(f"{MINE}/particulars", data={**WHO, "nhs_number": "1", "seen": seen})
    assert answer.status_code == 422
    assert seen_of(answer.text) == seen
    assert (await dana.post(f"{MINE}/particulars", data={**WHO, "seen": seen_of(answer.text)})).status_code == 409
    assert "man" in (await alice.get(RECORD)).text


async def test_bad_08_two_first_states_at_once_leave_one(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    writing = [client.post(f"{path}/particulars", data={**WHO, "seen": ""}) for client, path in ((alice, RECORD), (dana, MINE))]
    assert sorted(answer.status_code for answer in await asyncio.gather(*writing)) == [303, 409]
    await only(house, State.STANDING)


async def test_a_correction_keeps_since_when_and_from_whom(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    line = {"kind": "history", "text": "Astma", "source": "doctor", "giver": "Dr Gray", "on": "2015-03-01"}
    assert (await alice.post(PAGE, data=line)).status_code == 303
    about = str((await only(house, State.STANDING)).id)
    assert (await dana.post(f"{MINE}/ask", data={"about": about, "text": "Asthma"})).status_code == 303
    asked = await only(house, State.ASKED)
    assert (await alice.post(f"{PAGE}/{asked.id}/accept", data={"x": "1"})).status_code == 303
    page = (await alice.get(PAGE)).text
    assert "Asthma" in page
    assert "1 March 2015" in page
