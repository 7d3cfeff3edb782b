"""Whoever acts with all rights sees what was agreed to, takes it back, and takes a copy: of the one record, with both names on record."""

import anyio
import httpx2
import pytest
from sqlalchemy import select

from server.access.acting import Basis, Reach
from server.circulars.consents import wanted_by
from server.consultation.events import Channel
from server.core.audit import Act
from server.core.house import House
from server.patients.model import Patient
from server.patients.representing import Wish, acting_token, give, take
from server.privacy.copies import ask_copy, own_copy
from server.privacy.copy_rows import DataCopy, Whose
from server.web.i18n import ENGLISH
from tests.acting import DORA, YEAR, hand_of, let_act, seat_dora
from tests.cast import DANA, ERIN, Meeting, add_meeting
from tests.conftest import SignIn, StillClock
from tests.http.copying import WITHIN_S, make_copy, take_copy
from tests.http.test_acting import deeds, stop

pytestmark = [pytest.mark.anyio, pytest.mark.row("P5"), pytest.mark.row("L1")]

HERS = f"/my/{DANA.patient_id}"
CONSENTS, DATA = f"{HERS}/consents", f"{HERS}/data"


@pytest.fixture
async def dora(house: House, meeting: Meeting, sign_in: SignIn) -> httpx2.AsyncClient:
    async with house.database.write() as tx:
        await seat_dora(tx, house)
    return await sign_in(DORA)


async def copy_at(house: House, owner: Whose) -> DataCopy | None:
    async with house.database.read() as tx:
        return await own_copy(tx, owner)


async def test_what_was_agreed_to_is_seen_and_taken_back_for_the_patient(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, sign_in: SignIn
) -> None:
    one = await let_act(house)
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
    assert f'href="{CONSENTS}"' in (await dora.get(HERS)).text
    page = await dora.get(CONSENTS)
    assert f"You act for {DANA.name}" in page.text
    assert 'name="email"' in page.text
    assert (await dora.post(f"{HERS}/news", data={"email": "yes"})).headers["location"] == f"{CONSENTS}?news"
    async with house.database.read() as tx:
        assert Channel.EMAIL in await wanted_by(tx, DANA.patient_id)
    assert f"By {DORA.name}, who acted for the patient" in (await (await sign_in(DANA)).get("/my/consents")).text
    back = await dora.post(f"{CONSENTS}/{meeting.consultation_id}/withdraw")
    assert back.headers["location"] == f"{CONSENTS}?withdrawn"
    found = [(deed.act, deed.thing, deed.person_id, deed.representation_id) for deed in await deeds(house)]
    expected = [("looked", "record"), ("looked", "consents"), ("agreed", "news"), ("withdrew", "consultation")]
    assert found == [(act, thing, DORA.person_id, one) for act, thing in expected]
    looks = (await (await sign_in(DANA)).get(f"{HERS}/looks")).text
    assert "Looked at what was agreed to" in looks
    assert "could also have printed it" in looks


async def test_a_copy_is_of_the_record_and_of_nobodys_account(house: House, dora: httpx2.AsyncClient, meeting: Meeting) -> None:
    one = await let_act(house)
    assert DANA.name in (await dora.get(DATA)).text
    await make_copy(dora, DATA)
    files = await take_copy(dora, DATA)
    assert {"my-data.pdf", "practice-1/record.fhir.json", "data/patients.record.json"} <= files.keys()
    assert not any(name.startswith("data/identity.") for name in files)
    assert not any(DORA.email.encode() in raw for raw in files.values())
    taken = next(deed for deed in await deeds(house) if deed.act == Act.EXPORTED)
    assert (taken.thing, taken.person_id, taken.representation_id) == ("data", DORA.person_id, one)
    assert 'id="download"' not in (await dora.get("/my/data")).text, "her own data are another copy"
    await stop(house, one)
    for path in ("/download", "/copy", "/copy/delete"):
        assert (await dora.post(DATA + path)).status_code == 404, path


async def test_bad_39_a_copy_of_one_patient_is_handed_out_for_nobody_else(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, clock: StillClock
) -> None:
    one = await let_act(house)
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
        erin_id = (await tx.scalars(select(Patient.id).where(Patient.name == ERIN.name))).one()
        hand = await hand_of(tx, house, erin_id)
        hers = await give(tx, hand, Wish(DORA.name, "", Basis.CONSENT, Reach.RIGHTS, hand.now + YEAR), ENGLISH)
    async with house.database.write() as tx:
        await take(tx, acting_token(house.secrets, hers.id), DORA.person_id, hand.now)
    await make_copy(dora, DATA)
    others = (f"/my/{erin_id}/data/download", "/my/data/download")
    assert [(await dora.post(path)).status_code for path in others] == [404, 404]
    await stop(house, one)
    assert (await dora.post("/my/data/download")).status_code == 404


async def test_bad_39_a_copy_is_not_made_where_the_right_has_ended(house: House, dora: httpx2.AsyncClient, meeting: Meeting) -> None:
    owner = Whose(DORA.person_id, patient_id=DANA.patient_id)
    async with house.database.write() as tx:
        await ask_copy(tx, house.keyring, owner, "en-GB", house.clock.now())
    with anyio.fail_after(WITHIN_S):
        while await copy_at(house, owner) is not None:  # noqa: ASYNC110 - a database sets no event
            await anyio.sleep(0.02)


@pytest.mark.parametrize("reach", [Reach.BOOK, Reach.SEE])
async def test_bad_39_out_of_reach_is_not_there(house: House, dora: httpx2.AsyncClient, meeting: Meeting, reach: Reach) -> None:
    await let_act(house, reach)
    asked = [await dora.get(path) for path in (CONSENTS, DATA)]
    asked += [await dora.post(path) for path in (f"{DATA}/copy", f"{DATA}/download", f"{DATA}/copy/delete", f"{HERS}/news")]
    asked += [await dora.post(f"{CONSENTS}/{meeting.consultation_id}/withdraw")]
    assert [answer.status_code for answer in asked] == [404] * 7
