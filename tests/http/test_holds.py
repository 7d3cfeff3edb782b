"""A legal hold is placed and lifted by administrators, with reasons, on record; rows are only added."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from server.consultation.recorded import Recording, Standing
from server.consultation.recording_jobs import sweep_due
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.patients.files import RecordFile
from server.patients.legal_holds import LegalHold, held
from tests.cast import ALICE, DANA, MALLORY, OLGA, SAM, Cast, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.filing import picture
from tests.tapes import record_call

pytestmark = [pytest.mark.anyio, pytest.mark.row("L5")]

HOLDS = "/practice/holds"
PLACED = {"patient": str(DANA.patient_id), "why": "A claim was announced."}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def is_held(house: House) -> bool:
    assert DANA.patient_id is not None
    async with house.database.read() as tx:
        return await held(tx, DANA.patient_id)


async def the_hold(house: House) -> LegalHold:
    async with house.database.read() as tx:
        return (await tx.scalars(select(LegalHold))).one()


async def test_a_record_is_found_held_and_let_go_with_reasons(cast: Cast, house: House, sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    assert HOLDS in (await olga.get("/account")).text
    assert "No record is or was held." in (await olga.get(HOLDS)).text
    assert str(DANA.patient_id) in (await olga.post(f"{HOLDS}/find", data={"name": " dana  DÍAZ "})).text
    assert not await is_held(house)
    assert (await olga.post(HOLDS, data=PLACED)).status_code == 303
    assert await is_held(house)
    lift = f"{HOLDS}/{(await the_hold(house)).id}/lift"
    assert "A claim was announced." in (await olga.get(HOLDS)).text
    settled = {"why": "The claim was settled."}
    assert [(await olga.post(lift, data=settled)).status_code for _ in range(2)] == [303, 409]
    assert not await is_held(house)
    page = (await olga.get(HOLDS)).text
    assert "A claim was announced." in page
    assert "The claim was settled." in page
    async with house.database.read() as tx:
        rows = await tx.execute(select(AuditEntry.act, AuditEntry.reason).where(AuditEntry.thing == "hold").order_by(AuditEntry.number))
    assert list(rows) == [(Act.LOOKED, None), (Act.HELD, None), (Act.FREED, None)], "nothing about a patient that cannot be changed"
    looks = (await (await sign_in(DANA)).get(f"/my/{DANA.patient_id}/looks")).text
    assert "Keeps everything in the record from being deleted" in looks
    assert "A claim was announced." not in looks


async def test_a_second_hold_stands_when_the_first_is_lifted(cast: Cast, house: House, sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    await olga.post(HOLDS, data=PLACED)
    first = await the_hold(house)
    await olga.post(HOLDS, data={**PLACED, "why": "An inquiry."})
    await olga.post(f"{HOLDS}/{first.id}/lift", data={"why": "Settled."})
    assert await is_held(house)


async def test_what_is_missing_is_said_and_what_was_typed_stays(cast: Cast, house: House, sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    assert (await olga.post(f"{HOLDS}/find", data={"name": ""})).status_code == 422
    assert "There is no record of this name." in (await olga.post(f"{HOLDS}/find", data={"name": "Nobody"})).text
    for why in ("", "x" * 501):
        answer = await olga.post(HOLDS, data={**PLACED, "why": why})
        assert answer.status_code == 422
        assert "Please write why" in answer.text
        assert why in answer.text
    assert not await is_held(house)
    for patient in ("nonsense", str(uuid4())):
        assert (await olga.post(HOLDS, data={**PLACED, "patient": patient})).status_code == 404
    await olga.post(HOLDS, data=PLACED)
    answer = await olga.post(f"{HOLDS}/{(await the_hold(house)).id}/lift", data={"why": " "})
    assert answer.status_code == 422
    assert await is_held(house)


async def test_neither_its_time_nor_a_wish_takes_anything_from_a_held_record(
    house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn
) -> None:
    """What somebody wished meanwhile is done when the hold is lifted."""
    olga, dana = await sign_in(OLGA), await sign_in(DANA)
    recording = await record_call(house, meeting, [(meeting.participant_id, b"sound" * 100, 0, 9)])
    files = f"/my/{DANA.patient_id}/files"
    await dana.post(files, data={"title": "A scan"}, files={"file": ("scan.jpg", picture(), "image/jpeg")})
    await olga.post(HOLDS, data=PLACED)
    async with house.database.read() as tx:
        file_id = (await tx.scalars(select(RecordFile.id))).one()
    refused = await dana.post(f"{files}/{file_id}/delete")
    assert refused.status_code == 409
    assert "held for a legal reason" in refused.text
    assert (await dana.post(f"/my/{DANA.patient_id}/recordings/{recording.id}/withdraw")).headers["location"] == "/my?withheld"
    clock.advance(120 * 86400)
    await sweep_due(house)
    assert await stands(house, recording.id) == Standing.KEPT
    olga = await sign_in(OLGA)
    await olga.post(f"{HOLDS}/{(await the_hold(house)).id}/lift", data={"why": "Settled."})
    await sweep_due(house)
    assert await stands(house, recording.id) == Standing.DELETED


async def stands(house: House, recording_id: UUID) -> Standing:
    async with house.database.read() as tx:
        return (await tx.get_one(Recording, recording_id)).state


async def test_bad_28_nobody_else_sees_or_changes_a_hold(cast: Cast, house: House, sign_in: SignIn) -> None:
    await (await sign_in(OLGA)).post(HOLDS, data=PLACED)
    lift = f"{HOLDS}/{(await the_hold(house)).id}/lift"
    for member in (ALICE, SAM, MALLORY, DANA):
        other = await sign_in(member)
        for answer in (
            await other.get(HOLDS),
            await other.post(f"{HOLDS}/find", data={"name": DANA.name}),
            await other.post(HOLDS, data=PLACED),
            await other.post(lift, data={"why": "Mine."}),
        ):
            assert answer.status_code == 403
            assert "claim" not in answer.text
    assert await is_held(house)
