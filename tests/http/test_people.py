"""Invitations into a practice, the review of professionals, roles, and the end of a place."""

import re
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.access.actions import add_staff
from server.access.model import Grant, Membership, PlaceInvitation, Professional, Review, Staff, StaffRole
from server.booking.actions import hold
from server.booking.model import Appointment, AppointmentState
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.core.ids import new_id
from tests.booking import hours, service
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, MALLORY, OLGA, SAM, Cast, Meeting
from tests.cast import Staff as Member
from tests.conftest import SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

PEOPLE = "/practice/people"
PASSWORD = "river stones and rain"
DETAILS = {
    "title": "Dr", "name": "Nia Novak", "qualifications": "MB BS", "field_of_practice": "Dermatology",
    "body": "GMC", "registration": "765 4321",
}  # fmt: skip
ACCOUNT = {"username": "dr_nia", "password": PASSWORD}


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


async def invited(client: httpx2.AsyncClient, role: str, email: str = "") -> str:
    """Return the path of the newest invitation's link."""
    answer = await client.post(f"{PEOPLE}/invite", data={"role": role, "email": email})
    assert answer.status_code == 303, answer.text
    return links(await client.get(PEOPLE))[0]


def links(page: httpx2.Response) -> list[str]:
    return re.findall(r'value="http://testserver(/place/[\w-]{43})"', page.text)


async def only_invitation(house: House) -> PlaceInvitation:
    async with house.database.read() as tx:
        return (await tx.scalars(select(PlaceInvitation))).one()


async def decide(client: httpx2.AsyncClient, person: str, decided: str, words: str = "", seen: str | None = None) -> httpx2.Response:
    """Review what the page shows now, or what it showed when `seen` was read off it."""
    form = {"decided": decided, "words": words, "seen": await seen_at(client, person) if seen is None else seen}
    return await client.post(f"{person}/review", data=form)


async def seen_at(client: httpx2.AsyncClient, person: str) -> str:
    return (await client.get(person)).text.partition('name="seen" value="')[2].partition('"')[0]


async def professional(house: House, name: str) -> Professional:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Professional).where(Professional.name == name))).one()


async def own(house: House, member: Member) -> None:
    """Let a member of the cast own the clinic."""
    async with house.database.write() as tx:
        add_staff(tx, CLINIC, member.person_id, StaffRole.OWNER, house.clock.now())


@pytest.mark.row("P2")
async def test_a_professional_takes_a_place_and_is_reviewed(app: Starlette, olga: httpx2.AsyncClient, house: House) -> None:
    path = await invited(olga, "professional")
    assert path.removeprefix("/place/").encode() not in (await only_invitation(house)).token_hash
    async with browser_of(app) as nia:
        assert "Harbour Clinic" in (await nia.get(path)).text
        assert (await nia.post(path, data={**DETAILS, **ACCOUNT})).headers["location"] == "/"
        assert (await nia.get("/today")).status_code == 200
        assert "not reviewed this yet" in (await nia.get("/account/registration")).text
        assert (await nia.get(path)).status_code == 404
        row = await professional(house, "Nia Novak")
        assert (row.review, row.registration) == (Review.PENDING, "7654321")
        assert "Nia Novak" in (await olga.get(PEOPLE)).text
        person = f"{PEOPLE}/{row.person_id}"
        assert "Please write why" in (await decide(olga, person, "returned")).text
        await decide(olga, person, "returned", "The number is another's.")
        assert "The number is another&#39;s." in (await nia.get("/account/registration")).text
        assert "does not look like a number" in (await nia.post("/account/registration", data={**DETAILS, "registration": "12"})).text
        await nia.post("/account/registration", data={**DETAILS, "registration": "7654322"})
        assert (await decide(olga, person, "approved")).status_code == 303
        assert (await decide(olga, person, "approved")).status_code == 409
        assert (await professional(house, "Nia Novak")).review == Review.APPROVED
        assert "You are approved" in (await nia.get("/account/registration")).text
    async with house.database.read() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))
    assert acts == [Act.INVITED, Act.JOINED, Act.REVIEWED, Act.CHANGED, Act.REVIEWED]


async def test_an_invitation_is_bounded_renewed_and_taken_back(
    app: Starlette, olga: httpx2.AsyncClient, house: House, clock: StillClock
) -> None:
    first = await invited(olga, "assistant", "x@example.org")
    invitation = await only_invitation(house)
    await olga.post(f"/practice/invitations/{invitation.id}/again")
    second = links(await olga.get(PEOPLE))[0]
    async with browser_of(app) as stranger:
        assert (await stranger.get(first)).status_code == 404
        assert (await stranger.get(second)).status_code == 200
        clock.advance(8 * 24 * 3600)
        assert (await stranger.get(second)).status_code == 404
    olga = browser_of(app, {"sid": await _fresh(house, OLGA)})
    assert "Expired" in (await olga.get(PEOPLE)).text
    assert (await olga.post(f"/practice/invitations/{invitation.id}/revoke")).status_code == 303
    assert "Nobody is invited" in (await olga.get(PEOPLE)).text
    assert (await olga.post(f"/practice/invitations/{invitation.id}/again")).status_code == 409
    await olga.aclose()


async def _fresh(house: House, member: Member) -> str:
    from tests.cast import sign_in_as

    return await sign_in_as(house, member)


async def test_an_account_that_is_there_takes_a_place_once(olga: httpx2.AsyncClient, house: House, sign_in: SignIn) -> None:
    path = await invited(olga, "assistant")
    for taken in (ALICE, SAM):
        answer = await (await sign_in(taken)).post(path, data={"x": "1"})
        assert (answer.status_code, "already" in answer.text) == (422, True), taken
    dana = await sign_in(DANA)
    assert "signed in as Dana Diaz" in (await dana.get(path)).text
    assert (await dana.post(path, data={"x": "1"})).status_code == 303
    assert (await dana.get("/patients")).status_code == 200
    assert (await dana.post(path, data={"x": "1"})).status_code == 404


async def test_what_is_wrong_is_said_beside_its_field(app: Starlette, olga: httpx2.AsyncClient) -> None:
    assert "no e-mail address" in (await olga.post(f"{PEOPLE}/invite", data={"role": "assistant", "email": "x"})).text
    assert "choose which place" in (await olga.post(f"{PEOPLE}/invite", data={"role": "king"})).text
    path = await invited(olga, "professional")
    async with browser_of(app) as nia:
        page = (await nia.post(path, data={"username": "dr_alice", "password": PASSWORD})).text
        assert page.count('aria-invalid="true"') == 6
        assert "This username is taken" in page
        assert PASSWORD not in page


async def test_an_administrator_makes_no_owner_and_sees_no_link_to_become_one(
    olga: httpx2.AsyncClient, house: House, sign_in: SignIn
) -> None:
    assert (await olga.post(f"{PEOPLE}/invite", data={"role": "owner"})).status_code == 403
    await own(house, ALICE)
    alice = await sign_in(ALICE)
    await invited(alice, "owner")
    assert links(await olga.get(PEOPLE)) == []
    invitation = await only_invitation(house)
    assert (await olga.post(f"/practice/invitations/{invitation.id}/again")).status_code == 403
    assert (await olga.post(f"{PEOPLE}/{OLGA.person_id}/role", data={"role": "owner"})).status_code == 403
    assert (await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})).status_code == 403


async def test_the_last_one_in_charge_cannot_go(olga: httpx2.AsyncClient, house: House, sign_in: SignIn) -> None:
    answer = await olga.post(f"{PEOPLE}/{OLGA.person_id}/end", data={"sure": "yes"})
    assert (answer.status_code, "Somebody must look after the practice" in answer.text) == (409, True)
    await own(house, ALICE)
    alice = await sign_in(ALICE)
    assert (await alice.post(f"{PEOPLE}/{ALICE.person_id}/role", data={"role": ""})).status_code == 409
    assert (await alice.post(f"{PEOPLE}/{OLGA.person_id}/role", data={"role": "owner"})).status_code == 303
    assert (await alice.post(f"{PEOPLE}/{ALICE.person_id}/role", data={"role": ""})).headers["location"] == "/"
    assert (await alice.get(PEOPLE)).status_code == 403
    assert (await olga.get(PEOPLE)).status_code == 200


@pytest.mark.row("N4")
async def test_the_end_of_a_place_takes_everything_at_once(
    olga: httpx2.AsyncClient, house: House, meeting: Meeting, sign_in: SignIn, clock: StillClock
) -> None:
    clock.advance(3600)
    now = house.clock.now()
    async with house.database.write() as tx:
        about = {"practice_id": CLINIC, "patient_id": DANA.patient_id, "reason": "Cover", "granted_at": now, "withdrawn_at": None}
        until = now.replace(year=now.year + 1)
        tx.add(Grant(id=new_id(), author_id=ALICE.person_id, person_id=SAM.person_id, expires_at=until, **about))
        tx.add(Grant(id=new_id(), author_id=BOB.person_id, person_id=ALICE.person_id, expires_at=until, **about))
    alice = await sign_in(ALICE)
    assert (await alice.get("/today")).status_code == 200
    page = (await olga.get(f"{PEOPLE}/{ALICE.person_id}")).text
    assert "Promised appointments" in page
    assert "Dana" not in page
    heard: list[str] = []
    for person in (ALICE, SAM):
        house.bus.subscribe(f"person:{person.person_id}", lambda name=person.username: heard.append(name))
    assert "Please tick" in (await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"present": OLGA.password})).text
    assert (await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})).status_code == 303
    assert set(heard) == {"dr_alice", "sam"}
    assert (await alice.get("/today")).status_code == 403
    assert (await alice.get(f"/api/consultations/{meeting.consultation_id}")).status_code in {403, 404, 405}
    async with house.database.read() as tx:
        assert [grant.withdrawn_at for grant in await tx.scalars(select(Grant))] == [now, now]
        places = select(Membership.ended_at).where(Membership.professional_id == ALICE.professional_id)
        assert list(await tx.scalars(places)) == [now]
    assert "Alice" not in (await olga.get(PEOPLE)).text
    path = await invited(olga, "professional")
    assert (await alice.post(path, data=DETAILS)).status_code == 303
    assert (await alice.get("/today")).status_code == 200


async def test_who_was_rejected_works_here_no_more(olga: httpx2.AsyncClient, house: House, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Professional, CHARLIE.professional_id)).review = Review.PENDING
    charlie = await sign_in(CHARLIE)
    assert (await decide(olga, f"{PEOPLE}/{CHARLIE.person_id}", "rejected", "Not in the register.")).status_code == 303
    assert (await charlie.get("/today")).status_code == 403
    assert 'href="/account/registration"' in (await charlie.get("/account")).text
    why = await charlie.get("/account/registration")
    assert (why.status_code, "Not in the register." in why.text, f'href="/contact/{CLINIC}"' in why.text) == (200, True, True)
    assert (await charlie.post("/account/registration", data=DETAILS)).status_code == 403
    assert (await (await sign_in(DANA)).get("/account/registration")).status_code == 403


async def test_bad_08_nothing_is_approved_that_the_reviewer_did_not_see(olga: httpx2.AsyncClient, house: House, sign_in: SignIn) -> None:
    person, charlie = f"{PEOPLE}/{CHARLIE.person_id}", await sign_in(CHARLIE)
    await charlie.post("/account/registration", data=DETAILS)
    seen = await seen_at(olga, person)
    await charlie.post("/account/registration", data={**DETAILS, "registration": "1111111"})
    refused = await decide(olga, person, "approved", "I looked it up.", seen)
    assert (refused.status_code, "1111111" in refused.text, "I looked it up." in refused.text) == (409, True, True)
    assert (await professional(house, "Nia Novak")).review == Review.PENDING
    assert (await decide(olga, person, "approved")).status_code == 303


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_nobody_else_comes_in(sign_in: SignIn, house: House, cast: Cast, member: Member) -> None:
    client = await sign_in(member)
    one = f"{PEOPLE}/{BOB.person_id}"
    assert (await client.get(PEOPLE)).status_code == 403
    assert (await client.get(one)).status_code == 403
    for path in (f"{PEOPLE}/invite", f"{one}/review", f"{one}/role", f"{one}/end"):
        assert (await client.post(path, data={"role": "owner", "sure": "yes"})).status_code == 403, path
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(Staff)))) == 2


async def test_somebody_of_another_practice_is_not_there(olga: httpx2.AsyncClient) -> None:
    assert (await olga.get(f"{PEOPLE}/{MALLORY.person_id}")).status_code == 404
    assert (await olga.post(f"{PEOPLE}/{MALLORY.person_id}/end", data={"sure": "yes"})).status_code == 404


async def test_bad_31_links_of_whoever_was_in_charge_are_worth_nothing_any_more(
    app: Starlette, olga: httpx2.AsyncClient, house: House, sign_in: SignIn, clock: StillClock
) -> None:
    await own(house, BOB)
    bob = await sign_in(BOB)
    first = await invited(olga, "assistant")
    clock.advance(60)
    second = await invited(bob, "owner")
    assert (await bob.post(f"{PEOPLE}/{OLGA.person_id}/end", data={"sure": "yes"})).status_code == 303
    async with browser_of(app) as gone:
        assert (await gone.get(first)).status_code == 404
        assert (await gone.get(second)).status_code == 200
    mine = (Staff.person_id == BOB.person_id) & (Staff.role == StaffRole.OWNER)
    async with house.database.write() as tx:
        (await tx.scalars(select(Staff).where(mine))).one().ended_at = clock.now()
    async with browser_of(app) as gone:
        assert (await gone.post(second, data={"name": "Ned", **ACCOUNT})).status_code == 404


async def test_a_place_does_not_end_while_patients_are_promised_something(
    olga: httpx2.AsyncClient, house: House, cast: Cast, clock: StillClock
) -> None:
    offered = service(ALICE)
    async with house.database.write() as tx:
        tx.add_all([*hours(ALICE), offered])
        await tx.flush()
        await hold(tx, offered, clock.now() + timedelta(hours=1), "Europe/London", clock.now())
        await tx.execute(update(Appointment).values(state=AppointmentState.CONFIRMED))
    answer = await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes"})
    assert answer.status_code == 409
    assert "Patients are promised appointments with this person." in answer.text
    clock.advance(2 * 3600)
    assert (await olga.post(f"{PEOPLE}/{ALICE.person_id}/end", data={"sure": "yes", "present": OLGA.password})).status_code == 303
