"""What an author permits and what an emergency opens, while the note is open: it closes when either is withdrawn or runs out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from server.access.emergency import Emergency, break_glass, end_emergency
from server.access.model import Grant
from server.access.permissions import Wish, permit, withdraw_own, withdraw_permission
from server.access.viewer import viewer_in
from server.consultation.model import Consultation
from server.core.house import House
from server.notes.hub import Hub
from server.notes.limits import RECHECK_S
from tests.cast import ALICE, CHARLIE, DANA, Meeting
from tests.conftest import ORIGIN, SignIn, StillClock
from tests.live.notes.client import PATIENCE_S, Tab, open_tab
from tests.live.notes.house import Open, notes_in, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.row("N3")]


async def permit_charlie(house: House, meeting: Meeting, clock: StillClock) -> UUID:
    """Let charlie see what alice wrote; returns the permission's id."""
    async with house.database.write() as tx:
        patient_id = (await tx.get_one(Consultation, meeting.consultation_id)).patient_id
        wish = Wish(patient_id, CHARLIE.person_id, "Second opinion", clock.now() + timedelta(days=30))
        return (await permit(tx, await viewer_in(tx, ALICE.person_id, ALICE.practice_id, clock.now()), wish, clock.now())).id


@pytest.fixture
async def charlies_tab(open_note: Open, sockets: str, sign_in: SignIn, meeting: Meeting) -> AsyncIterator[tuple[Tab, Tab]]:
    """Alice's note, open to her and to charlie, whom nothing but a permission or an emergency lets see it."""
    alice = await open_note(ALICE)
    note_id = (await notes_in(await sign_in(ALICE), meeting.consultation_id))["shared"]
    async with open_tab(sockets, await ticket_for(await sign_in(CHARLIE), note_id), origin=ORIGIN) as charlie:
        await charlie.until(lambda tab: tab.synced)
        yield alice, charlie


@pytest.fixture
async def notes_of_alice(meeting: Meeting, sign_in: SignIn) -> None:
    """Alice's notes are laid out."""
    await notes_in(await sign_in(ALICE), meeting.consultation_id)


@pytest.fixture
async def grant_id(house: House, meeting: Meeting, clock: StillClock, notes_of_alice: None) -> UUID:
    return await permit_charlie(house, meeting, clock)


@pytest.mark.row("N4")
@pytest.mark.usefixtures("hints")
async def test_a_permission_that_is_withdrawn_closes_the_note(
    grant_id: UUID, charlies_tab: tuple[Tab, Tab], house: House, meeting: Meeting, clock: StillClock
) -> None:
    alice, charlie = charlies_tab
    assert charlie.hello["rights"] == "read"
    await alice.type("to read")
    await charlie.until(lambda tab: tab.text() == "to read")
    async with house.database.write() as tx:
        patient_id = (await tx.get_one(Consultation, meeting.consultation_id)).patient_id
        await withdraw_permission(tx, ALICE.viewer, patient_id, grant_id, clock.now())
    assert await charlie.closed() == 4403
    await alice.type(" alone")
    await alice.until(lambda tab: tab.saved)
    assert charlie.text() == "to read"


@pytest.fixture
async def for_all(house: House, clock: StillClock, notes_of_alice: None) -> UUID:
    """Let charlie see what alice wrote about anybody; returns the permission's id."""
    async with house.database.write() as tx:
        wish = Wish(None, CHARLIE.person_id, "Covers for me", clock.now() + timedelta(days=30))
        return (await permit(tx, ALICE.viewer, wish, clock.now())).id


@pytest.mark.row("N4")
@pytest.mark.usefixtures("hints")
async def test_a_permission_for_all_that_is_withdrawn_closes_the_note(
    for_all: UUID, charlies_tab: tuple[Tab, Tab], house: House, clock: StillClock
) -> None:
    _, charlie = charlies_tab
    assert charlie.hello["rights"] == "read"
    async with house.database.write() as tx:
        await withdraw_own(tx, ALICE.viewer, for_all, clock.now())
    assert await charlie.closed() == 4403


@pytest.mark.row("N4")
async def test_a_permission_that_runs_out_closes_the_note(
    grant_id: UUID, charlies_tab: tuple[Tab, Tab], hub: Hub, house: House, clock: StillClock
) -> None:
    _, charlie = charlies_tab
    async with house.database.write() as tx:
        await tx.execute(update(Grant).where(Grant.id == grant_id).values(expires_at=clock.now()))
    await hub.recheck_all()
    assert await charlie.closed() == 4403


@pytest.fixture
def looked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once the hub has read every right again."""
    real, looked = hub.recheck_all, asyncio.Event()

    async def recheck_all() -> None:
        await real()
        looked.set()

    monkeypatch.setattr(hub, "recheck_all", recheck_all)
    return looked


@pytest.fixture
async def runs_out_s(request: pytest.FixtureRequest, house: House, clock: StillClock, notes_of_alice: None, looked: asyncio.Event) -> float:
    """Charlie sees alice's notes for so many seconds: by her permission, or in an emergency."""
    looked.clear()
    async with house.database.write() as tx:
        if request.param == "permission":
            wish = Wish(DANA.patient_id, CHARLIE.person_id, "Second opinion", clock.now() + timedelta(seconds=90))
            await permit(tx, ALICE.viewer, wish, clock.now())
            return 90.0
        emergency = Emergency(DANA.patient_id, frozenset({ALICE.person_id}), "Collapsed in the corridor")
        return ((await break_glass(tx, CHARLIE.viewer, emergency, clock.now())).ends_at - clock.now()).total_seconds()


@pytest.mark.row("N4")
@pytest.mark.parametrize("runs_out_s", ["permission", "emergency"], indirect=True)
async def test_a_right_that_runs_out_by_itself_closes_the_note_long_before_the_regular_look(
    runs_out_s: float, charlies_tab: tuple[Tab, Tab], looked: asyncio.Event, clock: StillClock
) -> None:
    """Nobody changes anything and nobody is told: only the clock goes on. `python -m tests.bench.notes --only rights` says how soon."""
    assert PATIENCE_S < RECHECK_S
    alice, charlie = charlies_tab
    clock.advance(runs_out_s - 1)
    async with asyncio.timeout(PATIENCE_S):
        await looked.wait()  # for the change that gave the right
    await alice.type("to read")
    await charlie.until(lambda tab: tab.text() == "to read")
    clock.advance(1)
    assert await charlie.closed() == 4403
    await alice.type(" alone")
    await alice.until(lambda tab: tab.saved)


@pytest.fixture
async def emergency(house: House, meeting: Meeting, clock: StillClock, notes_of_alice: None) -> UUID:
    """Charlie has opened dana's record in an emergency; returns the patient's id."""
    async with house.database.write() as tx:
        patient_id = (await tx.get_one(Consultation, meeting.consultation_id)).patient_id
        await break_glass(tx, CHARLIE.viewer, Emergency(patient_id, frozenset({ALICE.person_id}), "Collapsed in the corridor"), clock.now())
    return patient_id


@pytest.mark.usefixtures("hints")
async def test_an_emergency_that_is_ended_closes_the_note(
    emergency: UUID, charlies_tab: tuple[Tab, Tab], house: House, clock: StillClock
) -> None:
    _, charlie = charlies_tab
    assert charlie.hello["rights"] == "read"
    async with house.database.write() as tx:
        await end_emergency(tx, CHARLIE.viewer, emergency, clock.now())
    assert await charlie.closed() == 4403
