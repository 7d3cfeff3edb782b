"""Acting for somebody on both databases: a link is taken once, letters go to whom they may, and each side's copy holds it."""

from datetime import timedelta

import anyio
import pytest
from sqlalchemy import select

from server.access.acting import Reach
from server.access.representation import Representation, RepresentationWord
from server.core.holdings import BLANK_NAME, Subject, count_of, erase, export_of
from server.core.house import House
from server.core.outbox import Errand
from server.errors import NotFound
from server.messaging.acting_letters import ask_to_act_with, tell_of_review_with
from server.messaging.composing import Post
from server.patients.doors import patient_of
from server.patients.holdings import HOLDINGS
from server.patients.representing import REVIEW, TOLD_BEFORE, born_on, take
from server.web.i18n import read_languages
from tests.acting import DORA, ask, let_act, representation, seat_dora
from tests.cast import DANA, OLGA, seat_cast
from tests.contract.test_places import Box

pytestmark = [pytest.mark.anyio, pytest.mark.row("P5")]


@pytest.fixture
async def house(idle_house: House) -> House:
    async with idle_house.database.write() as tx:
        await seat_cast(tx, idle_house.clock.now())
    return idle_house


def post_of(house: House) -> Post:
    return Post(house.secrets, "http://testserver", read_languages(None))


async def test_two_who_follow_one_link_at_once_are_one(house: House) -> None:
    _, token = await ask(house)
    async with house.database.write() as tx:
        await seat_dora(tx, house)
    taken: list[bool] = []

    async def follow(person: object) -> None:
        try:
            async with house.database.write() as tx:
                await take(tx, token, person.person_id, house.clock.now())  # type: ignore[attr-defined]
        except NotFound:
            taken.append(False)
        else:
            taken.append(True)

    async with anyio.create_task_group() as group:
        group.start_soon(follow, DORA)
        group.start_soon(follow, OLGA)
    assert sorted(taken) == [False, True]


async def test_the_link_is_written_to_while_it_is_good_and_names_nobody(house: House) -> None:
    asked, token = await ask(house)
    async with house.database.write() as tx:
        (await tx.get_one(Representation, asked)).email = DORA.email
    box = Box()
    run = ask_to_act_with(house, post_of(house), box)
    await run(asked)
    assert [letter.to for letter in box.letters] == [DORA.email]
    words = " ".join(box.letters[0].sentences)
    assert f"http://testserver/acting/{token}" in words
    assert DANA.name not in words
    async with house.database.write() as tx:
        await seat_dora(tx, house)
        await take(tx, token, DORA.person_id, house.clock.now())
    await run(asked)
    assert len(box.letters) == 1


async def test_before_a_birthday_both_are_told_without_a_name(house: House) -> None:
    """dana turns sixteen in ten days: the errand is due now, and is silent once that is not so any more."""
    one = await let_act(house, Reach.SEE)
    now = house.clock.now()
    born = (now + timedelta(days=10)).date().replace(year=now.year - 16)
    async with house.database.write() as tx:
        patient = await patient_of(tx, DANA.patient_id)
        patient.email = DANA.email
        (await tx.get_one(Representation, one)).email = DORA.email
        await born_on(tx, patient, "Europe/London", born, now)
    async with house.database.read() as tx:
        errands = list(await tx.scalars(select(Errand).where(Errand.kind == REVIEW)))
    sleeps_at = (await representation(house)).sleeps_at
    assert sleeps_at is not None
    assert [errand.run_at for errand in errands] == [max(now, sleeps_at - TOLD_BEFORE)]
    box = Box()
    run = tell_of_review_with(house, post_of(house), box)
    await run(one)
    assert {letter.to for letter in box.letters} == {DANA.email, DORA.email}
    assert not any(DANA.name in sentence or DORA.name in sentence for letter in box.letters for sentence in letter.sentences)
    async with house.database.write() as tx:
        await born_on(tx, await patient_of(tx, DANA.patient_id), "Europe/London", None, now)
    await run(one)
    assert len(box.letters) == 2


async def test_it_is_held_about_both(house: House) -> None:
    await let_act(house)
    holding = next(holding for holding in HOLDINGS if holding.name == "patients.acting")
    async with house.database.read() as tx:
        assert await count_of(tx, holding, Subject(DORA.person_id)) == 3
        assert await count_of(tx, holding, Subject(None, frozenset({DANA.patient_id}))) == 3
        assert await count_of(tx, holding, Subject(OLGA.person_id)) == 0


async def test_the_copy_of_whoever_acts_has_nothing_of_what_the_practice_noted(house: House) -> None:
    one = await let_act(house)
    async with house.database.write() as tx:
        word = (await tx.scalars(select(RepresentationWord).where(RepresentationWord.representation_id == one).limit(1))).one()
        word.evidence = "Her birth certificate"
        (await tx.get_one(Representation, one)).email = DANA.email
    holding = next(holding for holding in HOLDINGS if holding.name == "patients.acting")
    async with house.database.read() as tx:
        copy = str(await export_of(tx, holding, Subject(DORA.person_id)))
    assert DORA.name in copy
    assert "Her birth certificate" not in copy
    assert DANA.email not in copy


async def test_an_account_that_closes_leaves_what_others_records_say_of_acting(house: House) -> None:
    one = await let_act(house)
    async with house.database.write() as tx:
        word = (await tx.scalars(select(RepresentationWord).where(RepresentationWord.representation_id == one).limit(1))).one()
        word.evidence = "Seen"
        (await tx.get_one(Representation, one)).email = DORA.email
    holding = next(holding for holding in HOLDINGS if holding.name == "patients.acting")
    for subject, left in ((Subject(DORA.person_id), ["Seen"]), (Subject(None, frozenset({DANA.patient_id})), [])):
        async with house.database.write() as tx:
            await erase(tx, [holding], subject)
        async with house.database.read() as tx:
            said = await tx.scalars(select(RepresentationWord.evidence).where(RepresentationWord.evidence.is_not(None)))
            assert list(said) == left
            row = await tx.get_one(Representation, one, populate_existing=True)
        assert (row.name, row.email) == (DORA.name if left else BLANK_NAME, None)
        assert row.person_id == (DORA.person_id if left else None)
