"""The pages of double records: comparing, merging and undoing, who may, what stands against it, and where old links lead."""

import re
from dataclasses import replace
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.consultation.model import Consultation, ConsultationState
from server.core.house import House
from server.core.ids import new_id
from server.identity.actions import begin_login
from server.identity.model import Person
from server.patients.legal_holds import LegalHold
from server.patients.merge_rows import MergeWish, RecordMerge
from server.patients.model import Patient
from server.patients.representing import claim_child
from tests.acting import DORA, hand_of, representation, seat_dora
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Guest, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8")]

TWIN = Guest("Diaz Dana", "+447700900001", "dana@example.org")
SEEN = re.compile(r'name="seen" value="([0-9a-f]{32})"')
DOUBLES = "/patients/doubles"


@pytest.fixture
async def twin(house: House, meeting: Meeting, clock: StillClock) -> tuple[UUID, Meeting]:
    """Another record of dana, with a consultation of its own."""
    async with house.database.write() as tx:
        second = await add_meeting(tx, house.secrets, clock.now(), guest=TWIN)
        return (await tx.scalars(select(Patient.id).where(Patient.name == TWIN.name))).one(), second


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


def pair(other_id: UUID) -> str:
    return f"/patients/{DANA.patient_id}/double/{other_id}"


async def merge(client: httpx2.AsyncClient, other_id: UUID, keep: UUID | str | None = DANA.patient_id) -> httpx2.Response:
    page = await client.get(pair(other_id))
    assert page.status_code == 200, page.text
    return await client.post(pair(other_id), data={"keep": str(keep), "seen": SEEN.findall(page.text)[0]})


async def test_doubles_are_found_compared_merged_and_parted(
    app: Starlette, house: House, alice: httpx2.AsyncClient, sign_in: SignIn, twin: tuple[UUID, Meeting]
) -> None:
    other_id, second = twin
    dana = await sign_in(DANA)
    assert f'href="{DOUBLES}"' in (await alice.get("/patients")).text
    page = (await alice.get(DOUBLES)).text
    assert "The same mobile number" in page
    assert pair(other_id) in page or f"/patients/{other_id}/double/{DANA.patient_id}" in page
    assert (await merge(alice, other_id)).headers["location"] == f"{DOUBLES}?merged"

    assert (await alice.get(f"/patients/{other_id}")).headers["location"] == f"/patients/{DANA.patient_id}"
    assert (await alice.get(f"/patients/{other_id}/files")).headers["location"] == f"/patients/{DANA.patient_id}/files"
    assert TWIN.name not in (await alice.get("/patients")).text
    assert (await dana.get(f"/my/{other_id}/files")).headers["location"] == f"/my/{DANA.patient_id}/files"
    assert (await dana.get("/my")).text.count(f"/my/{DANA.patient_id}/consultations/") == 2
    assert "Merged two records of you into one" in (await dana.get(f"/my/{DANA.patient_id}/looks")).text
    assert (await browser_of(app).get(second.join_path)).status_code == 303

    undo = re.findall(r'action="(/patients/[^"]+/undo)"', (await alice.get(DOUBLES)).text)
    assert (await alice.post(undo[0])).headers["location"] == f"{DOUBLES}?undone"
    assert (await alice.get(f"/patients/{other_id}")).status_code == 200
    assert (await alice.post(undo[0])).status_code == 409
    assert "cannot be undone any more" in (await alice.post(undo[0])).text


@pytest.mark.parametrize("who", [CHARLIE, MALLORY, OLGA, SAM])
async def test_who_does_not_treat_them_neither_merges_nor_is_led_on(
    who: Staff, alice: httpx2.AsyncClient, sign_in: SignIn, twin: tuple[UUID, Meeting]
) -> None:
    stranger = await sign_in(who)
    assert (await stranger.get(pair(twin[0]))).status_code == 404
    assert (await stranger.post(pair(twin[0]), data={"keep": str(twin[0])})).status_code == 404
    await merge(alice, twin[0])
    assert (await stranger.get(f"/patients/{twin[0]}")).status_code == 404
    assert (await stranger.get(f"/my/{twin[0]}/files")).status_code == 404


async def test_a_colleague_of_the_team_may_merge_what_the_team_treats(sign_in: SignIn, twin: tuple[UUID, Meeting]) -> None:
    assert (await merge(await sign_in(BOB), twin[0])).status_code == 303


async def test_nothing_is_merged_without_a_choice_or_by_a_page_that_is_no_longer_true(
    house: House, alice: httpx2.AsyncClient, twin: tuple[UUID, Meeting]
) -> None:
    refused = await merge(alice, twin[0], "neither")
    assert refused.status_code == 422
    assert "Please choose which record stays." in refused.text
    seen = SEEN.findall((await alice.get(pair(twin[0]))).text)[0]
    async with house.database.write() as tx:
        await tx.execute(update(Patient).where(Patient.id == twin[0]).values(email="new@example.org"))
    stale = await alice.post(pair(twin[0]), data={"keep": str(DANA.patient_id), "seen": seen})
    assert stale.status_code == 409
    assert "Somebody changed one of the records" in stale.text
    assert re.search(f'value="{DANA.patient_id}" checked', stale.text)
    async with house.database.read() as tx:
        assert await tx.scalar(select(RecordMerge.id)) is None


async def account_of_somebody_else(house: House, other_id: UUID, clock: StillClock) -> None:
    async with house.database.write() as tx:
        person = Person(id=new_id(), name=TWIN.name)
        tx.add(person)
        await tx.flush()
        await tx.execute(update(Patient).where(Patient.id == other_id).values(person_id=person.id))


async def call_that_goes_on(house: House, other_id: UUID, clock: StillClock) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(Consultation).where(Consultation.patient_id == other_id).values(state=ConsultationState.ACTIVE))


@pytest.mark.parametrize(
    ("hinder", "sentence"),
    [(account_of_somebody_else, "Two different accounts"), (call_that_goes_on, "A consultation is going on")],
)
async def test_what_stands_against_it_is_said_and_holds(  # noqa: PLR0917 - fixtures
    hinder: object, sentence: str, house: House, clock: StillClock, alice: httpx2.AsyncClient, twin: tuple[UUID, Meeting]
) -> None:
    await hinder(house, twin[0], clock)  # type: ignore[operator]
    page = await alice.get(pair(twin[0]))
    assert sentence in page.text
    assert "Merge the records" not in page.text
    refused = await merge(alice, twin[0])
    assert refused.status_code == 409


async def test_somebody_with_two_accounts_is_asked_in_both(  # noqa: PLR0917 - fixtures
    house: House, app: Starlette, clock: StillClock, alice: httpx2.AsyncClient, sign_in: SignIn, twin: tuple[UUID, Meeting]
) -> None:
    await account_of_somebody_else(house, twin[0], clock)
    async with house.database.write() as tx:
        other = await tx.get_one(Patient, twin[0])
        token = begin_login(tx, other.person_id or twin[0], "Test", clock.now())
    second = browser_of(app, {"sid": token})
    assert (await alice.post(f"{pair(twin[0])}/ask")).status_code == 303
    assert "in 0 of 2 accounts" in (await alice.get(pair(twin[0]))).text
    first = await sign_in(DANA)
    forms = []
    for client in (first, second):
        page = (await client.get("/my/data")).text
        forms += re.findall(r'action="(/my/[^"]+/merges/[^"]+)"', page)
    assert (await first.post(forms[1], data={"mine": "yes"})).status_code == 404
    assert (await first.post(forms[0], data={"mine": "yes"})).headers["location"] == "/my/data?answered"
    assert (await first.post(forms[0], data={"mine": "no"})).status_code == 404
    assert (await merge(alice, twin[0])).status_code == 409
    assert (await second.post(forms[1], data={"mine": "yes"})).status_code == 303
    assert "Do you have two accounts?" not in (await second.get("/my/data")).text
    assert (await merge(alice, twin[0])).status_code == 303
    assert (await second.get("/my")).text.count("/consultations/") == 0
    assert (await first.get("/my")).text.count(f"/my/{DANA.patient_id}/consultations/") == 2
    await second.aclose()


async def test_who_says_no_is_not_merged(
    house: House, clock: StillClock, alice: httpx2.AsyncClient, sign_in: SignIn, twin: tuple[UUID, Meeting]
) -> None:
    await account_of_somebody_else(house, twin[0], clock)
    for _ in range(2):
        await alice.post(f"{pair(twin[0])}/ask")
    dana = await sign_in(DANA)
    (form,) = re.findall(r'action="(/my/[^"]+/merges/[^"]+)"', (await dana.get("/my/data")).text)
    assert (await dana.post(form, data={"mine": "perhaps"})).status_code == 422
    assert (await dana.post(form, data={"mine": "no"})).status_code == 303
    assert "that they are not both theirs" in (await alice.get(pair(twin[0]))).text
    assert (await merge(alice, twin[0])).status_code == 409


async def test_a_request_to_be_erased_stands_against_it(alice: httpx2.AsyncClient, sign_in: SignIn, twin: tuple[UUID, Meeting]) -> None:
    asked = {"kind": "erasure", "words": "Please delete everything."}
    assert (await (await sign_in(DANA)).post(f"/my/{DANA.patient_id}/requests", data=asked)).status_code == 303
    assert (await merge(alice, twin[0])).status_code == 409


async def unaccepted(house: House, sign_in: SignIn) -> tuple[httpx2.AsyncClient, UUID]:
    """Let dora, who has no record of hers here, say that the other record is her child's; returns her, and her own word."""
    async with house.database.write() as tx:
        await seat_dora(tx, house)
        other_id = (await tx.scalars(select(Patient.id).where(Patient.name == TWIN.name))).one()
        hand = replace(await hand_of(tx, house, other_id), person_id=DORA.person_id)
        await claim_child(tx, hand, DORA.name)
    return await sign_in(DORA), (await representation(house)).id


@pytest.mark.row("P5")
async def test_a_parents_own_word_does_not_lead_to_another_record_before_it_was_accepted(
    house: House, alice: httpx2.AsyncClient, sign_in: SignIn, twin: tuple[UUID, Meeting]
) -> None:
    dora, one = await unaccepted(house, sign_in)
    page = (await alice.get(pair(twin[0]))).text
    assert "Somebody says that this is their child" in page
    assert f"<bdi>{DORA.name}</bdi>: Parental responsibility" in page
    assert "Merge the records" not in page
    assert (await merge(alice, twin[0])).status_code == 409
    accepted = {"reach": "book", "until": "2026-12-31", "evidence": "Birth certificate seen"}
    seen = SEEN.findall(page)[0]
    assert (await alice.post(f"/patients/{twin[0]}/acting/{one}/renew", data=accepted)).status_code == 303
    stale = await alice.post(pair(twin[0]), data={"keep": str(DANA.patient_id), "seen": seen})
    assert "Somebody changed one of the records" in stale.text
    assert (await merge(alice, twin[0])).status_code == 303
    assert (await dora.get(f"/my/{twin[0]}")).headers["location"] == f"/my/{DANA.patient_id}"
    assert (await dora.get(f"/my/{DANA.patient_id}")).status_code == 200


async def test_undoing_says_that_the_record_is_held(
    house: House, clock: StillClock, alice: httpx2.AsyncClient, twin: tuple[UUID, Meeting]
) -> None:
    await merge(alice, twin[0])
    async with house.database.write() as tx:
        kept = await tx.get_one(Patient, DANA.patient_id)
        hold = LegalHold(
            id=new_id(), practice_id=kept.practice_id, patient_id=kept.id, why="A claim", placed_by=OLGA.person_id, placed_at=clock.now()
        )
        tx.add(hold)
    (undo,) = re.findall(r'action="(/patients/[^"]+/undo)"', (await alice.get(DOUBLES)).text)
    refused = await alice.post(undo)
    assert refused.status_code == 409
    assert "is held back from deletion" in refused.text


async def test_a_merge_that_was_undone_is_asked_for_anew(
    house: House, clock: StillClock, alice: httpx2.AsyncClient, twin: tuple[UUID, Meeting]
) -> None:
    await account_of_somebody_else(house, twin[0], clock)
    await alice.post(f"{pair(twin[0])}/ask")
    async with house.database.write() as tx:
        await tx.execute(update(MergeWish).values(one_agreed_at=clock.now(), other_agreed_at=clock.now()))
    assert (await merge(alice, twin[0])).status_code == 303
    (undo,) = re.findall(r'action="(/patients/[^"]+/undo)"', (await alice.get(DOUBLES)).text)
    await alice.post(undo)
    page = (await alice.get(pair(twin[0]))).text
    assert "Two different accounts" in page
    assert "not both theirs" not in page
    assert "Ask the patient" in page
    assert (await merge(alice, twin[0])).status_code == 409
