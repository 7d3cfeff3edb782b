"""Guests and colleagues of a consultation: who may ask whom in, what a guest's link opens, and what it never opens."""

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.policy import may_see_consultation
from server.consultation.guests import MOST_GUESTS, colleagues_of
from server.consultation.model import Consultation, Outcome, Participant, Relation, Role, Stage
from server.consultation.records import Consent, Feedback, Invitation, Refusal
from server.core.audit import Act, AuditEntry
from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.guests import GUEST_YES, IMRAN, IMRAN_MOBILE, add_guest
from tests.http.visiting import YES, step

pytestmark = [pytest.mark.anyio, pytest.mark.row("V9")]

WHOSE = {"Dana", "Diaz"}


@pytest.fixture
async def guest(house: House, meeting: Meeting, clock: StillClock) -> Meeting:
    return await add_guest(house, meeting, clock.now())


@pytest.fixture
async def imran(app: Starlette, guest: Meeting) -> httpx2.AsyncClient:
    """The guest's browser, which has opened the link."""
    return browser_of(app, {"visit": guest.token})


async def place_of(house: House, guest: Meeting) -> Participant:
    async with house.database.read() as tx:
        return await tx.get_one(Participant, guest.participant_id)


async def test_an_invitation_answers_like_a_consultations_link(sign_in: SignIn, house: House, meeting: Meeting) -> None:
    alice = await sign_in(ALICE)
    body = {"name": IMRAN, "relation": "interpreter", "mobile": IMRAN_MOBILE, "email": "imran@example.org"}
    answer = await alice.post(f"/api/consultations/{meeting.consultation_id}/guests", json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == {"id", "link", "qr_svg", "sent"}
    assert made["sent"] == ["sms", "email"]
    assert made["qr_svg"].startswith("<svg")
    async with house.database.read() as tx:
        place = await tx.scalar(select(Participant).where(Participant.role == Role.GUEST))
        assert place is not None
        assert (str(place.id), place.name, place.relation, place.person_id) == (made["id"], IMRAN, Relation.INTERPRETER, None)
        entry = (await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.INVITED))).one()
        assert (entry.patient_id, entry.reason) == (DANA.patient_id, "interpreter")
        assert IMRAN not in repr(vars(entry))
    [row] = (await alice.get("/api/today")).json()["rows"]
    assert row["link"] == {"state": "ready"}


async def test_what_is_sent_names_neither_the_patient_nor_why(sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock) -> None:
    guest = await add_guest(house, meeting, clock.now(), mobile=IMRAN_MOBILE)
    page = (await (await sign_in(ALICE)).get("/outbox")).text
    body = next(part for part in page.split("<p") if guest.token in part)
    assert f"{ALICE.full_name} asks you to join a video call on" in body
    assert not any(word in body for word in WHOSE | {"interpreter", "consultation"})


@pytest.mark.parametrize("relation", ["", "friend", None, 3])
async def test_a_guest_comes_as_something(sign_in: SignIn, meeting: Meeting, relation: object) -> None:
    alice = await sign_in(ALICE)
    answer = await alice.post(f"/api/consultations/{meeting.consultation_id}/guests", json={"name": IMRAN, "relation": relation})
    assert answer.status_code == 422


async def test_there_are_six_guests_at_most_and_a_withdrawn_one_makes_room(
    sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock
) -> None:
    guests = [await add_guest(house, meeting, clock.now(), f"Guest {number}") for number in range(MOST_GUESTS)]
    alice, path = await sign_in(ALICE), f"/api/consultations/{meeting.consultation_id}/guests"
    body = {"name": IMRAN, "relation": "carer"}
    full = await alice.post(path, json=body)
    assert (full.status_code, full.json()["error"]["code"]) == (409, "guests_full")
    assert (await alice.delete(f"{path}/{guests[0].participant_id}")).status_code == 204
    assert (await alice.post(path, json=body)).status_code == 201


async def test_invitations_are_limited_in_time(sign_in: SignIn, meeting: Meeting) -> None:
    bob, path = await sign_in(BOB), f"/api/consultations/{meeting.consultation_id}/colleagues/{ALICE.professional_id}"
    answers = [(await bob.post(path, json={})).status_code for _ in range(21)]
    assert answers == [204] * 20 + [429]


async def test_nobody_is_asked_into_what_is_over(sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).end(clock.now(), Outcome.ABSENT, None)
    alice, one = await sign_in(ALICE), f"/api/consultations/{meeting.consultation_id}"
    for path, body in (("guests", {"name": IMRAN, "relation": "carer"}), (f"colleagues/{BOB.professional_id}", {})):
        answer = await alice.post(f"{one}/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ended")


async def test_only_a_guest_is_withdrawn_and_only_once(sign_in: SignIn, house: House, meeting: Meeting, guest: Meeting) -> None:
    alice, path = await sign_in(ALICE), f"/api/consultations/{meeting.consultation_id}/guests"
    assert (await alice.delete(f"{path}/{meeting.participant_id}")).status_code == 404
    assert [(await alice.delete(f"{path}/{guest.participant_id}")).status_code for _ in range(2)] == [204, 404]
    [row] = (await alice.get("/api/today")).json()["rows"]
    assert row["link"] == {"state": "ready"}
    async with house.database.read() as tx:
        assert [entry.act for entry in await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.UNINVITED))] == [Act.UNINVITED]


async def test_a_new_link_for_the_patient_leaves_the_guests_alone(
    sign_in: SignIn, meeting: Meeting, imran: httpx2.AsyncClient, guest: Meeting
) -> None:
    alice = await sign_in(ALICE)
    assert (await alice.post(f"/api/consultations/{meeting.consultation_id}/link", json={})).status_code == 200
    assert (await imran.get(f"/v/{guest.visit_id}")).status_code == 200


async def test_the_whole_way_of_a_guest_without_any_script(
    imran: httpx2.AsyncClient, house: House, guest: Meeting, meeting: Meeting, app: Starlette
) -> None:
    base = f"/v/{guest.visit_id}"
    opened = await browser_of(app).get(guest.join_path)
    assert (opened.status_code, opened.headers["location"]) == (303, base)
    welcome = (await imran.get(base)).text
    assert f"{ALICE.full_name} asks you to join a video call" in welcome
    assert await step(imran, base) == f"{base}/who"
    assert IMRAN in (await imran.get(f"{base}/who")).text
    assert await step(imran, f"{base}/who", name="Imran I.", companion="Somebody") == f"{base}/consent"
    refused = await imran.post(f"{base}/consent", data=YES)
    assert refused.status_code == 422
    assert await step(imran, f"{base}/consent", **GUEST_YES) == f"{base}/camera"
    for name, result, then in (("camera", "works", "microphone"), ("microphone", "works", "speaker"), ("speaker", "heard", "network")):
        assert await step(imran, f"{base}/check", step=name, result=result) == f"{base}/{then}"
    assert await step(imran, f"{base}/check", step="network", result="good") == f"{base}/room"
    assert str(guest.participant_id) in (await imran.get(f"{base}/room")).text
    place = await place_of(house, guest)
    assert (place.name, place.companion, place.stage) == ("Imran I.", None, Stage.CHECKING)
    async with house.database.read() as tx:
        given = list(await tx.scalars(select(Consent).where(Consent.participant_id == guest.participant_id)))
        assert {consent.purpose for consent in given} == GUEST_YES.keys()
        assert (await tx.get_one(Participant, meeting.participant_id)).stage == Stage.NOT_ARRIVED


async def test_no_page_of_a_guest_says_whose_call_it_is(imran: httpx2.AsyncClient, guest: Meeting) -> None:
    base = f"/v/{guest.visit_id}"
    assert await step(imran, f"{base}/consent", **GUEST_YES)
    for path in ("", "/who", "/consent", "/camera", "/microphone", "/speaker", "/network", "/room", "/after", "/calendar.ics"):
        answer = await imran.get(base + path)
        assert answer.status_code == 200, path
        assert not any(word in answer.text for word in WHOSE), path
        assert "account" not in answer.text.partition("<main")[2], path
    assert "consultation" not in (await imran.get(base)).text.partition("<main")[2].lower()


async def test_a_guest_makes_no_account_and_judges_no_care(
    imran: httpx2.AsyncClient, house: House, guest: Meeting, clock: StillClock
) -> None:
    base = f"/v/{guest.visit_id}"
    async with house.database.write() as tx:
        (await tx.get_one(Participant, guest.participant_id)).admit(clock.now())
        (await tx.get_one(Consultation, guest.consultation_id)).end(clock.now(), Outcome.UNSUITABLE, "Fever")
    account = {"username": "imran", "password": "imran likes long walks"}
    for method, data in (("GET", None), ("POST", account), ("POST", account | {"joins": "yes"})):
        answer = await imran.request(method, f"{base}/account", data=data)
        assert (answer.status_code, answer.headers.get("location")) == (303, base)
    after = (await imran.get(f"{base}/after")).text
    assert "The call has ended" in after
    assert "feedback" not in after
    assert "another way" not in after
    assert await step(imran, f"{base}/feedback", felt="5") == f"{base}/after"
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Feedback))) == []


async def test_a_guest_who_does_not_agree_stays_out_and_is_told_kindly(imran: httpx2.AsyncClient, house: House, guest: Meeting) -> None:
    base = f"/v/{guest.visit_id}"
    assert await step(imran, f"{base}/declined") == f"{base}/declined"
    assert "You do not have to join." in (await imran.get(f"{base}/declined")).text
    assert (await imran.get(f"{base}/room")).status_code == 303
    async with house.database.read() as tx:
        refusal = (await tx.scalars(select(Refusal))).one()
        assert refusal.wordings == ", ".join(f"{purpose} 1" for purpose in GUEST_YES)


async def test_a_link_that_was_withdrawn_says_so(imran: httpx2.AsyncClient, sign_in: SignIn, guest: Meeting) -> None:
    base = f"/v/{guest.visit_id}"
    assert await step(imran, f"{base}/consent", **GUEST_YES)
    alice = await sign_in(ALICE)
    assert (await alice.delete(f"/api/consultations/{guest.consultation_id}/guests/{guest.participant_id}")).status_code == 204
    answer = await imran.get(base)
    assert answer.status_code == 410
    assert "has taken the invitation back" in answer.text
    for path in ("/who", "/room", "/after", "/camera"):
        led = await imran.get(base + path)
        assert (led.status_code, led.headers["location"]) == (303, base), path
    assert (await imran.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409


async def test_a_link_that_has_expired_says_so(imran: httpx2.AsyncClient, guest: Meeting, clock: StillClock) -> None:
    clock.advance(3 * 86400)
    answer = await imran.get(f"/v/{guest.visit_id}")
    assert answer.status_code == 410
    assert "It was for a video call on" in answer.text


async def test_a_guest_does_not_come_back_after_the_end(imran: httpx2.AsyncClient, house: House, guest: Meeting, clock: StillClock) -> None:
    """Though a patient may, for ten minutes."""
    base = f"/v/{guest.visit_id}"
    assert await step(imran, f"{base}/consent", **GUEST_YES)
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, guest.consultation_id)).end(clock.now(), Outcome.COMPLETED, None)
    assert (await imran.get(f"{base}/room")).headers["location"] == f"{base}/after"
    assert (await imran.post(f"{base}/tickets", json={"purpose": "room"})).status_code == 409


async def test_a_guests_cookie_opens_this_visit_and_nothing_else(app: Starlette, guest: Meeting, meeting: Meeting) -> None:
    async with browser_of(app, {"visit": guest.token, "sid": guest.token}) as imran:
        assert (await imran.get(f"/v/{meeting.visit_id}")).status_code == 404
        for path in ("", "/guests", "/colleagues", "/notes", "/link"):
            assert (await imran.get(f"/api/consultations/{meeting.consultation_id}{path}")).status_code in {401, 405}, path
    async with browser_of(app, {"visit": meeting.token}) as dana:
        assert (await dana.get(f"/v/{guest.visit_id}")).status_code == 404


async def test_colleagues_are_those_who_may_open_it(sign_in: SignIn, meeting: Meeting) -> None:
    one = f"/api/consultations/{meeting.consultation_id}/colleagues"
    alice = await sign_in(ALICE)
    assert (await alice.get(one)).json() == {"colleagues": [{"id": str(BOB.professional_id), "name": BOB.full_name, "invited": False}]}
    for stranger in (CHARLIE, MALLORY, ALICE):
        assert (await alice.post(f"{one}/{stranger.professional_id}", json={})).status_code == 404
    assert (await alice.post(f"{one}/{BOB.professional_id}", json={})).status_code == 204
    assert (await alice.get(one)).json()["colleagues"][0]["invited"] is True


@pytest.mark.parametrize("owner", [ALICE, CHARLIE], ids=lambda staff: staff.username)
async def test_the_list_of_colleagues_is_the_policys(house: House, meeting: Meeting, clock: StillClock, owner: Staff) -> None:
    async with house.database.write() as tx:
        other = await add_meeting(tx, house.secrets, clock.now(), owner=owner, team_id=None if owner is ALICE else owner.team_id)
        consultation = await tx.get_one(Consultation, other.consultation_id)
        found = {colleague.id for colleague in await colleagues_of(tx, owner.viewer, other.consultation_id)}
    everybody = (ALICE, BOB, CHARLIE, MALLORY)
    assert found == {each.professional_id for each in everybody if each is not owner and may_see_consultation(each.viewer, consultation)}


async def test_a_colleague_who_is_asked_in_finds_it_on_today_until_they_come(
    sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock
) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)

    async def asked() -> object:
        return (await bob.get("/api/today")).json()["rows"][0]["invited_by"]

    assert await asked() is None
    await alice.post(f"/api/consultations/{meeting.consultation_id}/colleagues/{BOB.professional_id}", json={})
    assert await asked() == ALICE.full_name
    assert (await alice.get("/api/today")).json()["rows"][0]["invited_by"] is None
    async with house.database.write() as tx:
        place = (await tx.scalars(select(Participant).where(Participant.person_id == BOB.person_id))).one()
        assert await tx.get(Invitation, place.id) is not None
        place.sit(clock.now(), quiet=True)
    assert await asked() is None
