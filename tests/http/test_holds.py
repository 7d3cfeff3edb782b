"""A legal hold is placed and lifted by administrators, with reasons, on record; rows are only added."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.patients.legal_holds import LegalHold, held
from tests.cast import ALICE, DANA, MALLORY, OLGA, SAM, Cast
from tests.conftest import SignIn

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
    assert list(rows) == [(Act.LOOKED, None), (Act.HELD, "A claim was announced."), (Act.FREED, "The claim was settled.")]
    looks = (await (await sign_in(DANA)).get(f"/my/{DANA.patient_id}/looks")).text
    assert "Keeps everything in the record from being deleted" in looks
    assert "A claim was announced." in looks


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
