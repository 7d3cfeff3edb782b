"""Answers at rest: sealed for their own place, never changed once they are sent, and under a new key of the ring without a new word."""

from dataclasses import dataclass

import anyio
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.applications import Starlette

from server.access.policy import AnswerFacts
from server.core.house import House
from server.core.keyring import add_key, drop_key, load_keyring
from server.errors import NotFound
from server.patients.answer_doors import see_answers, sheets_at
from server.patients.answers import Sitting, begin
from server.patients.questionnaire import AnswerSet, QuestionnaireVersion
from server.privacy.keys import check_keys, keys_in_use, rotate
from server.settings import BadSettings
from tests.cast import ALICE, BOB, CLINIC, Cast
from tests.http.asking import USUAL_ANSWERS, Answerer, book_with_questions, publish_questionnaire

pytestmark = [pytest.mark.anyio, pytest.mark.row("B5"), pytest.mark.row("N10")]

BOOKED = AnswerFacts(CLINIC, frozenset({ALICE.professional_id}))


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@dataclass
class Sent:
    """Two appointments, both with answers that were sent."""

    house: House
    answerers: list[Answerer]

    async def read(self, place: int = 0) -> str:
        """Return what troubles the patient, as alice reads it."""
        async with self.house.database.read() as tx:
            sheet = await see_answers(tx, self.house.keyring, ALICE.viewer, BOOKED, self.answerers[place].appointment_id)
        assert sheet is not None
        return "unreadable" if sheet.answers is None else str(sheet.answers["troubles"])

    async def run(self, statement: str, **values: object) -> None:
        async with self.house.database.write() as tx:
            await tx.execute(text(statement), values)


@pytest.fixture
async def sent(app: Starlette, house: House, cast: Cast) -> Sent:
    answerers = await book_with_questions(app, house, await publish_questionnaire(house), times=2)
    for number, answerer in enumerate(answerers):
        await answerer.answer_and_send(({"cm": "170"}, {"kg": "70"}, {"text": f"Knee {number}"}))
    return Sent(house, answerers)


async def rows(house: House) -> list[AnswerSet]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AnswerSet).order_by(AnswerSet.begun_at, AnswerSet.id)))


async def test_no_answer_stands_readable_in_the_database(sent: Sent) -> None:
    assert {await sent.read(0), await sent.read(1)} == {"Knee 0", "Knee 1"}
    assert not any(b"Knee" in row.sealed or b"Knee" in row.data_key for row in await rows(sent.house))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE answer_set SET sealed = data_key",
        "UPDATE answer_set SET sent_at = NULL",
        "UPDATE answer_set SET edits = edits + 1",
        "UPDATE questionnaire_version SET questions = '[]'",
    ],
)
async def test_the_database_refuses_to_change_what_was_sent_and_what_was_asked(sent: Sent, statement: str) -> None:
    with pytest.raises(DBAPIError, match="never changed"):
        await sent.run(statement)


async def test_bad_36_answers_that_were_moved_or_spoilt_do_not_open_and_hide_no_others(sent: Sent) -> None:
    """A copy of one set's bytes in another's row: the guard is taken away first, as whoever owns the file could."""
    dialect = "sqlite" if sent.house.database.is_sqlite else "postgresql"
    await sent.run("DROP TRIGGER answer_set_fixed" + ("" if dialect == "sqlite" else " ON answer_set"))
    async with sent.house.database.write() as tx:
        first, second = list(await tx.scalars(select(AnswerSet).order_by(AnswerSet.sent_at, AnswerSet.id)))
        first.sealed, first.data_key, first.key_id = second.sealed, second.data_key, second.key_id
        second.sealed = bytes([second.sealed[0] ^ 1]) + second.sealed[1:]
    assert [await sent.read(0), await sent.read(1)] == ["unreadable", "unreadable"]
    page = await sent.answerers[0].client.post(sent.answerers[0].base, data={"do": "change"})
    assert page.status_code == 409
    assert "call the practice" in page.text


async def test_answers_come_under_a_new_key_and_stay_as_they_are(sent: Sent) -> None:
    house = sent.house
    before = {row.id: row.sealed for row in await rows(house)}
    old, new = house.keyring.current, add_key(house.settings.data_dir)
    assert (await keys_in_use(house.database))[old] == 2
    assert [step async for step in rotate(house.database, house.keyring)] == [(2, 2)]
    assert await keys_in_use(house.database) == {new: 2}
    drop_key(house.settings.data_dir, old)
    assert {row.id: row.sealed for row in await rows(house)} == before
    assert await sent.read() == "Knee 0"
    await check_keys(house.database, house.keyring)


async def test_a_ring_without_the_key_stops_the_start(sent: Sent, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(BadSettings, match="2 sets of answers"):
        await check_keys(sent.house.database, load_keyring(tmp_path_factory.mktemp("other")))


async def test_who_is_not_booked_gets_nothing_through_the_door(sent: Sent) -> None:
    async with sent.house.database.read() as tx:
        with pytest.raises(NotFound):
            await see_answers(tx, sent.house.keyring, BOB.viewer, BOOKED, sent.answerers[0].appointment_id)


async def test_an_appointment_has_one_draft(sent: Sent) -> None:
    """Whatever two tabs do: the database takes no second one."""
    house, appointment_id = sent.house, sent.answerers[0].appointment_id
    async with house.database.write() as tx:
        version = (await tx.scalars(select(QuestionnaireVersion))).one()
        known = (await sheets_at(tx, house.keyring, appointment_id)).sent
        assert known is not None
        sitting = Sitting(appointment_id, known.row.patient_id, version)
        await begin(tx, house.keyring, sitting, {}, house.clock.now())
        with pytest.raises(IntegrityError):
            await begin(tx, house.keyring, sitting, {}, house.clock.now())
        await tx.rollback()


async def test_bad_08_two_tabs_at_once_make_one_draft_and_lose_nothing(app: Starlette, house: House, cast: Cast) -> None:
    (erin,) = await book_with_questions(app, house, await publish_questionnaire(house))
    async with anyio.create_task_group() as tabs:
        for _ in range(4):
            tabs.start_soon(erin.do, "begin")
    assert len(await rows(house)) == 1
    async with anyio.create_task_group() as tabs:
        for place, fields in enumerate(USUAL_ANSWERS, 1):
            tabs.start_soon(erin.fill, place, fields)
    checked = (await erin.get("/check")).text
    assert all(words in checked for words in ("170 cm", "70 kg", "My knee"))
    edits, sent = await erin.edits(), []

    async def send() -> None:
        sent.append((await erin.send(edits)).status_code)

    async with anyio.create_task_group() as tabs:
        for _ in range(3):
            tabs.start_soon(send)
    assert sent == [303, 303, 303]
    assert [row.sent_at is not None for row in await rows(house)] == [True]
