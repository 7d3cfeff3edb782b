"""Who may read and who may write, at the door and while the note is open."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from server.access.actions import leave_team
from server.access.policy import Verb
from server.consultation.model import Consultation
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.errors import NotFound, NotSignedIn
from server.identity.actions import end_all_logins
from server.notes import doors, rights
from server.notes.actions import open_note as open_in_database
from server.notes.conn import Conn
from server.notes.hub import Hub
from server.notes.outlet import RawOutlet
from server.notes.yproto import EMPTY_UPDATE
from server.patients.actions import withdraw_sharing
from tests.cast import ALICE, BOB, CHARLIE, DANA, ERIN, MALLORY, NORTH, OLGA, Cast, Meeting, Staff, add_meeting
from tests.conftest import ORIGIN, SignIn, StillClock
from tests.live.notes.client import open_tab
from tests.live.notes.house import Open, notes_in, rows_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("N3")]

Ticket = Callable[[Staff], Awaitable[str]]


@pytest.mark.parametrize("person", [CHARLIE, MALLORY, OLGA], ids=["charlie", "mallory", "olga"])
async def test_charlie_gets_no_ticket_and_no_note(
    sign_in: SignIn, house: House, meeting: Meeting, person: Staff, clock: StillClock
) -> None:
    notes = await notes_in(await sign_in(ALICE), meeting.consultation_id)
    client = await sign_in(person)
    for known, absent in (
        (f"/api/consultations/{meeting.consultation_id}/notes", f"/api/consultations/{meeting.visit_id}/notes"),
        *((f"/api/notes/{note_id}/tickets", f"/api/notes/{meeting.visit_id}/tickets") for note_id in notes.values()),
    ):
        answers = [await client.post(path, json={}) for path in (known, absent)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()
    async with house.database.write() as tx:
        for note_id in (*map(UUID, notes.values()), meeting.visit_id):
            with pytest.raises(NotFound):
                await open_in_database(tx, person.viewer, note_id, None, clock.now())


async def test_who_shares_the_team_shares_the_note(sign_in: SignIn, meeting: Meeting) -> None:
    alice, bob = [await notes_in(await sign_in(person), meeting.consultation_id) for person in (ALICE, BOB)]
    assert (alice["shared"], alice["summary"]) == (bob["shared"], bob["summary"])
    assert alice["jottings"] != bob["jottings"]


@pytest.mark.row("N5")
async def test_jottings_are_their_authors_only(sign_in: SignIn, meeting: Meeting) -> None:
    alice = await notes_in(await sign_in(ALICE), meeting.consultation_id)
    bob = await sign_in(BOB)
    assert (await bob.post(f"/api/notes/{alice['jottings']}/tickets", json={})).status_code == 404
    listed = (await bob.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})).json()["notes"]
    assert alice["jottings"] not in [note["id"] for note in listed]


@pytest.mark.parametrize("why", ["no account", "did not agree"])
async def test_without_the_patients_agreement_each_has_a_note_of_their_own(
    sign_in: SignIn, house: House, cast: Cast, clock: StillClock, why: str
) -> None:
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN if why == "no account" else DANA)
        if why == "did not agree":
            await withdraw_sharing(tx, (await tx.get_one(Consultation, meeting.consultation_id)).patient_id, clock.now())
    alice, bob = [await notes_in(await sign_in(person), meeting.consultation_id) for person in (ALICE, BOB)]
    assert not set(alice.values()) & set(bob.values())
    assert (await (await sign_in(BOB)).post(f"/api/notes/{alice['shared']}/tickets", json={})).status_code == 404


@pytest.mark.usefixtures("hints")
async def test_a_patient_who_takes_the_agreement_back_closes_the_note(
    open_note: Open, house: House, meeting: Meeting, clock: StillClock
) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    async with house.database.write() as tx:
        await withdraw_sharing(tx, (await tx.get_one(Consultation, meeting.consultation_id)).patient_id, clock.now())
    assert await bob.closed() == 4403
    await alice.type("mine alone")
    await alice.until(lambda tab: tab.saved)


async def test_nobody_goes_on_in_anothers_session(open_note: Open) -> None:
    alice = await open_note(ALICE)
    thief = await open_note(BOB, older=alice, until_synced=False)
    assert await thief.closed() == 4409
    await alice.type("mine")
    await alice.until(lambda tab: tab.saved)


async def test_a_right_that_is_withdrawn_closes_the_note(open_note: Open, house: House, clock: StillClock) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    async with house.database.write() as tx:
        await leave_team(tx, NORTH, BOB.professional_id, clock.now())
    assert await bob.closed() == 4403
    await alice.type("Bob does not see this")
    await alice.until(lambda tab: tab.saved)
    assert "Bob" not in bob.text()


async def test_bad_42_a_right_that_is_withdrawn_while_typing(
    open_note: Open, house: House, clock: StillClock, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was on its way when the right went is not taken, even while the goodbye is still being said."""
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await bob.type("in time")
    await bob.until(lambda tab: tab.saved)
    real, ending, go_on = RawOutlet.close, asyncio.Event(), asyncio.Event()

    async def slow(outlet: RawOutlet, code: int, reason: str) -> None:
        ending.set()
        await go_on.wait()
        await real(outlet, code, reason)

    monkeypatch.setattr(RawOutlet, "close", slow)
    async with house.database.write() as tx:
        await leave_team(tx, NORTH, BOB.professional_id, clock.now())
    await ending.wait()
    for letter in "too late":
        await bob.type(letter)
    go_on.set()
    assert await bob.closed() == 4403
    assert not bob.saved
    await alice.type(" and on")
    await alice.until(lambda tab: tab.saved)
    assert alice.text() == "in time and on"
    assert len(await rows_of(house.database, meeting.consultation_id)) == 2


@pytest.mark.row("P3")
async def test_bad_42_a_patient_who_takes_the_agreement_back_closes_the_colleagues_note(
    open_note: Open, sign_in: SignIn, meeting: Meeting
) -> None:
    """Through the form of the patient's own page; the author, whose note it is, writes on."""
    alice, bob, dana = await open_note(ALICE), await open_note(BOB), await sign_in(DANA)
    assert (await dana.post(f"/my/{DANA.patient_id}/sharing", data={"agree": "no"})).status_code == 303
    assert await bob.closed() == 4403
    await alice.type("mine alone")
    await alice.until(lambda tab: tab.saved)


async def test_a_consultation_that_is_given_away_closes_the_note(open_note: Open, house: House, meeting: Meeting) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    async with house.database.write() as tx:
        await tx.execute(update(Consultation).where(Consultation.id == meeting.consultation_id).values(team_id=None))
        tx.hint(f"rights:{meeting.consultation_id}")
    assert await bob.closed() == 4403
    await alice.type("mine again")
    await alice.until(lambda tab: tab.saved)


async def test_a_lost_hint_only_delays(open_note: Open, house: House, hub: Hub, meeting: Meeting) -> None:
    """Nobody publishes anything here: the regular look at the rights finds it."""
    bob = await open_note(BOB)
    async with house.database.write() as tx:
        await tx.execute(update(Consultation).where(Consultation.id == meeting.consultation_id).values(team_id=None))
    await hub.recheck_all()
    assert await bob.closed() == 4403


async def test_a_database_in_trouble_takes_no_right_away(open_note: Open, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*arguments: object) -> None:
        raise OSError

    bob = await open_note(BOB)
    with monkeypatch.context() as broken:
        broken.setattr(rights, "viewer_of_login", refuse)
        with pytest.raises(OSError):  # noqa: PT011 - it has no text
            await hub.recheck_all()
    await bob.type("still allowed")
    await bob.until(lambda tab: tab.saved)


async def test_a_right_that_could_not_be_read_is_read_soon_after(
    open_note: Open, house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint is lost and the first look fails: the next look must not think that it has seen the change."""
    refused = asyncio.Event()

    async def refuse(*arguments: object) -> None:
        refused.set()
        raise OSError

    bob = await open_note(BOB)
    monkeypatch.setattr(house.bus, "publish", lambda _: None)
    with monkeypatch.context() as broken:
        broken.setattr(rights, "viewer_of_login", refuse)
        async with house.database.write() as tx:
            await leave_team(tx, NORTH, BOB.professional_id, clock.now())
        refused.clear()
        await asyncio.wait_for(refused.wait(), 10)
    assert await bob.closed() == 4403


async def test_signing_out_closes_the_note(open_note: Open, house: House, clock: StillClock) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    async with house.database.write() as tx:
        await end_all_logins(tx, BOB.person_id, clock.now())
    assert await bob.closed() == 4401
    await alice.type("still here")
    await alice.until(lambda tab: tab.saved)


@pytest.fixture(params=["left the team", "signed out"])
def withdrawal(request: pytest.FixtureRequest, house: House, clock: StillClock) -> tuple[Callable[[], Awaitable[None]], int]:
    """A function that takes Bob's right away, and the code that a socket is then closed with."""

    async def leaves() -> None:
        async with house.database.write() as tx:
            await leave_team(tx, NORTH, BOB.professional_id, clock.now())

    async def signs_out() -> None:
        async with house.database.write() as tx:
            await end_all_logins(tx, BOB.person_id, clock.now())

    return (leaves, 4404) if request.param == "left the team" else (signs_out, 4401)


async def test_a_right_withdrawn_between_ticket_and_hello(
    open_note: Open, sockets: str, ticket: Ticket, withdrawal: tuple[Callable[[], Awaitable[None]], int]
) -> None:
    """The ticket was honest when it was given, and the hint passed before anybody listened: not a word of the note goes out."""
    alice = await open_note(ALICE)
    await alice.type("secret")
    await alice.until(lambda tab: tab.saved)
    held = await ticket(BOB)
    withdraw, code = withdrawal
    await withdraw()
    async with open_tab(sockets, held, origin=ORIGIN) as tab:
        assert await tab.closed() == code
        assert tab.hello == {}
        assert tab.text() == ""


async def test_a_right_withdrawn_between_hello_and_joining(open_note: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Conn.greet

    def greet(conn: Conn) -> None:
        real(conn)
        monkeypatch.setattr(rights, "viewer_of_login", refuse)

    async def refuse(*arguments: object) -> object:
        raise NotSignedIn

    monkeypatch.setattr(Conn, "greet", greet)
    tab = await open_note(BOB, until_synced=False)
    assert await tab.closed() == 4401


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of people who may read but not write; a test fills and empties it."""
    names: set[str] = set()
    real = doors.may
    monkeypatch.setattr(
        doors, "may", lambda viewer, verb, facts: (verb != Verb.WRITE or viewer.name not in names) and real(viewer, verb, facts)
    )
    return names


async def test_who_may_only_read_reads_and_writes_nothing(open_note: Open, read_only: set[str], house: House, meeting: Meeting) -> None:
    read_only.add(BOB.full_name)
    alice, bob = await open_note(ALICE), await open_note(BOB)
    assert bob.hello["rights"] == "read"
    assert bob.sent == 0
    await alice.type("to read")
    await bob.until(lambda tab: tab.text() == "to read")
    await bob.type("to write")
    await bob.until(lambda tab: tab.rejects)
    assert bob.rejects[0]["code"] == "read_only"
    await bob.send_update(EMPTY_UPDATE)
    await bob.send_state({"section": "plan"})
    await alice.until(lambda tab: tab.states)
    assert alice.text() == "to read"
    assert not bob.saved
    assert len(await rows_of(house.database, meeting.consultation_id)) == 1


async def test_the_right_to_write_comes_and_goes_while_the_note_is_open(
    open_note: Open, read_only: set[str], hub: Hub, house: House, meeting: Meeting
) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    read_only.add(BOB.full_name)
    house.bus.publish(f"rights:{meeting.consultation_id}")
    await bob.until(lambda tab: tab.events == [{"rights": "read", "state": "draft"}])
    await bob.type("kept in the tab")
    await bob.until(lambda tab: tab.rejects)
    read_only.clear()
    house.bus.publish(f"rights:{meeting.consultation_id}")
    await bob.until(lambda tab: tab.events[-1] == {"rights": "write", "state": "draft"} and tab.saved)
    await alice.until(lambda tab: tab.text() == "kept in the tab")


async def test_an_idle_login_closes_the_note(open_note: Open, hub: Hub, house: House, clock: StillClock) -> None:
    bob = await open_note(BOB)
    clock.advance(timedelta(seconds=house.settings.login_idle_s + 60).total_seconds())
    await hub.recheck_all()
    assert await bob.closed() == 4401


@pytest.mark.row("L6")
async def test_a_look_is_kept_once_for_each_session(open_note: Open, house: House, meeting: Meeting) -> None:
    alice = await open_note(ALICE)
    await open_note(ALICE, older=alice)
    await open_note(BOB)
    async with house.database.read() as tx:
        looks = (await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.LOOKED).order_by(AuditEntry.number))).all()
        patient_id = (await tx.get_one(Consultation, meeting.consultation_id)).patient_id
    assert [(look.person_id, look.thing, look.patient_id) for look in looks] == [
        (ALICE.person_id, "note", patient_id), (BOB.person_id, "note", patient_id),
    ]  # fmt: skip
