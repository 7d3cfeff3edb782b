"""A letter about an account goes to the address that was confirmed, and nowhere where there is none; second factors follow a new key."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from server.access.brand import decide_colours
from server.access.colours import Colours
from server.access.people import end_place
from server.consultation.events import Channel
from server.core.house import House
from server.core.keyring import add_key
from server.core.outbox import Worker
from server.identity.letters import WRITE, Wanted, letter_token, want_letter
from server.identity.mail_model import GOOD_FOR, AccountEmail, AccountLetter, Subject
from server.identity.second import begin_second, secret_of
from server.identity.second_model import SecondFactor
from server.messaging.account_letters import WORDS, write_with
from server.messaging.composing import Post
from server.privacy.keys import check_keys, keys_in_use, rotate
from server.web.i18n import read_languages
from tests.cast import ALICE, DANA, OLGA, seat_cast
from tests.conftest import MORNING, ORIGIN, StillClock
from tests.contract.test_delivery import Postman

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]
MAIL = "alice@example.org"
Work = Callable[[], Awaitable[None]]


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def work(house: House, postman: Postman) -> Work:
    post = Post(house.secrets, ORIGIN, read_languages(None))
    worker = Worker(house.database, house.bus, house.clock, {WRITE: write_with(house, post, dict.fromkeys(Channel, postman))})

    async def work() -> None:
        while await worker.run_next():
            pass

    return work


async def want(house: House, subject: Subject, *, username: str = ALICE.username, known: bool = True, now: datetime = MORNING) -> None:
    async with house.database.write() as tx:
        await seat_cast(tx, MORNING)
        if known:
            tx.add(AccountEmail(person_id=ALICE.person_id, address=MAIL, confirmed_at=MORNING))
            await tx.flush()
        await want_letter(tx, house.secrets, Wanted(username, subject, "en-GB"), now)


async def test_the_link_goes_to_the_confirmed_address(house: House, work: Work, postman: Postman) -> None:
    await want(house, Subject.RESET)
    await work()
    [(_, letter)] = postman.letters
    async with house.database.read() as tx:
        row = (await tx.scalars(select(AccountLetter.id))).one()
    assert letter.to == MAIL
    assert f"{ORIGIN}/reset/{letter_token(house.secrets, row)}" in letter.sentences


@pytest.mark.parametrize("subject", list(Subject))
async def test_every_letter_can_be_written(house: House, work: Work, postman: Postman, subject: Subject) -> None:
    await want(house, subject)
    await work()
    [(_, letter)] = postman.letters
    assert letter.subject == WORDS[subject][0]
    assert "{" not in letter.body


@pytest.mark.row("P8")
async def test_whoever_works_in_a_practice_gets_letters_in_its_look_and_a_patient_does_not(
    house: House, work: Work, postman: Postman
) -> None:
    async with house.database.write() as tx:
        await seat_cast(tx, MORNING)
        await decide_colours(tx, OLGA.viewer, "", Colours("#1a6b3c", "#7fd3e0"), MORNING)
        for guest in (DANA, ALICE):
            tx.add(AccountEmail(person_id=guest.person_id, address=f"{guest.username}@example.org", confirmed_at=MORNING))
            await want_letter(tx, house.secrets, Wanted(guest.username, Subject.NEW_DEVICE, "en-GB"), MORNING)
    await work()
    found = {letter.to: letter for _, letter in postman.letters}
    works, patient = found[f"{ALICE.username}@example.org"], found[f"{DANA.username}@example.org"]
    assert works.look is not None
    assert works.look.colour == "#1a6b3c"
    assert works.sentences[0] == "This is about the account with which you work at Harbour Clinic."
    assert patient.look is None
    assert "Harbour" not in patient.body
    async with house.database.write() as tx:
        await end_place(tx, OLGA.viewer, ALICE.person_id, MORNING)
        await want_letter(tx, house.secrets, Wanted(ALICE.username, Subject.NEW_DEVICE, "en-GB"), MORNING)
    await work()
    assert postman.letters[-1][1].look is None, "who has left is written to as anybody"


async def test_an_address_that_nobody_has_proved_learns_of_no_practice(house: House, work: Work, postman: Postman) -> None:
    await want(house, Subject.CONFIRM)
    await work()
    [(_, letter)] = postman.letters
    assert letter.look is None
    assert "Harbour" not in letter.body


@pytest.mark.row("L5")
async def test_the_letter_about_an_unused_account_says_until_when_and_where(house: House, work: Work, postman: Postman) -> None:
    await want(house, Subject.UNUSED)
    await work()
    [(_, letter)] = postman.letters
    assert "in 30 days" in letter.body
    assert f"{ORIGIN}/sign-in" in letter.sentences


@pytest.mark.parametrize(("username", "known"), [("dr_nobody", True), (ALICE.username, False)])
async def test_without_an_address_nothing_goes_out(house: House, work: Work, postman: Postman, username: str, known: bool) -> None:
    await want(house, Subject.RESET, username=username, known=known)
    await work()
    assert postman.letters == []


async def test_a_letter_that_comes_too_late_is_not_sent(house: House, work: Work, postman: Postman, clock: StillClock) -> None:
    await want(house, Subject.RESET)
    clock.advance(GOOD_FOR.total_seconds())
    await work()
    assert postman.letters == []


async def test_what_happened_is_told_however_late_and_then_forgotten(house: House, work: Work, postman: Postman, clock: StillClock) -> None:
    await want(house, Subject.PASSWORD_CHANGED)
    clock.advance(2 * GOOD_FOR.total_seconds())
    async with house.database.write() as tx:
        await want_letter(tx, house.secrets, Wanted("dr_nobody", Subject.RESET, "en-GB"), clock.now())
    await work()
    assert [letter.subject for _, letter in postman.letters] == [WORDS[Subject.PASSWORD_CHANGED][0]]
    async with house.database.read() as tx:
        assert (await tx.scalars(select(AccountLetter.subject))).all() == [Subject.RESET]


async def test_second_factors_come_under_a_new_key(house: House) -> None:
    async with house.database.write() as tx:
        await seat_cast(tx, MORNING)
        await begin_second(tx, house.keyring, ALICE.person_id, MORNING)
    async with house.database.read() as tx:
        factor = await tx.get_one(SecondFactor, ALICE.person_id)
        before, secret = factor.key_id, secret_of(house.keyring, factor)
    current = add_key(house.settings.data_dir)
    assert [step async for step in rotate(house.database, house.keyring)] == [(1, 1)]
    assert current != before
    assert await keys_in_use(house.database) == {current: 1}
    await check_keys(house.database, house.keyring)
    async with house.database.read() as tx:
        assert secret_of(house.keyring, await tx.get_one(SecondFactor, ALICE.person_id)) == secret
