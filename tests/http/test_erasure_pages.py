"""The pages of an erasure: what the person sees before they ask, who answers for the clinical part, and the reviewer's yes."""

import re
from datetime import timedelta
from uuid import UUID

import anyio
import httpx2
import pytest
from sqlalchemy import select

from server.access.model import Grant
from server.consultation.model import Consultation
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.privacy.copy_rows import DataCopy
from server.privacy.erasure_rows import Erasure
from server.privacy.request_rows import RightsRequest
from tests.acting import DORA, let_act
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Cast, Meeting, add_meeting
from tests.conftest import SignIn, StillClock
from tests.http.copying import copy_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]

MINE = f"/my/{DANA.patient_id}"
PLAN = re.compile(r'name="plan" value="([0-9a-f]+)"')
WHY = "You asked, and no law keeps it."


@pytest.fixture
async def asked(house: House, cast: Cast, clock: StillClock, sign_in: SignIn) -> str:
    """The id of dana's request, ten years after a consultation about which nothing was signed."""
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now())
    clock.set(clock.now() + timedelta(days=3660))
    dana = await sign_in(DANA)
    page = (await dana.get(f"{MINE}/erasure")).text
    assert "The professional who treats you decides about this part." in page
    assert f"{MINE}/requests?kind=erasure" in page
    assert "your account is closed with it" in page
    assert "told by e-mail before it closes" in page
    assert "told by e-mail before it closes" in (await dana.get(f"{MINE}/requests")).text
    assert f"{MINE}/erasure" in (await dana.get("/my/data")).text
    assert '<option value="erasure" selected>' in (await dana.get(f"{MINE}/requests?kind=erasure")).text
    await dana.post(f"{MINE}/requests", data={"kind": "erasure", "words": "Please delete everything."})
    async with house.database.read() as tx:
        return str((await tx.scalars(select(RightsRequest.id))).one())


async def plan_of(olga: httpx2.AsyncClient, request_id: str) -> str:
    return PLAN.findall((await olga.get(f"/practice/requests/{request_id}/erasure")).text)[0]


async def gone(house: House) -> bool:
    async with house.database.read() as tx:
        return await tx.scalar(select(Erasure.id).where(Erasure.listed_at.is_not(None))) is not None


async def erased_by(house: House) -> list[UUID | None]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AuditEntry.person_id).where(AuditEntry.act == Act.ERASED)))


async def test_it_is_asked_answered_confirmed_and_done(asked: str, house: House, sign_in: SignIn) -> None:
    olga, alice, dana = await sign_in(OLGA), await sign_in(ALICE), await sign_in(DANA)
    path = f"/practice/requests/{asked}/erasure"
    assert path in (await olga.get(f"/practice/requests/{asked}")).text
    page = (await olga.get(path)).text
    assert "has not answered yet" in page
    assert "A professional who treats the patient has not answered for this part yet." in page
    assert "who treats you" not in page
    assert "Everything has to stay" not in page
    assert PLAN.search(page) is None
    assert (await olga.post(path, data={"plan": "", "words": WHY})).status_code == 409
    assert f"/erasures/{asked}" in (await alice.get("/erasures")).text
    assert "Please delete everything." in (await alice.get(f"/erasures/{asked}")).text
    for data in ({"words": "Nothing was signed."}, {"goes": "yes", "words": " "}, {"goes": "yes", "words": "x" * 5001}):
        refused = await alice.post(f"/erasures/{asked}", data=data)
        assert refused.status_code == 422
        assert "error-summary" in refused.text
    assert (await alice.post(f"/erasures/{asked}", data={"goes": "yes", "words": "Nothing was signed."})).status_code == 303
    seen = await plan_of(olga, asked)
    assert "Nothing was signed." in (await olga.get(path)).text
    assert (await olga.post(path, data={"plan": seen, "words": ""})).status_code == 422
    await alice.post(f"/erasures/{asked}", data={"goes": "no", "words": "A complaint is open."})
    stale = await olga.post(path, data={"plan": seen, "words": WHY})
    assert stale.status_code == 409
    assert WHY in stale.text
    assert "has changed since you opened this page" in stale.text
    await alice.post(f"/erasures/{asked}", data={"goes": "yes", "words": "The complaint is settled."})
    assert (await olga.post(path, data={"plan": await plan_of(olga, asked), "words": WHY})).status_code == 303
    with anyio.fail_after(30):
        while not await gone(house):  # noqa: ASYNC110 - a database sets no event
            await anyio.sleep(0.02)
    assert (await dana.get("/my/data")).headers["location"].startswith("/sign-in")
    assert (await olga.get(path)).status_code == 409
    page = (await olga.get(f"/practice/requests/{asked}")).text
    assert WHY in page
    assert (await erased_by(house)) == [OLGA.person_id]
    assert DANA.name not in page
    assert "Nothing is deleted yet" not in page
    assert (await alice.post(f"/erasures/{asked}", data={"goes": "no", "words": "Too late."})).status_code == 409


async def test_an_erasure_that_a_hold_keeps_waiting_says_so(asked: str, house: House, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        request = (await tx.scalars(select(RightsRequest))).one()
        now, about = house.clock.now(), {"practice_id": request.practice_id, "patient_id": request.patient_id, "person_id": None}
        tx.add(Erasure(id=request.id, **about, goes="", ordered_at=now, told_at=now, erased_at=None, listed_at=None))
    assert "Nothing is deleted yet" in (await (await sign_in(OLGA)).get(f"/practice/requests/{asked}")).text


async def test_bad_38_a_copy_is_whole_until_it_is_erased_and_then_gone(asked: str, house: House, sign_in: SignIn) -> None:
    """Also one that lay ready, which its owner has not taken yet."""
    olga, alice, dana = await sign_in(OLGA), await sign_in(ALICE), await sign_in(DANA)
    await alice.post(f"/erasures/{asked}", data={"goes": "yes", "words": "Nothing was signed."})
    assert "README.txt" in await copy_of(dana)
    await olga.post(f"/practice/requests/{asked}/erasure", data={"plan": await plan_of(olga, asked), "words": WHY})
    with anyio.fail_after(30):
        while not await gone(house):
            await dana.post("/my/data/download")
            await anyio.sleep(0.02)
    assert (await dana.post("/my/data/download")).status_code in {303, 401}
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(DataCopy))) == []


async def test_bad_38_what_was_shared_opens_for_nobody_any_more(asked: str, house: House, clock: StillClock, sign_in: SignIn) -> None:
    """A note that a colleague may see, and the pages of whoever acts for the patient.

    A link to an answer stays, because the answer to an erasure is read by it; a copy behind it is made of what is left.
    """
    olga, alice, charlie = await sign_in(OLGA), await sign_in(ALICE), await sign_in(CHARLIE)
    async with house.database.read() as tx:
        consultation_id = (await tx.scalars(select(Consultation.id).where(Consultation.patient_id == DANA.patient_id))).first()
    notes = (await alice.post(f"/api/consultations/{consultation_id}/notes", json={})).json()["notes"]
    shared = f"/notes/{next(note['id'] for note in notes if note['kind'] == 'shared')}"
    until = (clock.now() + timedelta(days=30)).date().isoformat()
    permission = {"person": str(CHARLIE.person_id), "until": until, "reason": "A second opinion"}
    assert (await alice.post(f"/patients/{DANA.patient_id}/permissions", data=permission)).status_code == 303
    await let_act(house)
    dora = await sign_in(DORA)
    ways = ((charlie, shared), (charlie, f"/patients/{DANA.patient_id}"), (dora, MINE))
    assert [(await who.get(path)).status_code for who, path in ways] == [200] * 3
    await alice.post(f"/erasures/{asked}", data={"goes": "yes", "words": "Nothing was signed."})
    await olga.post(f"/practice/requests/{asked}/erasure", data={"plan": await plan_of(olga, asked), "words": WHY})
    with anyio.fail_after(30):
        while not await gone(house):  # noqa: ASYNC110 - a database sets no event
            await anyio.sleep(0.02)
    assert [(await who.get(path)).status_code for who, path in ways] == [404] * 3
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Grant).where(Grant.patient_id == DANA.patient_id))) == []


async def test_bad_28_nobody_else_sees_what_goes(asked: str, meeting: Meeting, sign_in: SignIn) -> None:
    for member in (ALICE, CHARLIE, MALLORY, SAM, DANA):
        other = await sign_in(member)
        for answer in (await other.get(f"/practice/requests/{asked}/erasure"), await other.post(f"/practice/requests/{asked}/erasure")):
            assert answer.status_code == 403
    for member in (BOB, CHARLIE, MALLORY):
        other = await sign_in(member)
        assert asked not in (await other.get("/erasures")).text
        assert (await other.get(f"/erasures/{asked}")).status_code == 404
        assert (await other.post(f"/erasures/{asked}", data={"goes": "yes", "words": "x"})).status_code == 404
    assert (await (await sign_in(OLGA)).get(f"{MINE}/erasure")).status_code == 404


async def test_what_was_erased_is_said_and_leads_nowhere(asked: str, house: House, sign_in: SignIn) -> None:
    """Its pages held links to a desk and to notes whose keys were gone."""
    olga, alice = await sign_in(OLGA), await sign_in(ALICE)
    async with house.database.read() as tx:
        consultation_id = (await tx.scalars(select(Consultation.id).where(Consultation.patient_id == DANA.patient_id))).first()
    record = f"/patients/{DANA.patient_id}"
    assert f"/desk/{consultation_id}" in (await alice.get(record)).text
    begun = await alice.post(f"/api/consultations/{consultation_id}/notes", json={})
    note = f"/notes/{begun.json()['notes'][0]['id']}"
    assert note in (await alice.get(record)).text
    await alice.post(f"/erasures/{asked}", data={"goes": "yes", "words": "Nothing was signed."})
    await olga.post(f"/practice/requests/{asked}/erasure", data={"plan": await plan_of(olga, asked), "words": WHY})
    with anyio.fail_after(30):
        while not await gone(house):  # noqa: ASYNC110 - a database sets no event
            await anyio.sleep(0.02)
    page = (await alice.get(record)).text
    assert "Erased on request on" in page
    assert not any(way in page for way in ("/desk/", "/notes/", "/timeline", "/appointments/new", '<form method="post" action="/patients'))
    for path in (
        note,
        f"/desk/{consultation_id}",
        f"/appointments/new/for/{DANA.patient_id}",
        *(record + of for of in ("/timeline", "/acting", "/files", "/background", "/export?form=pdf")),
    ):
        assert (await alice.get(path)).status_code == 404, path
    assert (await (await sign_in(MALLORY)).get(record)).status_code == 404
