"""A restricted record is in no page, figure and message of whoever works here: every address is asked, so that a new one cannot forget."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.acting import Reach
from server.access.model import Grant
from server.access.restrictions import Restriction
from server.booking.model import Appointment
from server.consultation import records
from server.consultation.events import Channel, News
from server.consultation.model import Consultation
from server.consultation.records import Feedback
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.core.ids import new_id
from server.messaging.composing import Post, compose
from server.messaging.model import Delivery
from server.patients.model import Patient
from server.ports import Carried, Letter
from server.privacy.request_rows import RightsRequest
from server.privacy.restriction_jobs import restriction_handlers
from server.privacy.restrictions import TELL_LIFTED
from server.web.i18n import read_languages
from tests.acting import DORA, let_act, representation
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, MALLORY, OLGA, SAM, Meeting, Staff
from tests.conftest import ORIGIN, SignIn, StillClock
from tests.http.booking import Booker, offer
from tests.http.routes import SAFE, Endpoint, endpoints

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]

MINE = f"/my/{DANA.patient_id}"
LIST = "/practice/restrictions"
NAMED = {"Dana", "Diaz"}
LEAVING = {"/sign-out", "/feed/{token}.ics"}  # what ends the login, or is another's


@pytest.fixture
async def told(meeting: Meeting, house: House, clock: StillClock, sign_in: SignIn) -> Meeting:
    """The meeting with its notes, dana's feedback, her address, and a permission for sam."""
    answer = await (await sign_in(ALICE)).post(f"/api/consultations/{meeting.consultation_id}/notes", json={})
    summary = next(note for note in answer.json()["notes"] if note["kind"] == "summary")
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
        tx.add(Feedback(participant_id=meeting.participant_id, felt=5, comment="From Dana.", given_at=clock.now()))
        tx.add(
            records.Testimonial(
                id=new_id(), participant_id=meeting.participant_id, professional_id=ALICE.professional_id, words="So says Dana.",
                state=records.TestimonialState.WAITING, given_at=clock.now(), decided_at=None, decided_by=None,
            )
        )  # fmt: skip
        let = {"practice_id": CLINIC, "author_id": ALICE.person_id, "person_id": SAM.person_id, "patient_id": DANA.patient_id}
        tx.add(Grant(id=new_id(), **let, reason="x", granted_at=clock.now(), expires_at=clock.now() + timedelta(days=1), withdrawn_at=None))
    return replace(meeting, note_id=UUID(summary["id"]))


async def asked(house: House, sign_in: SignIn, kind: str = "restriction") -> str:
    dana = await sign_in(DANA)
    await dana.post(f"{MINE}/requests", data={"kind": kind, "words": "Do not use it, please."})
    async with house.database.read() as tx:
        return str((await tx.scalars(select(RightsRequest.id).where(RightsRequest.kind == kind))).one())


async def restricted(house: House, sign_in: SignIn) -> Restriction:
    request_id, olga = await asked(house, sign_in), await sign_in(OLGA)
    answer = await olga.post(f"/practice/requests/{request_id}/restriction", data={"reason": "The patient asked for it."})
    assert answer.headers["location"] == f"{LIST}?done"
    async with house.database.read() as tx:
        return (await tx.scalars(select(Restriction))).one()


def readable(app: Starlette) -> list[Endpoint]:
    return [one for one in endpoints(app) if one.method in SAFE and one.path not in LEAVING and not one.path.startswith("/my")]


async def naming(app: Starlette, client: httpx2.AsyncClient, meeting: Meeting) -> set[str]:
    """Return the addresses whose answer names dana."""
    found = set()
    for endpoint in readable(app):
        answer = await client.get(endpoint.filled(meeting))
        if any(word in answer.text for word in NAMED):
            found.add(endpoint.path)
    return found


async def test_no_page_of_whoever_works_here_names_the_patient(app: Starlette, told: Meeting, house: House, sign_in: SignIn) -> None:
    staff: tuple[Staff, ...] = (ALICE, BOB, SAM)
    before = {member: await naming(app, await sign_in(member), told) for member in staff}
    assert {"/patients", "/patients/{patient_id:uuid}", "/api/today", "/week", "/feedback"} <= before[ALICE], "else the walk is blind"
    assert {"/patients", "/patients/{patient_id:uuid}"} <= before[SAM]
    await restricted(house, sign_in)
    for member in staff:
        assert await naming(app, await sign_in(member), told) == set(), member.username
    assert await naming(app, await sign_in(OLGA), told) == {LIST}


async def test_who_would_see_it_otherwise_is_told_why(told: Meeting, house: House, sign_in: SignIn) -> None:
    await restricted(house, sign_in)
    alice, charlie, dana = await sign_in(ALICE), await sign_in(CHARLIE), await sign_in(DANA)
    for path in (f"/patients/{DANA.patient_id}", f"/consultations/{told.consultation_id}/appointment"):
        answer = await alice.get(path)
        assert answer.status_code == 403, path
        assert "This record is restricted" in answer.text
        assert (await charlie.get(path)).status_code == 404
    known = {"patient_name": "Dana", "patient_id": str(DANA.patient_id), "mobile": DANA.mobile}
    booked = await alice.post("/api/consultations", json=known)
    assert (booked.status_code, booked.json()["error"]["code"]) == (403, "restricted")
    assert (await charlie.post("/api/consultations", json=known)).status_code == 404
    async with house.database.read() as tx:
        said = (await tx.scalars(select(records.Testimonial.id))).one()
    assert (await alice.post(f"/feedback/{said}/show")).status_code == 404
    own = await dana.get("/my/data")
    assert "Your record is restricted since" in own.text
    assert "The patient asked for it." in own.text
    assert (await dana.get(f"{MINE}/looks")).status_code == 200
    assert f"{MINE}/looks" in (await dana.get("/my")).text


async def test_the_patient_books_nothing_on_it_either(told: Meeting, house: House, clock: StillClock, sign_in: SignIn) -> None:
    await restricted(house, sign_in)
    async with house.database.write() as tx:
        service = await offer(tx, clock.now())
    dana = Booker(await sign_in(DANA), service, ALICE.professional_id)
    held = await dana.choose("2026-03-03T09:20Z")
    await dana.client.post(held, data={"name": DANA.name, "mobile": DANA.mobile, "email": DANA.email})
    answer = await dana.client.post(f"{held}/check")
    assert answer.status_code == 403
    assert "Your record at this practice is restricted" in answer.text


@pytest.mark.row("P5")
async def test_nobody_books_on_it_for_the_patient_and_whoever_acts_for_another_does(
    told: Meeting, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    """dora acts for dana, whose record is restricted; and dana, for all that, for her child."""
    await let_act(house, Reach.BOOK)
    await restricted(house, sign_in)
    dana, dora = await sign_in(DANA), await sign_in(DORA)
    await dana.post("/my/acting/child", data={"name": "Tim Diaz", "born_on": "2015-05-01", "agree": "yes"})
    child = (await representation(house)).patient_id
    async with house.database.write() as tx:
        service = await offer(tx, clock.now())
    for client, whom, time, status in ((dora, DANA.patient_id, "09:20", 403), (dana, child, "09:40", 303)):
        held = await Booker(client, service, ALICE.professional_id).choose(f"2026-03-03T{time}Z")
        await client.post(held, data={"whom": str(whom)})
        assert (await client.post(f"{held}/check")).status_code == status


async def test_what_lies_ahead_is_cancelled_and_only_that_is_told(told: Meeting, house: House, clock: StillClock, sign_in: SignIn) -> None:
    await restricted(house, sign_in)
    post = Post(house.secrets, ORIGIN, read_languages(None))
    async with house.database.read() as tx:
        assert (await tx.get_one(Consultation, told.consultation_id)).state == "cancelled"
        assert set(await tx.scalars(select(Appointment.state))) == {"cancelled"}
        letters = {}
        for news in (None, News.MOVED, News.CANCELLED):
            about = {"consultation_id": told.consultation_id, "link_id": told.visit_id, "channel": Channel.EMAIL, "news": news}
            delivery = Delivery(id=new_id(), practice_id=CLINIC, **about, status="queued", created_at=clock.now())
            letters[news] = await compose(tx, post, delivery, clock.now())
    assert [news for news, letter in letters.items() if letter] == [News.CANCELLED]


class Box:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        assert dedupe_key
        self.letters.append(letter)
        return Carried.SENT

    async def close(self) -> None:
        """Nothing is open."""


async def test_it_ends_with_a_reason_and_is_told_before(told: Meeting, house: House, clock: StillClock, sign_in: SignIn) -> None:
    restriction = await restricted(house, sign_in)
    olga, path = await sign_in(OLGA), f"{LIST}/{restriction.id}"
    assert path in (await olga.get(LIST)).text
    for data in ({"reason": "It is settled."}, {"when": "told", "reason": " "}, {"when": "told", "reason": "x" * 501}):
        refused = await olga.post(path, data=data)
        assert refused.status_code == 422
        assert "error-summary" in refused.text
        assert data["reason"] in refused.text
    assert (await olga.post(path, data={"when": "told", "reason": "It is settled."})).status_code == 303
    assert (await olga.post(path, data={"when": "told", "reason": "Again."})).status_code == 409
    box = Box()
    post = Post(house.secrets, ORIGIN, read_languages(None))
    await restriction_handlers(house, post, {Channel.EMAIL: box})[TELL_LIFTED](restriction.id)
    assert [letter.to for letter in box.letters] == [DANA.email]
    assert "9 March 2026" in box.letters[0].body
    assert "It is settled." in (await (await sign_in(DANA)).get("/my/data")).text
    assert (await (await sign_in(ALICE)).get(f"/patients/{DANA.patient_id}")).status_code == 403
    clock.advance(7 * 86400)
    assert (await (await sign_in(ALICE)).get(f"/patients/{DANA.patient_id}")).status_code == 200
    async with house.database.read() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).where(AuditEntry.thing == "restriction").order_by(AuditEntry.number)))
    assert acts == [Act.RESTRICTED, Act.LIFTED]


async def test_with_the_patients_yes_it_ends_at_once(told: Meeting, house: House, sign_in: SignIn) -> None:
    restriction = await restricted(house, sign_in)
    olga = await sign_in(OLGA)
    await olga.post(f"{LIST}/{restriction.id}", data={"when": "agreed", "reason": "She agreed by telephone."})
    assert (await (await sign_in(ALICE)).get(f"/patients/{DANA.patient_id}")).status_code == 200


async def test_bad_28_only_administrators_restrict(told: Meeting, house: House, sign_in: SignIn) -> None:
    request_id = await asked(house, sign_in, "objection")
    begin = f"/practice/requests/{request_id}/restriction"
    for member in (ALICE, SAM, MALLORY, DANA):
        other = await sign_in(member)
        assert (await other.get(begin)).status_code == 403
        assert (await other.post(begin, data={"reason": "x"})).status_code == 403
        assert (await other.get(LIST)).status_code == 403
    olga = await sign_in(OLGA)
    refused = await olga.post(begin, data={"reason": ""})
    assert refused.status_code == 422
    assert (await olga.post(begin, data={"reason": "While we look into it."})).status_code == 303
    again = await olga.post(begin, data={"reason": "Once more."})
    assert again.status_code == 409
    assert "restricted already" in again.text
    one = (await olga.get(LIST)).text.partition(f"{LIST}/")[2][:36]
    for member in (ALICE, MALLORY):
        other = await sign_in(member)
        assert (await other.get(f"{LIST}/{one}")).status_code == 403
        assert (await other.post(f"{LIST}/{one}", data={"when": "agreed", "reason": "x"})).status_code == 403
    erasure = await asked(house, sign_in, "erasure")
    assert (await olga.get(f"/practice/requests/{erasure}/restriction")).status_code == 404
