"""A patient's yes and no: each with its time, and a no holds until there is a new yes."""

import hashlib

import httpx2
import pytest
from sqlalchemy import select

from server.consultation.consents import WORDINGS
from server.consultation.model import Stage
from server.consultation.records import Consent, Refusal
from server.core.house import House
from tests.cast import ALICE, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.visiting import YES, place, step

pytestmark = [pytest.mark.anyio, pytest.mark.row("V1")]


async def consents(house: House) -> list[Consent]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Consent).order_by(Consent.given_at)))


async def refusals(house: House) -> list[Refusal]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Refusal)))


async def test_each_consent_is_kept_with_its_wording(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    found = await consents(house)
    assert {consent.purpose for consent in found} == set(YES)
    assert {(consent.wording_version, consent.language) for consent in found} == {(wording.version, "en-GB") for wording in WORDINGS}
    assert {(consent.given_at, consent.withdrawn_at) for consent in found} == {(house.clock.now(), None)}
    video = next(consent for consent in found if consent.purpose == "video")
    read = f"{WORDINGS[0].sentence}\n{WORDINGS[0].more}"
    assert video.wording_sha256 == hashlib.sha256(read.encode()).digest()
    page = (await agreed.get(f"{base}/consent")).text
    assert page.count(" checked>") == len(WORDINGS)


async def test_agreeing_twice_keeps_the_first_time(agreed: httpx2.AsyncClient, base: str, house: House, clock: StillClock) -> None:
    first = clock.now()
    clock.advance(60)
    await step(agreed, f"{base}/consent", **YES)
    assert [consent.given_at for consent in await consents(house)] == [first] * len(WORDINGS)


async def test_a_missing_consent_is_named_and_nothing_is_stored(dana: httpx2.AsyncClient, base: str, house: House) -> None:
    answer = await dana.post(f"{base}/consent", data={"video": "yes", "notes": "on"})
    assert answer.status_code == 422
    assert 'href="#notes"' in answer.text
    assert 'href="#private_place"' in answer.text
    assert 'href="#video"' not in answer.text
    assert answer.text.count(" checked") == 1
    assert await consents(house) == []


@pytest.mark.row("V3")
async def test_who_does_not_agree_comes_to_people(agreed: httpx2.AsyncClient, base: str, meeting: Meeting, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert await step(agreed, f"{base}/declined") == f"{base}/declined"
    page = await agreed.get(f"{base}/declined")
    assert "Call Harbour Clinic" in page.text
    assert (await alice.get("/api/today")).json()["rows"][0]["stage"] == "declined"
    assert (await agreed.get(f"{base}/room")).headers["location"] == f"{base}/declined"
    assert (await agreed.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409
    assert await step(agreed, f"{base}/consent", **YES) == f"{base}/camera"
    assert (await agreed.get(f"{base}/room")).status_code == 200
    assert (await agreed.get(f"{base}/declined")).headers["location"] == f"{base}/consent"


@pytest.mark.row("V3")
async def test_a_no_is_not_undone_by_beginning_again(agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting) -> None:
    await step(agreed, f"{base}/declined")
    await step(agreed, base)
    await step(agreed, f"{base}/who", name="Dana Diaz", companion="")
    assert (await place(house, meeting)).stage == Stage.DECLINED
    assert (await agreed.get(f"{base}/room")).headers["location"] == f"{base}/declined"
    assert (await agreed.get(f"{base}/camera")).headers["location"] == f"{base}/consent"
    assert (await agreed.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409
    assert " checked>" not in (await agreed.get(f"{base}/consent")).text


async def test_a_yes_a_no_and_a_yes_are_three_dated_facts(
    agreed: httpx2.AsyncClient, base: str, house: House, clock: StillClock, meeting: Meeting
) -> None:
    first = clock.now()
    clock.advance(60)
    await step(agreed, f"{base}/declined")
    await step(agreed, f"{base}/declined")
    second = clock.now()
    clock.advance(60)
    await step(agreed, f"{base}/consent", **YES)
    assert [(consent.given_at, consent.withdrawn_at) for consent in await consents(house)] == [
        *[(first, second)] * len(WORDINGS),
        *[(clock.now(), None)] * len(WORDINGS),
    ]
    assert [refusal.refused_at for refusal in await refusals(house)] == [second]
    assert (await place(house, meeting)).stage == Stage.CHECKING


async def test_a_no_without_any_yes_is_kept_with_its_time_and_wording(
    dana: httpx2.AsyncClient, base: str, house: House, clock: StillClock, meeting: Meeting
) -> None:
    await step(dana, f"{base}/declined")
    (refusal,) = await refusals(house)
    assert (refusal.participant_id, refusal.refused_at, refusal.language) == (meeting.participant_id, clock.now(), "en-GB")
    assert refusal.wordings == "video 2, notes 2, private_place 1"
    sentences = [hashlib.sha256(f"{wording.sentence}\n{wording.more}".encode()).digest() for wording in WORDINGS]
    assert refusal.wordings_sha256 == hashlib.sha256(b"".join(sentences)).digest()
    assert await consents(house) == []
