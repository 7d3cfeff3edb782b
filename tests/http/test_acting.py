"""Acting for somebody: giving it, taking it on, what each reach opens, both names on record, and the end of it."""

from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.acting import Basis, Reach
from server.access.representation import RepresentationWord
from server.booking.model import Service
from server.circulars.model import NewsConsent
from server.consultation import records
from server.consultation.model import Consultation, JoinLink, Participant
from server.core.audit import AuditEntry, first_broken
from server.core.house import House
from server.messaging.model import Delivery
from server.patients.acting_doors import see_own_acting
from server.patients.acting_words import ACTING
from server.patients.model import Patient
from server.patients.representing import end
from server.patients.wording import fingerprint
from server.web.i18n import ENGLISH
from tests.acting import DORA, ask, let_act, representation, seat_dora
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, SAM, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import VERSION, Booker, appointments, offer
from tests.http.releasing import Text, release
from tests.http.test_visit_after import ended
from tests.http.visiting import YES, step

pytestmark = [pytest.mark.anyio, pytest.mark.row("P5")]

HERS = f"/my/{DANA.patient_id}"
STAFF = f"/patients/{DANA.patient_id}/acting"
GIVEN = {"name": "Dora Dale", "email": "", "basis": "consent", "reach": "see", "until": "2027-03-02", "agree": "yes"}
ENTERED = {"name": "Dora Dale", "email": "", "basis": "parent", "reach": "see", "until": "2027-03-02", "evidence": "Birth certificate seen"}


@pytest.fixture
async def dora(house: House, meeting: Meeting, sign_in: SignIn) -> httpx2.AsyncClient:
    async with house.database.write() as tx:
        await seat_dora(tx, house)
    return await sign_in(DORA)


async def deeds(house: House) -> list[AuditEntry]:
    """Return what is on record as done for a patient, and prove the chain."""
    async with house.database.read() as tx:
        assert await first_broken(tx, CLINIC) is None
        acted = select(AuditEntry).where(AuditEntry.representation_id.is_not(None)).order_by(AuditEntry.number)
        return list(await tx.scalars(acted))


async def stop(house: House, one: UUID) -> None:
    async with house.database.write() as tx:
        await end(tx, await see_own_acting(tx, DANA.person_id, one), DANA.person_id, house.clock.now())


async def test_a_patient_lets_somebody_act_who_takes_it_on_once(house: House, dora: httpx2.AsyncClient, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    assert "Let somebody act for me" in (await dana.get("/my/acting/new")).text
    assert (await dana.post("/my/acting/new", data=GIVEN)).headers["location"] == "/my/acting?asked"
    page = (await dana.get("/my/acting")).text
    link = page.split('value="http')[1].split('"')[0].partition("//")[2].partition("/")[2]
    assert link not in (await (await sign_in(ALICE)).get(STAFF)).text, "the patient gives it, not the practice"
    asked = await dora.get(f"/{link}")
    assert DANA.name in asked.text
    assert (await dora.post(f"/{link}")).headers["location"] == "/my/acting?taken"
    assert (await dora.post(f"/{link}")).status_code == 404
    assert DANA.name in (await dora.get("/my")).text
    theirs = await dora.get(HERS)
    assert theirs.status_code == 200
    assert f"You act for {DANA.name}" in theirs.text
    async with house.database.read() as tx:
        words = list(await tx.scalars(select(RepresentationWord).order_by(RepresentationWord.said_at, RepresentationWord.said)))
    assert [word.said for word in words] == ["agreed", "taken"]
    assert words[0].wording_sha256 == fingerprint(ACTING[Reach.SEE], ENGLISH)


async def test_a_link_says_nothing_before_somebody_has_signed_in(app: Starlette, house: House, dora: httpx2.AsyncClient) -> None:
    _, token = await ask(house)
    async with browser_of(app) as anonymous:
        page = await anonymous.get(f"/acting/{token}")
        assert page.status_code == 200
        assert DANA.name not in page.text
        assert (await anonymous.post(f"/acting/{token}")).status_code == 200
    assert (await representation(house)).person_id is None


async def test_bad_39_a_link_runs_out_and_is_nothing_for_the_patient(
    house: House, dora: httpx2.AsyncClient, sign_in: SignIn, clock: StillClock
) -> None:
    _, token = await ask(house)
    assert (await (await sign_in(DANA)).post(f"/acting/{token}")).status_code == 422
    clock.advance(15 * 86400)
    assert (await (await sign_in(DORA)).post(f"/acting/{token}")).status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Please write the name"),
        ({"email": "nobody"}, "does not look right"),
        ({"basis": "parent"}, "by what right"),
        ({"reach": "all"}, "what they may do"),
        ({"until": "2026-03-01"}, "This day is over"),
        ({"until": "2027-03-04"}, "within one year"),
        ({"until": "2026-02-30"}, "the last day"),
        ({"agree": ""}, "that you agree"),
    ],
)
async def test_a_form_that_is_refused_keeps_what_was_typed(
    dora: httpx2.AsyncClient, sign_in: SignIn, change: dict[str, str], sentence: str
) -> None:
    answer = await (await sign_in(DANA)).post("/my/acting/new", data={**GIVEN, "name": "Dora the Dale", **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "name" in change or "Dora the Dale" in answer.text


@pytest.mark.parametrize("reach", list(Reach))
async def test_bad_39_each_reach_opens_its_own_pages(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, reach: Reach, app: Starlette
) -> None:
    await let_act(house, reach)
    opened = {
        path for path in ("", "/background", "/files", "/documents", "/looks", "/requests") if (await dora.get(HERS + path)).is_success
    }
    sees = {"/background", "/files", "/documents", "/looks"} if reach.includes(Reach.SEE) else set()
    assert opened == {"", *sees} | ({"/requests"} if reach is Reach.RIGHTS else set())
    for path in ("/background/contact", "/background/particulars"):
        assert (await dora.post(HERS + path, data={"email": "dora@example.org"})).status_code == 404, path
    decided = await dora.post(f"{HERS}/sharing", data={"agree": "no"})
    assert decided.status_code == (303 if reach is Reach.RIGHTS else 404)


async def test_summaries_are_read_by_whoever_may_see(house: House, dora: httpx2.AsyncClient, meeting: Meeting, sign_in: SignIn) -> None:
    await release(house, meeting, Text("Walk every day"))
    one = await let_act(house, Reach.BOOK)
    assert "Walk every day" not in (await dora.get(HERS)).text
    await stop(house, one)
    await let_act(house, Reach.SEE)
    assert "Walk every day" in (await dora.get(HERS)).text


async def test_everything_is_kept_with_both_names_and_the_patient_reads_it(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, sign_in: SignIn
) -> None:
    one = await let_act(house)
    assert (await dora.get(HERS)).status_code == 200
    assert (await dora.post(f"{HERS}/sharing", data={"agree": "no"})).headers["location"] == f"{HERS}?withdrawn"
    assert (await dora.post(f"{HERS}/requests", data={"kind": "access", "words": "All of it"})).status_code == 303
    found = [(entry.act, entry.thing, entry.person_id, entry.representation_id) for entry in await deeds(house)]
    expected = [("looked", "record"), ("withdrew", "sharing"), ("asked", "request")]
    assert found == [(act, thing, DORA.person_id, one) for act, thing in expected]
    looks = (await (await sign_in(DANA)).get(f"{HERS}/looks")).text
    assert looks.count(f"{DORA.name}, for {DANA.name}") == 3


async def test_bad_39_it_ends_at_once_by_either_and_is_not_there_for_others(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, sign_in: SignIn
) -> None:
    one = await let_act(house)
    assert (await (await sign_in(BOB)).post(f"/my/acting/{one}/end")).status_code == 404
    assert (await (await sign_in(DANA)).post(f"/my/acting/{one}/end")).headers["location"] == "/my/acting?ended"
    assert (await dora.get(HERS)).status_code == 404
    again = await let_act(house)
    assert (await dora.get(HERS)).status_code == 200
    assert (await dora.post(f"/my/acting/{again}/end")).status_code == 303
    assert (await dora.get(HERS)).status_code == 404


async def visit_of(client: httpx2.AsyncClient, meeting: Meeting) -> str:
    """Open the consultation from the account, with its cookie; returns where its pages are."""
    answer = await client.get(f"{HERS}/consultations/{meeting.consultation_id}")
    assert answer.status_code == 303, answer.text
    base: str = answer.headers["location"]
    client.cookies.set("visit", answer.cookies["visit"])
    return base


@pytest.mark.parametrize("reach", list(Reach))
async def test_bad_39_news_are_decided_on_by_whoever_may_decide(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, reach: Reach
) -> None:
    await let_act(house, reach)
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
    page = f"{await visit_of(dora, meeting)}/news"
    found = [(await dora.get(page)).status_code, (await dora.post(page, data={"email": "yes"})).status_code]
    assert found == ([200, 303] if reach is Reach.RIGHTS else [404, 404])
    async with house.database.read() as tx:
        given_by = list(await tx.scalars(select(NewsConsent.given_by)))
    assert given_by == ([DORA.person_id] if reach is Reach.RIGHTS else [])


async def test_bad_39_nobody_publishes_words_in_the_name_of_the_patient(house: House, dora: httpx2.AsyncClient, meeting: Meeting) -> None:
    await let_act(house, Reach.RIGHTS)
    base = await visit_of(dora, meeting)
    await ended(house, meeting)
    await step(dora, f"{base}/feedback", felt="5", comment="")
    assert "/testimonial" not in (await dora.get(f"{base}/after")).text
    assert (await dora.post(f"{base}/testimonial", data={"words": "Very good", "agree": "yes"})).headers["location"] == f"{base}/after"
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(records.Testimonial.id))) == []


@pytest.mark.row("V1")
async def test_somebody_joins_for_the_patient_by_their_own_name(
    app: Starlette, house: House, dora: httpx2.AsyncClient, meeting: Meeting
) -> None:
    await let_act(house, Reach.BOOK)
    base = await visit_of(dora, meeting)
    assert base != f"/v/{meeting.visit_id}"
    assert f"You act for {DANA.name}" in (await dora.get(f"{base}/who")).text
    assert (await dora.post(f"{base}/who", data={"name": "Somebody else"})).status_code == 303
    assert (await dora.post(f"{base}/consent", data=YES)).status_code == 303
    assert (await dora.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 200
    async with house.database.read() as tx:
        assert (await tx.get_one(Participant, meeting.participant_id)).name == f"{DORA.name}, for {DANA.name}"
    assert [entry.act for entry in await deeds(house)] == ["looked", "agreed", "joined"]
    async with browser_of(app, {"visit": meeting.token}) as dana:
        assert (await dana.post(f"/v/{meeting.visit_id}/tickets", json={"purpose": "room"})).status_code == 409, "her own yes is missing"
        assert (await dana.post(f"/v/{meeting.visit_id}/consent", data=YES)).status_code == 303
        assert (await dana.post(f"/v/{meeting.visit_id}/tickets", json={"purpose": "room"})).status_code == 200
    async with house.database.read() as tx:
        assert (await tx.get_one(Participant, meeting.participant_id)).name == DANA.name


async def test_bad_39_the_link_dies_with_the_right_and_makes_no_account(house: House, dora: httpx2.AsyncClient, meeting: Meeting) -> None:
    one = await let_act(house, Reach.BOOK)
    base = await visit_of(dora, meeting)
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).admit(house.clock.now())
        (await tx.get_one(Patient, DANA.patient_id)).person_id = None
    page = await dora.post(f"{base}/account", data={"username": "dora2", "password": "dora likes long walks"})
    assert page.headers["location"] == f"{base}/account"
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).person_id = DANA.person_id
    await stop(house, one)
    assert (await dora.get(base)).status_code == 404
    async with house.database.read() as tx:
        links = list(await tx.scalars(select(JoinLink).where(JoinLink.representation_id == one)))
    assert [link.revoked_at is None for link in links] == [False]


@pytest.fixture
async def service(house: House, meeting: Meeting, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now())


@pytest.mark.row("B1")
async def test_somebody_books_for_the_patient(house: House, dora: httpx2.AsyncClient, service: Service) -> None:
    """The appointment stands in the patient's record, whose addresses stay, and opens by the link of whoever acts."""
    await let_act(house, Reach.BOOK)
    booker = Booker(dora, service, ALICE.professional_id)
    held = await booker.choose("2026-03-03T09:20Z")
    assert "For whom?" in (await dora.get(held)).text
    assert (await dora.post(held, data={"whom": str(DANA.patient_id)})).headers["location"] == f"{held}/check"
    check = (await dora.get(f"{held}/check")).text
    assert f"You act for {DANA.name}" in check
    booked = await dora.post(f"{held}/check")
    assert booked.status_code == 303
    made = next(one for one in await appointments(house) if one.service_id == service.id)
    assert (made.patient_id, made.booked_by) == (DANA.patient_id, DORA.person_id)
    async with house.database.read() as tx:
        consultation = (await tx.scalars(select(Consultation).where(Consultation.appointment_id == made.id))).one()
        links = select(JoinLink.id).where(JoinLink.consultation_id == consultation.id, JoinLink.representation_id.is_not(None))
        assert booked.headers["location"] == f"/v/{(await tx.scalars(links)).one()}/appointment?booked"
    assert [(entry.act, entry.thing) for entry in await deeds(house)] == [("added", "appointment"), ("looked", "consultation")]


async def test_bad_39_whoever_lost_the_right_while_booking_books_nothing_of_the_record(
    house: House, dora: httpx2.AsyncClient, service: Service
) -> None:
    one = await let_act(house, Reach.BOOK)
    held = await Booker(dora, service, ALICE.professional_id).choose("2026-03-03T09:20Z")
    await dora.post(held, data={"whom": str(DANA.patient_id)})
    await stop(house, one)
    assert (await dora.post(f"{held}/check")).headers["location"] == held
    assert (await dora.post(held, data={"whom": str(DANA.patient_id)})).status_code == 422


async def test_the_hold_of_whoever_acted_leads_to_no_link_of_the_patient(house: House, dora: httpx2.AsyncClient, service: Service) -> None:
    one = await let_act(house, Reach.BOOK)
    held = await Booker(dora, service, ALICE.professional_id).choose("2026-03-03T09:20Z")
    await dora.post(held, data={"whom": str(DANA.patient_id)})
    assert (await dora.post(f"{held}/check")).status_code == 303
    await stop(house, one)
    assert (await dora.get(held)).status_code == 404


async def test_the_practice_writes_it_down_on_evidence_and_ends_it(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, sign_in: SignIn
) -> None:
    alice = await sign_in(ALICE)
    assert (await alice.post(STAFF, data={**ENTERED, "evidence": ""})).status_code == 422
    assert (await alice.post(STAFF, data=ENTERED)).headers["location"] == f"{STAFF}?asked"
    page = (await alice.get(STAFF)).text
    link = page.split("http://testserver/acting/")[1].split('"')[0]
    assert (await dora.post(f"/acting/{link}")).status_code == 303
    assert (await dora.get(HERS)).status_code == 200
    assert DORA.name in (await alice.get(f"/patients/{DANA.patient_id}")).text
    assert "Accepted by Dr Alice Ahmed: Birth certificate seen" in (await alice.get(STAFF)).text
    assert "Dora Dale acts for the patient: Parental responsibility" in (await alice.get(f"/desk/{meeting.consultation_id}")).text
    one = await representation(house)
    assert one.basis == Basis.PARENT
    assert (await (await sign_in(CHARLIE)).post(f"{STAFF}/{one.id}/end")).status_code == 404
    assert (await alice.post(f"{STAFF}/{one.id}/end")).status_code == 303
    assert (await dora.get(HERS)).status_code == 404


async def test_at_a_birthday_it_sleeps_until_the_practice_has_looked(
    house: House, dora: httpx2.AsyncClient, meeting: Meeting, sign_in: SignIn, clock: StillClock
) -> None:
    """dana turns out to be fifteen: from her sixteenth birthday on nothing opens, until dr_alice renews it."""
    one = await let_act(house, Reach.SEE)
    dana, alice = await sign_in(DANA), await sign_in(ALICE)
    assert (await dana.post(f"{HERS}/background/particulars", data={"born_on": "2010-03-04", "seen": ""})).status_code == 303
    assert (await dora.get(HERS)).status_code == 200
    clock.advance(2 * 86400)
    dora, alice = await sign_in(DORA), await sign_in(ALICE)
    assert (await dora.get(HERS)).status_code == 404
    assert "This rests" in (await dora.get("/my/acting")).text
    renewed = {"reach": "see", "until": "2026-12-31", "evidence": "Dana was asked alone, and agrees"}
    assert (await alice.post(f"{STAFF}/{one}/renew", data=renewed)).headers["location"] == f"{STAFF}?renewed"
    assert (await dora.get(HERS)).status_code == 200
    assert (await representation(house)).sleeps_at is not None, "until the eighteenth"


async def test_an_assistant_reads_who_acts_and_writes_nothing(meeting: Meeting, sign_in: SignIn) -> None:
    assert (await (await sign_in(SAM)).post(STAFF, data=ENTERED)).status_code == 404


TIM = {"name": "Tim Diaz", "born_on": "2015-05-01", "agree": "yes"}


async def test_a_parent_registers_a_child_and_only_books_until_the_practice_accepts(
    house: House, dora: httpx2.AsyncClient, service: Service, sign_in: SignIn
) -> None:
    dana, alice = await sign_in(DANA), await sign_in(ALICE)
    assert (await dana.post("/my/acting/child", data=TIM)).headers["location"] == "/my/acting?child"
    one = await representation(house)
    theirs = f"/my/{one.patient_id}"
    assert (one.person_id, one.basis, one.reach) == (DANA.person_id, Basis.PARENT, Reach.BOOK)
    assert one.sleeps_at is not None
    assert "You act for Tim Diaz" in (await dana.get(theirs)).text
    assert (await dana.get(f"{theirs}/background")).status_code == 404
    held = await Booker(dana, service, ALICE.professional_id).choose("2026-03-03T09:20Z")
    await dana.post(held, data={"whom": str(one.patient_id)})
    assert (await dana.post(f"{held}/check")).status_code == 303
    practice = f"/patients/{one.patient_id}/acting"
    assert "Not accepted yet" in (await alice.get(practice)).text
    accepted = {"reach": "see", "until": "2026-12-31", "evidence": "Birth certificate seen"}
    assert (await alice.post(f"{practice}/{one.id}/renew", data=accepted)).status_code == 303
    assert (await dana.get(f"{theirs}/background")).status_code == 200


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "your child&#39;s name"),
        ({"born_on": ""}, "the date of birth"),
        ({"born_on": "2026-03-03"}, "the date of birth"),
        ({"born_on": "2010-03-02"}, "Whoever is sixteen"),
        ({"agree": ""}, "parental responsibility"),
    ],
)
async def test_a_child_that_is_refused_keeps_what_was_typed(
    meeting: Meeting, sign_in: SignIn, change: dict[str, str], sentence: str
) -> None:
    answer = await (await sign_in(DANA)).post("/my/acting/child", data={**TIM, "name": "Timothy", **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "name" in change or "Timothy" in answer.text


async def test_whoever_acts_moves_it_and_messages_go_to_the_patient_only(house: House, dora: httpx2.AsyncClient, service: Service) -> None:
    """The link of whoever acts is sent to nobody: with it somebody else would come in their name."""
    await let_act(house, Reach.BOOK)
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
    held = await Booker(dora, service, ALICE.professional_id).choose("2026-03-04T09:20Z")
    await dora.post(held, data={"whom": str(DANA.patient_id)})
    booked = await dora.post(f"{held}/check")
    base = booked.headers["location"].partition("/appointment")[0]
    dora.cookies.set("visit", booked.cookies["visit"])
    assert DANA.email not in (await dora.get(f"{base}/appointment?booked")).text
    moved = await dora.post(
        f"{base}/move", data={"time": "2026-03-05T09:20Z", "version": VERSION.findall((await dora.get(f"{base}/move")).text)[0]}
    )
    assert moved.headers["location"] == f"{base}/appointment?moved"
    assert ("changed", "appointment") in [(entry.act, entry.thing) for entry in await deeds(house)]
    async with house.database.read() as tx:
        told = list(await tx.scalars(select(JoinLink).join(Delivery, Delivery.link_id == JoinLink.id)))
    assert told
    assert all(link.representation_id is None for link in told)
