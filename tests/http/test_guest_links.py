"""A guest's link once more: shown, written to them again, also to another address; and colleagues who want to be written to."""

from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.model import Consultation, Outcome, Participant
from server.consultation.records import Invitation
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.identity.model import Person
from server.messaging.model import Delivery
from tests.cast import ALICE, BOB, CHARLIE, DANA, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.guests import IMRAN_MOBILE, add_guest

pytestmark = [pytest.mark.anyio, pytest.mark.row("V9")]

MAIL = "imran@example.org"
BOBS = {"mobile": "+44 7700 900077", "email": "bob@example.org"}


@pytest.fixture
async def guest(house: House, meeting: Meeting, clock: StillClock) -> Meeting:
    return await add_guest(house, meeting, clock.now(), mobile=IMRAN_MOBILE)


def link_of(guest: Meeting) -> str:
    return f"/api/consultations/{guest.consultation_id}/guests/{guest.participant_id}/link"


async def letters(house: House, link_id: UUID | None) -> list[str]:
    async with house.database.read() as tx:
        found = await tx.scalars(select(Delivery).where(Delivery.link_id == link_id).order_by(Delivery.created_at))
        return [delivery.channel for delivery in found]


async def test_the_link_is_shown_again_as_it_was_made(sign_in: SignIn, guest: Meeting, app: Starlette) -> None:
    answer = await (await sign_in(BOB)).get(link_of(guest))
    shown = answer.json()
    assert shown["link"].endswith(guest.join_path)
    assert shown["qr_svg"].startswith("<svg")
    assert (shown["mobile"], shown["email"]) == (IMRAN_MOBILE, None)
    assert answer.headers["cache-control"] == "no-store"
    assert (await (await sign_in(CHARLIE)).get(link_of(guest))).status_code == 404
    assert (await browser_of(app).get(link_of(guest))).status_code == 401


async def test_it_is_sent_again_by_the_same_way_or_another_one(sign_in: SignIn, house: House, guest: Meeting) -> None:
    bob = await sign_in(BOB)
    assert (await bob.post(link_of(guest) + "/send", json={"channel": "sms"})).status_code == 204
    unknown = await bob.post(link_of(guest) + "/send", json={"channel": "email"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (422, "no_address")
    assert (await bob.post(link_of(guest) + "/send", json={"channel": "email", "email": MAIL})).status_code == 204
    assert await letters(house, guest.visit_id) == ["sms", "sms", "email"]
    async with house.database.read() as tx:
        invitation = await tx.get_one(Invitation, guest.participant_id)
        assert (invitation.mobile, invitation.email, invitation.person_id) == (IMRAN_MOBILE, MAIL, ALICE.person_id)
        again = list(await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.RESENT)))
        assert [(entry.person_id, entry.patient_id, entry.reason) for entry in again] == [
            (BOB.person_id, DANA.patient_id, "interpreter")
        ] * 2
        assert MAIL not in repr([vars(entry) for entry in again])
    assert MAIL in (await bob.get("/outbox")).text


async def test_what_is_refused_leaves_nothing_behind(sign_in: SignIn, house: House, guest: Meeting, clock: StillClock) -> None:
    alice = await sign_in(ALICE)
    for body in ({"channel": "letter"}, {"channel": "email", "email": "nobody"}, {"channel": "sms", "to": "+44 1"}, {}):
        assert (await alice.post(link_of(guest) + "/send", json=body)).status_code == 422
    patients = link_of(guest).replace(str(guest.participant_id), str((await place_of_dana(house)).id))
    assert (await alice.get(patients)).status_code == 404
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, guest.consultation_id)).end(clock.now(), Outcome.ABSENT, None)
    for answer in (await alice.get(link_of(guest)), await alice.post(link_of(guest) + "/send", json={"channel": "sms"})):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ended")
    assert await letters(house, guest.visit_id) == ["sms"]


async def place_of_dana(house: House) -> Participant:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Participant).where(Participant.name == DANA.name))).one()


async def test_a_withdrawn_guest_is_sent_nothing(sign_in: SignIn, guest: Meeting) -> None:
    alice = await sign_in(ALICE)
    assert (await alice.delete(link_of(guest).removesuffix("/link"))).status_code == 204
    assert (await alice.get(link_of(guest))).status_code == 404
    assert (await alice.post(link_of(guest) + "/send", json={"channel": "sms"})).status_code == 404


async def test_sending_is_limited_for_guests_and_patients_alike(sign_in: SignIn, meeting: Meeting, guest: Meeting) -> None:
    alice, patients = await sign_in(ALICE), f"/api/consultations/{meeting.consultation_id}/link/send"
    answers = [(await alice.post(path, json={"channel": "sms"})).status_code for path in (link_of(guest) + "/send", patients) * 11]
    assert answers == [204] * 20 + [429] * 2


async def ask_bob(alice: httpx2.AsyncClient, meeting: Meeting) -> None:
    assert (await alice.post(f"/api/consultations/{meeting.consultation_id}/colleagues/{BOB.professional_id}", json={})).status_code == 204


async def test_a_colleague_is_written_to_where_they_want_it(sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    await ask_bob(alice, meeting)
    assert await letters(house, None) == []
    assert (await bob.post("/account/called", data=BOBS)).headers["location"] == "/account?done=called#called"
    assert BOBS["mobile"] in (await bob.get("/account")).text
    await ask_bob(alice, meeting)
    assert await letters(house, None) == ["sms", "email"]
    page = (await alice.get("/outbox")).text
    assert f"Text message to {BOB.full_name}" in page
    assert not any(address in page for address in BOBS.values())
    [body, _] = [part for part in page.split("<p") if f"/desk/{meeting.consultation_id}" in part and "Sign in" in part]
    assert f"{ALICE.full_name} asks you to join a video call on" in body
    assert not any(word in body for word in ("Dana", "Diaz", "consultation with", "patient"))
    async with house.database.write() as tx:
        place = (await tx.scalars(select(Participant).where(Participant.person_id == BOB.person_id))).one()
        place.sit(clock.now(), quiet=False)
    assert "Sign in to open it" not in (await alice.get("/outbox")).text


@pytest.mark.parametrize("wrong", [{"mobile": "ring me"}, {"email": "bob"}, {"email": "b@" + "x" * 260 + ".org"}])
async def test_what_is_no_address_is_not_kept(sign_in: SignIn, house: House, meeting: Meeting, wrong: dict[str, str]) -> None:
    bob = await sign_in(BOB)
    assert (await bob.post("/account/called", data=wrong)).status_code == 422
    await bob.post("/account/called", data=BOBS)
    await bob.post("/account/called", data={"mobile": " ", "email": ""})
    async with house.database.read() as tx:
        person = await tx.get_one(Person, BOB.person_id)
        assert (person.mobile, person.email) == (None, None)


async def test_only_who_gives_consultations_is_called(sign_in: SignIn, meeting: Meeting) -> None:
    dana = await sign_in(DANA)
    assert (await dana.post("/account/called", data=BOBS)).status_code == 403


async def test_asked_twice_it_says_when_it_was_asked_last(sign_in: SignIn, meeting: Meeting, clock: StillClock) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    seen = []
    for _ in range(2):
        await ask_bob(alice, meeting)
        seen.append((await bob.get("/api/today")).json()["rows"][0]["invited_at"])
        clock.advance(60)
    assert seen[0] < seen[1]
