"""What a patient asks of their data is sealed, due, read by the administrators alone, and answered in the account."""

import httpx2
import pytest
from sqlalchemy import delete, select

from server.access.acting import Reach
from server.circulars.consents import Choice, choose, may_write
from server.circulars.model import Via
from server.circulars.switches import desk_of, visit_switches
from server.circulars.wording import NEWS
from server.consultation.events import Channel
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.core.keyring import add_key
from server.core.outbox import Errand
from server.identity.mail_model import AccountEmail
from server.messaging.composing import Post
from server.patients.model import Patient
from server.ports import Carried
from server.ports import Letter as Mail
from server.privacy.keys import keys_in_use, rotate
from server.privacy.request_jobs import request_handlers
from server.privacy.request_rows import RightsRequest
from server.privacy.requests import TELL
from server.web.i18n import ENGLISH, read_languages
from tests.acting import DORA, let_act
from tests.cast import ALICE, CLINIC, DANA, MALLORY, OLGA, SAM, Cast, Meeting
from tests.conftest import MORNING, SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]

MINE, QUEUE = f"/my/{DANA.patient_id}/requests", "/practice/requests"
WORDS = {"kind": "erasure", "words": "Please delete my old number."}
DAY_S = 86400


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def asked(dana: httpx2.AsyncClient, house: House) -> RightsRequest:
    assert (await dana.post(MINE, data=WORDS)).headers["location"].endswith("?asked")
    return await stored(house)


async def stored(house: House) -> RightsRequest:
    async with house.database.read() as tx:
        return (await tx.scalars(select(RightsRequest))).one()


async def tellings(house: House) -> int:
    async with house.database.read() as tx:
        return len(list(await tx.scalars(select(Errand.id).where(Errand.kind == TELL))))


async def test_a_request_is_sealed_due_paused_extended_and_answered(cast: Cast, house: House, clock: StillClock, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    assert MINE in (await dana.get("/my/data")).text
    request = await asked(dana, house)
    assert b"old number" not in request.sealed
    assert "Answer due by" in (await dana.get("/my/data")).text
    olga = await sign_in(OLGA)
    assert QUEUE in (await olga.get("/account")).text
    assert "Due by" in (await olga.get(QUEUE)).text
    one = f"{QUEUE}/{request.id}"
    page = (await olga.get(one)).text
    assert "Please delete my old number." in page
    assert DANA.name in page
    for data, status in [
        ({"step": "take_up"}, 303),
        ({"step": "take_up"}, 409),
        ({"step": "pause", "why": "identity"}, 303),
        ({"step": "pause", "why": "identity"}, 409),
    ]:
        assert (await olga.post(f"{one}/step", data=data)).status_code == status, data
    assert "The time has stood still since" in (await dana.get(MINE)).text
    clock.advance(10 * DAY_S)
    dana, olga = await sign_in(DANA), await sign_in(OLGA)
    for data, status in [
        ({"step": "resume"}, 303),
        ({"step": "extend", "why": "complex"}, 303),
        ({"step": "extend", "why": "complex"}, 409),
        ({"step": "extend", "why": "idle"}, 422),
        ({"step": "close"}, 422),
    ]:
        assert (await olga.post(f"{one}/step", data=data)).status_code == status, data
    assert (await stored(house)).paused_s == 10 * DAY_S
    assert await tellings(house) == 3
    assert (await olga.post(f"{one}/answer", data={"words": "x"})).status_code == 422
    assert (await olga.post(f"{one}/answer", data={"state": "refused", "words": ""})).status_code == 422
    answer = {"state": "refused", "words": "The law makes us keep it."}
    assert (await olga.post(f"{one}/answer", data=answer)).status_code == 303
    late = await olga.post(f"{one}/answer", data={"state": "done", "words": "The long answer of a colleague."})
    assert late.status_code == 409
    assert "a colleague was faster" in late.text
    assert "The long answer of a colleague." in late.text
    page = (await dana.get(MINE)).text
    assert "The law makes us keep it." in page
    assert "ico.org.uk" in page
    assert (await dana.post(f"{MINE}/{request.id}/withdraw")).status_code == 409
    assert "There is nothing here." in (await olga.get(QUEUE)).text
    assert "Refused" in (await olga.get(f"{QUEUE}?settled")).text
    assert await tellings(house) == 4
    async with house.database.read() as tx:
        acts = set(await tx.scalars(select(AuditEntry.act).where(AuditEntry.thing == "request", AuditEntry.patient_id == DANA.patient_id)))
    assert acts == {Act.ASKED, Act.LOOKED, Act.CHANGED, Act.ANSWERED}
    assert "Answered what you asked the practice to do about your data" in (await dana.get(f"/my/{DANA.patient_id}/looks")).text


async def test_bad_28_only_administrators_and_the_patient_read_it(cast: Cast, house: House, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    one = f"{QUEUE}/{(await asked(dana, house)).id}"
    for member in (ALICE, SAM, MALLORY, DANA):
        other = await sign_in(member)
        for path in (QUEUE, one):
            answer = await other.get(path)
            assert answer.status_code == 403
            assert "old number" not in answer.text
        assert (await other.post(f"{one}/answer", data={"state": "done", "words": "x"})).status_code == 403
        assert (await other.post(f"{one}/step", data={"step": "take_up"})).status_code == 403
    olga = await sign_in(OLGA)
    assert (await olga.get(MINE)).status_code == 404
    assert (await olga.post(f"{MINE}/{one.rsplit('/', 1)[1]}/withdraw")).status_code == 404
    assert (await olga.get(f"{QUEUE}/{CLINIC}")).status_code == 404
    assert (await stored(house)).state == "asked"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": ""}, "choose what you ask for"),
        ({"kind": "money"}, "choose what you ask for"),
        ({"words": " "}, "what it is about"),
        ({"words": "x" * 5001}, "too long"),
    ],
)
async def test_what_cannot_be_sent_is_said_and_kept(cast: Cast, sign_in: SignIn, change: dict[str, str], sentence: str) -> None:
    answer = await (await sign_in(DANA)).post(MINE, data={**WORDS, **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "error-summary" in answer.text
    assert {**WORDS, **change}["words"][:25] in answer.text


async def test_it_is_taken_back_and_overdue_is_said(cast: Cast, house: House, clock: StillClock, sign_in: SignIn) -> None:
    request = await asked(await sign_in(DANA), house)
    clock.advance(40 * DAY_S)
    dana, olga = await sign_in(DANA), await sign_in(OLGA)
    assert "Overdue since" in (await olga.get(QUEUE)).text
    assert (await dana.post(f"{MINE}/{request.id}/withdraw")).status_code == 303
    assert "Overdue since" not in (await olga.get(QUEUE)).text
    assert "Taken back" in (await dana.get(MINE)).text
    assert await tellings(house) == 0


async def test_an_objection_to_news_is_done_as_it_is_asked(cast: Cast, house: House, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    assert (await dana.post(MINE, data={"kind": "news", "words": ""})).headers["location"].endswith("?asked")
    request = await stored(house)
    assert (request.kind, request.state) == ("objection", "done")
    assert "They are stopped." in (await dana.get(MINE)).text
    assert "There is nothing here." in (await (await sign_in(OLGA)).get(QUEUE)).text


@pytest.mark.parametrize("agreed", [False, True])
async def test_after_an_objection_nobody_signs_the_objector_up(cast: Cast, house: House, sign_in: SignIn, agreed: bool) -> None:
    dana, desk = await sign_in(DANA), desk_of(house)
    async with house.database.write() as tx:
        patient = await tx.get_one(Patient, DANA.patient_id)
        patient.email, patient.mobile = DANA.email, DANA.mobile
    if agreed:
        await dana.post(f"/my/{DANA.patient_id}/news", data={"email": "yes", "sms": "yes"})
    assert (await dana.post(MINE, data={"kind": "news", "words": ""})).status_code == 303
    by_visit = Choice(tuple(NEWS), tuple(NEWS), Via.VISIT, None, ENGLISH)
    async with house.database.write() as tx:
        patient = await tx.get_one(Patient, DANA.patient_id)
        assert [one.offered for one in await visit_switches(tx, desk, patient, ENGLISH)] == [False, False]
        await choose(tx, desk, patient, by_visit, house.clock.now())
    async with house.database.read() as tx:
        patient = await tx.get_one(Patient, DANA.patient_id)
        assert not await may_write(tx, desk, patient, Channel.EMAIL, DANA.email)


async def test_who_asks_and_asks_is_told_to_wait(cast: Cast, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    assert [(await dana.post(MINE, data=WORDS)).status_code for _ in range(11)] == [303] * 10 + [429]


async def test_requests_come_under_a_new_key(cast: Cast, house: House, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    await asked(dana, house)
    name = add_key(house.settings.data_dir)
    assert [done async for done, _ in rotate(house.database, house.keyring)] == [1]
    assert await keys_in_use(house.database) == {name: 1}
    assert "Please delete my old number." in (await dana.get(MINE)).text


class Box:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[tuple[Mail, str]] = []

    async def carry(self, letter: Mail, dedupe_key: str) -> Carried:
        self.mails.append((letter, dedupe_key))
        return Carried.SENT

    async def close(self) -> None:
        """Nothing is open."""


async def test_the_mail_says_only_that_there_is_news(cast: Cast, house: House, sign_in: SignIn) -> None:
    request = await asked(await sign_in(DANA), house)
    answer = {"state": "done", "words": "It is deleted."}
    await (await sign_in(OLGA)).post(f"{QUEUE}/{request.id}/answer", data=answer)
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
    box = Box()
    tell = request_handlers(house, Post(house.secrets, "http://testserver", read_languages(None)), {Channel.EMAIL: box})[TELL]
    await tell(request.id)
    await tell(CLINIC)
    ((mail, _key),) = box.mails
    assert mail.to == DANA.email
    assert "http://testserver/my/data" in mail.body
    assert "deleted" not in mail.body


@pytest.mark.row("P5")
async def test_whoever_asked_for_the_patient_is_told_too(meeting: Meeting, house: House, sign_in: SignIn) -> None:
    """Also where the record has no address of its own, as a child's has none."""
    await let_act(house, Reach.RIGHTS)
    await (await sign_in(DORA)).post(f"/my/{DANA.patient_id}/requests", data={"kind": "erasure", "words": "Please delete everything."})
    request = await stored(house)
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).email = None
        await tx.execute(delete(AccountEmail).where(AccountEmail.person_id == DANA.person_id))
        tx.add(AccountEmail(person_id=DORA.person_id, address=DORA.email, confirmed_at=MORNING))
    await (await sign_in(OLGA)).post(f"{QUEUE}/{request.id}/answer", data={"state": "done", "words": "It is done."})
    async with house.database.read() as tx:
        asked_for = set(await tx.scalars(select(Errand.kind).where(Errand.subject_id == request.id)))
    box = Box()
    handlers = request_handlers(house, Post(house.secrets, "http://testserver", read_languages(None)), {Channel.EMAIL: box})
    assert asked_for >= handlers.keys()
    for tell in handlers.values():
        await tell(request.id)
    ((mail, _key),) = box.mails
    assert mail.to == DORA.email
    assert f"http://testserver/my/{DANA.patient_id}/requests" in mail.body
    assert "delete" not in mail.body


@pytest.mark.row("P5")
async def test_everybody_reads_who_asked_for_the_patient(meeting: Meeting, house: House, sign_in: SignIn) -> None:
    await let_act(house, Reach.RIGHTS)
    dora = await sign_in(DORA)
    await dora.post(f"/my/{DANA.patient_id}/requests", data={"kind": "erasure", "words": "Please delete everything."})
    request, olga = await stored(house), await sign_in(OLGA)
    asker = f"{DORA.name}, for {DANA.name}, "
    for client, page in (
        (olga, f"/practice/requests/{request.id}"),
        (olga, f"/practice/requests/{request.id}/erasure"),
        (await sign_in(DANA), f"/my/{DANA.patient_id}/requests"),
    ):
        assert asker in (await client.get(page)).text, page
