"""Who may hold a room socket, at its opening and while it is open (bad inputs 27, 30 and 31)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.access.acting import Reach
from server.access.actions import leave_team
from server.consultation.acting import link_for
from server.consultation.actions import reissue_link, revoke_link
from server.consultation.model import Consultation, Participant, Role, Stage
from server.consultation.subject import RoomSubject
from server.core.house import House
from server.identity.actions import end_all_logins
from server.patients.acting_doors import Reader, see_record_for, see_representation
from server.patients.representing import end
from tests.acting import DORA, let_act
from tests.cast import ALICE, BOB, CHARLIE, DANA, ERIN, MALLORY, NORTH, Meeting, Staff, add_meeting
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.http.visiting import YES
from tests.live.room_client import Refused, as_patient, as_staff, dial, patient_ticket, staff_ticket

pytestmark = [pytest.mark.anyio, pytest.mark.row("V1")]

STAFF_ONLY: dict[str, dict[str, object]] = {
    "admit": {},
    "enter": {},
    "hold": {"body": None},
    "refuse": {"reason": "No"},
    "end": {"outcome": "completed", "reason": None},
}


async def turned_away(sockets: str, ticket: str) -> int:
    """Say hello with this ticket; returns the close code."""
    async with dial(sockets) as client:
        await client.send("hello", ticket=ticket, resume=None)
        code = await client.until_closed()
        assert not client.page.participants
        assert client.bye is not None
        assert client.bye["message"]
        return code


@pytest.mark.parametrize("staff", [CHARLIE, MALLORY], ids=lambda staff: staff.username)
async def test_charlie_gets_no_ticket(sign_in: SignIn, meeting: Meeting, staff: Staff) -> None:
    client = await sign_in(staff)
    answer = await client.post(f"/api/consultations/{meeting.consultation_id}/tickets", json={"purpose": "room"})
    nowhere = await client.post(f"/api/consultations/{uuid4()}/tickets", json={"purpose": "room"})
    assert answer.status_code == nowhere.status_code == 404
    assert answer.content == nowhere.content


async def test_a_ticket_by_http_opens_the_room_once(sockets: str, sign_in: SignIn, meeting: Meeting) -> None:
    client = await sign_in(BOB)
    answer = await client.post(f"/api/consultations/{meeting.consultation_id}/tickets", json={"purpose": "room"})
    ticket = answer.json()["ticket"]
    async with dial(sockets) as bob:
        await bob.hello(ticket)
        assert bob.me["name"] == BOB.full_name
    assert await turned_away(sockets, ticket) == 4401


@pytest.mark.parametrize("ticket", ["x", "x" * 128])
async def test_no_other_text_opens_it(sockets: str, house: House, ticket: str) -> None:
    assert await turned_away(sockets, ticket) == 4401


async def test_a_ticket_for_something_else_does_not_open_it(sockets: str, house: House, meeting: Meeting) -> None:
    assert await turned_away(sockets, house.tickets.issue("note", "anything")) == 4401
    assert await turned_away(sockets, house.tickets.issue("room", "anything")) == 4401


async def test_a_ticket_is_good_for_thirty_seconds(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    ticket = patient_ticket(house, meeting)
    clock.advance(30)
    assert await turned_away(sockets, ticket) == 4401


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", f"{ORIGIN}.evil.example", "https://testserver"])
async def test_bad_27_another_site_may_not_even_connect(sockets: str, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"{sockets}/ws/room", origin=origin, proxy=None):  # type: ignore[arg-type]
            raise AssertionError("connected")
    assert refused.value.response.status_code == 403


async def test_rights_are_read_again_when_the_ticket_is_used(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    """Between ticket and hello there are up to thirty seconds."""
    ticket = await staff_ticket(house, BOB, meeting)
    async with house.database.write() as tx:
        await leave_team(tx, NORTH, BOB.professional_id, clock.now())
    assert await turned_away(sockets, ticket) == 4404
    ticket = patient_ticket(house, meeting)
    async with house.database.write() as tx:
        await revoke_link(tx, ALICE.viewer, meeting.consultation_id, clock.now())
    assert await turned_away(sockets, ticket) == 4403


@pytest.mark.parametrize("hours", [-25, 25])
async def test_bad_30_not_before_and_not_after_the_window(
    sockets: str, house: House, meeting: Meeting, clock: StillClock, hours: int
) -> None:
    ticket = patient_ticket(house, meeting)
    async with house.database.write() as tx:
        await tx.execute(update(Consultation).values(scheduled_at=clock.now() + timedelta(hours=hours)))
    assert await turned_away(sockets, ticket) == 4403


async def test_bad_30_whoever_does_not_agree_is_not_let_in(sockets: str, house: House, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).stage = Stage.DECLINED
    assert await turned_away(sockets, patient_ticket(house, meeting)) == 4403


async def test_a_link_opens_no_other_place(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with house.database.write() as tx:
        other = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    subject = RoomSubject(meeting.consultation_id, meeting.participant_id, Role.PATIENT, "Erin Evans", None, other.visit_id)
    assert await turned_away(sockets, house.tickets.issue("room", subject)) == 4404


@pytest.mark.row("N3")
async def test_a_patient_never_receives_what_is_not_theirs(sockets: str, house: House, meeting: Meeting) -> None:
    """Neither device words, not even their own, nor professionals who are not in the call."""
    words = "Camera works · Microphone works"
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).devices = "camera:works microphone:works"
    async with (
        as_patient(sockets, house, meeting) as dana,
        as_staff(sockets, house, ALICE, meeting) as alice,
        as_staff(sockets, house, BOB, meeting) as bob,
    ):
        assert bob.other(meeting.participant_id)["devices"] == words
        await alice.command("admit")
        await bob.command("chat", body="From Bob")
        await dana.until(lambda: dana.page.messages)
        seen = dana.page.participants
        assert {shown["devices"] for shown in seen.values()} == {None}
        assert seen.keys() == {str(meeting.participant_id), alice.welcome["you"]}
        with pytest.raises(Refused, match="not_seated"):
            await dana.command("signal", to=bob.welcome["peer"], candidate=None)
        for kind, body in STAFF_ONLY.items():
            with pytest.raises(Refused, match="forbidden"):
                await dana.command(kind, **body)


@pytest.mark.parametrize("change", [revoke_link, None], ids=["revoked", "reissued"])
async def test_a_link_that_is_withdrawn_closes_the_patients_socket(
    sockets: str, house: House, meeting: Meeting, clock: StillClock, change: Callable[..., object] | None
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        async with house.database.write() as tx:
            if change is None:
                await reissue_link(tx, house.secrets, ALICE.viewer, meeting.consultation_id, clock.now())
            else:
                await revoke_link(tx, ALICE.viewer, meeting.consultation_id, clock.now())
        assert await dana.until_closed() == 4403
        await alice.until(lambda: alice.other(meeting.participant_id)["stage"] == "left")
        await alice.command("chat", body="Still here")


@pytest.mark.row("P5")
async def test_bad_39_a_right_to_act_that_ends_puts_out_whoever_joined_for_the_patient(
    sockets: str, house: House, meeting: Meeting, clock: StillClock
) -> None:
    one = await let_act(house)
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(DORA.person_id, clock.now()), DANA.patient_id, Reach.BOOK)
        link_id = await link_for(tx, house.secrets, own, meeting.consultation_id, clock.now())
    hers = replace(meeting, visit_id=link_id)
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, hers) as dora:
        await alice.command("admit")
        async with house.database.write() as tx:
            await end(tx, await see_representation(tx, DANA.patient_id, one), ALICE.person_id, clock.now())
        assert await dora.until_closed() == 4403
        await alice.until(lambda: alice.other(meeting.participant_id)["stage"] == "left")
    assert await turned_away(sockets, patient_ticket(house, hers)) == 4403


async def test_a_membership_that_ends_closes_the_colleagues_socket(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_staff(sockets, house, BOB, meeting) as bob:
        await bob.command("enter")
        await alice.until(lambda: alice.stage(bob.welcome["you"]) == "in_call")
        async with house.database.write() as tx:
            await leave_team(tx, NORTH, BOB.professional_id, clock.now())
        assert await bob.until_closed() == 4403
        await alice.until(lambda: alice.stage(bob.welcome["you"]) == "away")
        await alice.command("enter")


async def test_bad_27_a_login_that_is_revoked_closes_its_sockets_only(
    sockets: str, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_staff(sockets, house, BOB, meeting) as bob:
        async with house.database.write() as tx:
            await end_all_logins(tx, ALICE.person_id, clock.now())
        assert await alice.until_closed() == 4401
        await bob.command("chat", body="I am still signed in")


async def test_a_lost_hint_is_made_good(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_patient(sockets, house, meeting) as dana:
        async with house.database.write() as tx:
            await revoke_link(tx, ALICE.viewer, meeting.consultation_id, clock.now())
            tx.hints.clear()
        clock.advance(31)
        assert await dana.until_closed() == 4403


async def test_a_patient_who_takes_back_the_consent_is_out(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_patient(sockets, house, meeting) as dana:
        async with house.database.write() as tx:
            (await tx.get_one(Participant, meeting.participant_id)).stage = Stage.DECLINED
            tx.hint(f"rights:{meeting.consultation_id}")
        assert await dana.until_closed() == 4403


async def test_nobody_admits_a_patient_who_has_just_said_no(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting):
        async with house.database.write() as tx:
            (await tx.get_one(Participant, meeting.participant_id)).decline()
        with pytest.raises(Refused, match="not_waiting"):
            await alice.command("admit")


@pytest.mark.row("V3")
async def test_the_room_hears_at_once_who_is_there(sockets: str, house: House, meeting: Meeting, app: Starlette) -> None:
    """Another name than the booked one is shown with the booked one, to professionals only."""
    visit = f"/v/{meeting.visit_id}"
    async with as_staff(sockets, house, ALICE, meeting) as alice, browser_of(app, {"visit": meeting.token}) as dana:
        assert alice.other(meeting.participant_id)["booked_as"] is None
        await dana.post(f"{visit}/who", data={"name": "Erin Evans", "companion": "Her son"})
        await alice.until(lambda: alice.other(meeting.participant_id)["name"] == "Erin Evans")
        shown = alice.other(meeting.participant_id)
        assert (shown["booked_as"], shown["companion"]) == (DANA.name, "Her son")
        await dana.post(f"{visit}/consent", data=YES)
        await dana.post(f"{visit}/check", data={"step": "camera", "result": "works"})
        await alice.until(lambda: alice.other(meeting.participant_id)["devices"])
        async with as_patient(sockets, house, meeting) as patient:
            assert patient.me["booked_as"] is None


@pytest.mark.row("V3")
async def test_commands_by_http_go_through_the_same_room(sockets: str, house: House, sign_in: SignIn, meeting: Meeting) -> None:
    client, path = await sign_in(BOB), f"/api/consultations/{meeting.consultation_id}"

    async def post(what: str, body: object) -> int:
        return (await client.post(f"{path}/{what}", json=body)).status_code

    async with as_patient(sockets, house, meeting) as dana:
        assert await post("messages", {"body": "Good morning"}) == 204
        await dana.until(lambda: dana.page.messages)
        assert dana.page.messages[0]["name"] == BOB.full_name
        assert await post("hold", {"body": "Soon"}) == 204
        assert await dana.event("hold") == {"body": "Soon"}
        assert await post("refuse", {"reason": "Please come in person"}) == 204
        assert await dana.event("refused") == {"reason": "Please come in person"}
        assert await post("hold", {"body": "Soon"}) == 409
        assert await post("end", {"outcome": "unsuitable", "reason": None}) == 204
        assert await dana.until_closed() == 1000
        assert await post("messages", {"body": "Too late"}) == 409
