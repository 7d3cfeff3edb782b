"""What an administrator decides for the practice, and that nobody else does."""

import pytest
from sqlalchemy import select

from server.access.model import Practice
from server.core.audit import Act, AuditEntry
from server.core.house import House
from tests.cast import ALICE, CLINIC, DANA, ELSEWHERE, OLGA, SAM, Cast, Staff
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]

PAGE = "/account/practice"
NO = {"keeps_drafts": "no"}
LABEL = "own computers may keep text"


async def keeping(house: House) -> dict[object, bool]:
    async with house.database.read() as tx:
        return {practice.id: practice.keeps_drafts for practice in await tx.scalars(select(Practice))}


async def changes(house: House) -> list[tuple[object, object, str | None]]:
    async with house.database.read() as tx:
        found = await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.CHANGED).order_by(AuditEntry.id))
        return [(entry.practice_id, entry.person_id, entry.reason) for entry in found]


async def test_an_administrator_decides_whether_drafts_are_kept_and_it_is_on_record(sign_in: SignIn, house: House, cast: Cast) -> None:
    olga = await sign_in(OLGA)
    assert "checked" in (await olga.get("/account")).text
    answer = await olga.post(PAGE, data=NO)
    assert answer.headers["location"] == "/account?done=practice#practice"
    assert await keeping(house) == {CLINIC: False, ELSEWHERE: True}
    page = (await olga.get("/account?done=practice")).text
    assert "checked" not in page
    assert "Saved." in page
    await olga.post(PAGE, data={"keeps_drafts": "yes"})
    await olga.post(PAGE, data={"keeps_drafts": "yes"})
    assert await keeping(house) == {CLINIC: True, ELSEWHERE: True}
    kept = [(CLINIC, OLGA.person_id, "keeps no drafts"), (CLINIC, OLGA.person_id, "keeps drafts")]
    assert await changes(house) == kept


@pytest.mark.parametrize("member", [ALICE, SAM, DANA], ids=["professional", "assistant", "patient"])
async def test_nobody_else_decides_or_is_asked(sign_in: SignIn, house: House, cast: Cast, member: Staff) -> None:
    client = await sign_in(member)
    assert LABEL not in (await client.get("/account")).text
    assert (await client.post(PAGE, data=NO)).status_code == 403
    assert await keeping(house) == {CLINIC: True, ELSEWHERE: True}
    assert await changes(house) == []
