"""Places in a practice on both databases: a link is taken once, somebody stays in charge, and the message goes to whom it may."""

from collections.abc import Mapping

import anyio
import pytest
from sqlalchemy import func, select

from server.access.actions import add_staff
from server.access.bodies import Details
from server.access.model import PlaceInvitation, Professional, Staff, StaffRole
from server.access.people import end_place
from server.access.places import GOOD_FOR, LISTED_FOR, Sender, Wish, invitations_of, invite, place_token, revoke, take_place
from server.access.policy import Role
from server.core.house import House
from server.core.outbox import Errand
from server.errors import Conflict, Forbidden, NotFound
from server.messaging.composing import Post
from server.messaging.place_letters import invite_with
from server.ports import Carried, Letter
from server.privacy.forgetting_jobs import forget
from server.web.i18n import read_languages
from tests.cast import ALICE, CLINIC, DANA, ELSEWHERE, MALLORY, OLGA, SAM, seat_cast
from tests.conftest import StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]


class Box:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        del dedupe_key
        self.letters.append(letter)
        return Carried.SENT

    async def close(self) -> None:
        """There is nothing that stays open."""


@pytest.fixture
async def invitation(idle_house: House) -> PlaceInvitation:
    now = idle_house.clock.now()
    async with idle_house.database.write() as tx:
        await seat_cast(tx, now)
    async with idle_house.database.write() as tx:
        wish = Wish(Role.ASSISTANT, "new@example.org")
        return await invite(tx, Sender(idle_house.secrets, mails=True), OLGA.viewer, wish, now)


async def tried(house: House, results: list[str], action: object, *arguments: object) -> None:
    """Do it in a transaction of its own, and note how that went."""
    assert callable(action)
    try:
        async with house.database.write() as tx:
            await action(tx, *arguments)
    except (Conflict, Forbidden, NotFound) as refusal:
        results.append(refusal.code)
    else:
        results.append("done")


async def test_of_two_who_take_a_link_at_once_one_has_it(idle_house: House, invitation: PlaceInvitation) -> None:
    token = place_token(idle_house.secrets, invitation.id, invitation.times_sent)
    now, results = idle_house.clock.now(), list[str]()
    async with idle_house.database.write() as tx:
        sam = await tx.scalar(select(Staff).where(Staff.person_id == SAM.person_id))
        assert sam is not None
        sam.ended_at = now
    async with anyio.create_task_group() as both:
        for person in (DANA, SAM):
            both.start_soon(tried, idle_house, results, take_place, token, person.person_id, None, now)
    assert sorted(results) == ["done", "not_found"]


async def test_of_two_owners_who_go_at_once_one_stays(idle_house: House, invitation: PlaceInvitation) -> None:
    now, results = idle_house.clock.now(), list[str]()
    async with idle_house.database.write() as tx:
        for person in (OLGA, SAM):
            place = await tx.scalar(select(Staff).where(Staff.person_id == person.person_id))
            assert place is not None
            place.role = StaffRole.OWNER
    async with anyio.create_task_group() as both:
        for person in (OLGA, SAM):
            both.start_soon(tried, idle_house, results, end_place, person.viewer, person.person_id, now)
    assert sorted(results) == ["done", "last"]
    async with idle_house.database.read() as tx:
        left = select(func.count()).where(Staff.practice_id == CLINIC, Staff.role == StaffRole.OWNER, Staff.ended_at.is_(None))
        assert await tx.scalar(left) == 1


async def test_the_link_goes_to_the_address_while_it_is_good(idle_house: House, invitation: PlaceInvitation) -> None:
    box = Box()
    run = invite_with(idle_house, Post(idle_house.secrets, "https://c.example", read_languages(None)), box)
    async with idle_house.database.read() as tx:
        errand = (await tx.scalars(select(Errand).where(Errand.kind == "invite_place"))).one()
    await run(errand.subject_id)
    (letter,) = box.letters
    assert (letter.to, letter.subject) == ("new@example.org", "Your place at Harbour Clinic")
    assert f"https://c.example/place/{place_token(idle_house.secrets, invitation.id, 1)}" in letter.sentences
    async with idle_house.database.write() as tx:
        await revoke(tx, OLGA.viewer, invitation.id, idle_house.clock.now())
    await run(errand.subject_id)
    assert len(box.letters) == 1


async def test_the_address_of_whoever_never_came_is_forgotten(idle_house: House, clock: StillClock) -> None:
    sender, found = Sender(idle_house.secrets, mails=False), dict[str, PlaceInvitation]()
    async with idle_house.database.write() as tx:
        await seat_cast(tx, clock.now())
        add_staff(tx, CLINIC, ALICE.person_id, StaffRole.ADMINISTRATOR, clock.now())
    async with idle_house.database.write() as tx:
        for name, viewer in (("back", OLGA.viewer), ("left", ALICE.viewer), ("taken", OLGA.viewer), ("over", OLGA.viewer)):
            wish = Wish(Role.ASSISTANT, f"{name}@example.org")
            found[name] = await invite(tx, sender, viewer, wish, clock.now())
        token = place_token(idle_house.secrets, found["taken"].id, found["taken"].times_sent)
    async with idle_house.database.write() as tx:
        await take_place(tx, token, DANA.person_id, None, clock.now())
        await revoke(tx, OLGA.viewer, found["back"].id, clock.now())
        await end_place(tx, ALICE.viewer, ALICE.person_id, clock.now())
    assert await addresses(idle_house) == {"taken@example.org", "over@example.org"}
    clock.advance((GOOD_FOR + LISTED_FOR).total_seconds() - 1)
    await forget(idle_house)
    async with idle_house.database.read() as tx:
        assert [one.email for one in await invitations_of(tx, CLINIC)] == ["over@example.org"]
    clock.advance(1)
    await forget(idle_house)
    async with idle_house.database.read() as tx:
        assert await invitations_of(tx, CLINIC) == []
    assert await addresses(idle_house) == {"taken@example.org"}


async def addresses(house: House) -> set[str | None]:
    async with house.database.read() as tx:
        return set(await tx.scalars(select(PlaceInvitation.email).where(PlaceInvitation.email.is_not(None))))


async def test_nobody_has_two_places_in_one_practice(idle_house: House, invitation: PlaceInvitation) -> None:
    shown: Mapping[str, object] = vars(invitation)
    assert "token" not in shown
    async with idle_house.database.write() as tx:
        add_staff(tx, CLINIC, DANA.person_id, StaffRole.ASSISTANT, idle_house.clock.now())
    token = place_token(idle_house.secrets, invitation.id, invitation.times_sent)
    with pytest.raises(Exception, match="already"):
        async with idle_house.database.write() as tx:
            await take_place(tx, token, DANA.person_id, None, idle_house.clock.now())


@pytest.mark.row("P3")
async def test_of_two_links_of_two_practices_that_are_taken_at_once_both_give_a_place_in_one_diary(
    idle_house: House, invitation: PlaceInvitation
) -> None:
    now, results = idle_house.clock.now(), list[str]()
    async with idle_house.database.write() as tx:
        add_staff(tx, ELSEWHERE, MALLORY.person_id, StaffRole.OWNER, now)
        sender = Sender(idle_house.secrets, mails=False)
        links = [await invite(tx, sender, viewer, Wish(Role.PROFESSIONAL, ""), now) for viewer in (OLGA.viewer, MALLORY.viewer)]
    details = Details("Dr", "Dana Diaz", "MB BS", "Dermatology", "GMC", "7654321")
    async with anyio.create_task_group() as both:
        for link in links:
            token = place_token(idle_house.secrets, link.id, link.times_sent)
            both.start_soon(tried, idle_house, results, take_place, token, DANA.person_id, details, now)
    assert results == ["done", "done"]
    async with idle_house.database.read() as tx:
        rows = list(await tx.scalars(select(Professional).where(Professional.person_id == DANA.person_id)))
        assert {one.practice_id for one in rows} == {CLINIC, ELSEWHERE}
        assert len({one.diary_id for one in rows}) == 1
