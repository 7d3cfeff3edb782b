"""The queues and the audit, as whoever looks after a practice sees them."""

import httpx2
import pytest
from sqlalchemy import select

from server.administration.act_words import WORDS
from server.core.audit import Act, AuditEntry, Deed, record
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import Errand
from tests.cast import ALICE, CLINIC, DANA, ELSEWHERE, MALLORY, OLGA, SAM, Cast, Staff
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

QUEUES, AUDIT = "/practice/queues", "/practice/audit"


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


async def given_up(house: House) -> Errand:
    """Bury an errand of a kind whose handler finds nothing to do."""
    now, errand_id = house.clock.now(), new_id()
    errand = Errand(
        id=errand_id, kind="prove", dedupe_key=str(errand_id), subject_id=new_id(), run_at=now, attempts=8, lease_until=None,
        lease_by=None, done_at=None, dead_at=now, last_error="ConnectionError",
    )  # fmt: skip
    async with house.database.write() as tx:
        tx.add(errand)
    return errand


async def test_an_errand_is_run_again_or_set_aside_on_record(olga: httpx2.AsyncClient, house: House) -> None:
    assert "Nothing was given up" in (await olga.get(QUEUES)).text
    first, second = await given_up(house), await given_up(house)
    page = (await olga.get(QUEUES)).text
    assert (page.count("Run again"), "ConnectionError" in page) == (2, True)
    assert (await olga.post(f"/practice/errands/{first.id}/again")).headers["location"] == f"{QUEUES}?done=again"
    assert (await olga.post(f"/practice/errands/{second.id}/aside")).headers["location"] == f"{QUEUES}?done=aside"
    assert (await olga.post(f"/practice/errands/{second.id}/aside")).status_code == 409
    assert (await olga.post(f"/practice/errands/{new_id()}/again")).status_code == 404
    assert "Nothing was given up" in (await olga.get(QUEUES)).text
    async with house.database.read() as tx:
        assert (await tx.get_one(Errand, first.id)).dead_at is None
        said = set(await tx.scalars(select(AuditEntry.reason)))
    assert said == {"again: prove", "aside: prove"}


async def told(house: House, practice: object, patient: object, *, times: int = 1) -> None:
    async with house.database.write() as tx:
        for _ in range(times):
            deed = Deed(practice, ALICE.person_id, Act.LOOKED, "note", new_id(), patient, "Chest pain")
            await record(tx, deed, house.clock.now())


async def test_the_audit_names_no_patient_and_shows_nothing_of_them(olga: httpx2.AsyncClient, house: House) -> None:
    assert "There is no such entry" in (await olga.get(AUDIT)).text
    await told(house, CLINIC, DANA.patient_id)
    await told(house, ELSEWHERE, None)
    page = (await olga.get(AUDIT)).text
    assert ("Looked" in page, "Dr Alice Ahmed" in page, page.count("Entry ")) == (True, True, 1)
    assert not any(word in page for word in ("Chest pain", "Dana", "Diaz"))


async def test_bad_29_a_patient_who_acts_is_not_named_and_not_searched_for(olga: httpx2.AsyncClient, house: House) -> None:
    async with house.database.write() as tx:
        await record(tx, Deed(CLINIC, DANA.person_id, Act.REGISTERED, "record", new_id(), DANA.patient_id), house.clock.now())
    page = (await olga.get(AUDIT)).text
    assert "Somebody who does not work here" in page
    assert not any(word in page for word in ("Dana", "Diaz", str(DANA.person_id)))
    assert "Entry 1" not in (await olga.get(f"{AUDIT}?person={DANA.person_id}")).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"person={ALICE.person_id}", True), (f"person={OLGA.person_id}", False), (f"patient={DANA.patient_id}", True),
        (f"patient={OLGA.person_id}", False), ("act=looked", True), ("act=signed", False), ("day=2026-03-02", True),
        ("day=2026-03-01", False), ("before=1", False), ("before=2&act=looked&day=2026-03-02", True),
    ],
)  # fmt: skip
async def test_entries_are_filtered(olga: httpx2.AsyncClient, house: House, query: str, found: bool) -> None:
    await told(house, CLINIC, DANA.patient_id)
    assert ("Entry 1" in (await olga.get(f"{AUDIT}?{query}")).text) is found


@pytest.mark.parametrize("query", ["person=x", "patient=1", "act=stole", "day=2026-02-30", "day=0001-01-01", "before=0", "before=x"])
async def test_what_cannot_be_searched_for_is_said(olga: httpx2.AsyncClient, query: str) -> None:
    answer = await olga.get(f"{AUDIT}?{query}")
    assert (answer.status_code, "cannot be searched for" in answer.text) == (422, True)


async def test_the_audit_is_paged(olga: httpx2.AsyncClient, house: House) -> None:
    await told(house, CLINIC, DANA.patient_id, times=52)
    first = (await olga.get(f"{AUDIT}?act=looked")).text
    assert (first.count("Entry "), "act=looked&amp;before=3" in first) == (50, True)
    assert (await olga.get(f"{AUDIT}?act=looked&before=3")).text.count("Entry ") == 2


def test_every_act_has_words() -> None:
    assert WORDS.keys() == set(Act)


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_nobody_else_comes_in(sign_in: SignIn, house: House, cast: Cast, member: Staff) -> None:
    client, errand = await sign_in(member), await given_up(house)
    for path in (QUEUES, AUDIT):
        assert (await client.get(path)).status_code == 403, path
    for path in ("again", "aside"):
        assert (await client.post(f"/practice/errands/{errand.id}/{path}")).status_code == 403
