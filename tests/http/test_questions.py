"""The questions before a consultation, as a patient answers them by the link of the appointment, without a script."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.consultation.lapse import find_lapsed, sweep_lapsed
from server.consultation.model import Consultation
from server.consultation.settle_jobs import settle_due
from server.core.house import House
from server.patients.questionnaire import AnswerSet
from tests.cast import Cast
from tests.conftest import StillClock, browser_of
from tests.http.asking import EVERY_ANSWER, EVERY_KIND, Answerer, book_with_questions, publish_questionnaire
from tests.http.booking import VERSION

pytestmark = [pytest.mark.anyio, pytest.mark.row("B5")]


@pytest.fixture
async def erin(app: Starlette, house: House, cast: Cast) -> AsyncIterator[Answerer]:
    """erin, who has booked what asks the usual questions."""
    (answerer,) = await book_with_questions(app, house, await publish_questionnaire(house))
    yield answerer
    await answerer.client.aclose()


async def sets(house: House) -> list[AnswerSet]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AnswerSet).order_by(AnswerSet.begun_at, AnswerSet.sent_at)))


async def begin_consultation(house: House, appointment_id: UUID) -> None:
    async with house.database.write() as tx:
        begun = update(Consultation).where(Consultation.appointment_id == appointment_id)
        await tx.execute(begun.values(started_at=house.clock.now()))


async def test_the_pages_around_ask_for_it_and_say_when_it_is_done(erin: Answerer) -> None:
    for page in ("", "/appointment"):
        assert f'href="{erin.base}"' in (await erin.client.get(erin.visit + page)).text
    await erin.do("begin")
    assert "Your answers are not sent yet" in (await erin.client.get(f"{erin.visit}/appointment")).text
    await erin.fill_all()
    await erin.send()
    for page in ("", "/appointment"):
        assert "Your answers are sent" in (await erin.client.get(erin.visit + page)).text


async def test_one_question_on_each_page_and_then_the_check(erin: Answerer, house: House) -> None:
    assert "3 questions" in (await erin.get()).text
    assert await erin.do("begin") == "/1"
    page = (await erin.get("/1")).text
    assert "Question 1 of 3" in page
    assert "How tall are you?" in page
    assert (await erin.fill(1, {"cm": "170"})).headers["location"] == f"{erin.base}/2"
    assert (await erin.fill(2, {"st": "11", "lb": "0"})).headers["location"] == f"{erin.base}/3"
    assert (await erin.fill(3, {"text": "My knee"})).headers["location"] == f"{erin.base}/check"
    checked = (await erin.get("/check")).text
    assert all(words in checked for words in ("170 cm (5 ft 7 in)", "69.9 kg (11 st 0 lb)", "My knee"))
    assert (await erin.send()).headers["location"] == f"{erin.base}?sent"
    assert "Thank you." in (await erin.get("?sent")).text
    assert [one.sent_at for one in await sets(house)] == [house.clock.now()]


async def test_every_kind_of_question_can_be_answered(app: Starlette, house: House, cast: Cast) -> None:
    questionnaire_id = await publish_questionnaire(house, EVERY_KIND)
    (erin,) = await book_with_questions(app, house, questionnaire_id, questions=EVERY_KIND)
    await erin.do("begin")
    for place in range(1, len(EVERY_KIND) + 1):
        page = await erin.get(f"/{place}")
        assert EVERY_KIND[place - 1].text in page.text
    await erin.fill_all(EVERY_ANSWER)
    checked = (await erin.get("/check")).text
    words = ("Baker", "when I walk", "7.5 hours", "No", "Back\nKnee", "3 February 2026", "5 ft 7 in", "11 st 4 lb", "Agreed")
    assert all(one in checked for one in words)
    assert (await erin.send()).status_code == 303


async def test_nothing_that_was_written_is_lost_when_it_is_no_answer(erin: Answerer) -> None:
    await erin.do("begin")
    answer = await erin.fill(1, {"cm": "tall"})
    assert answer.status_code == 422
    assert 'value="tall"' in answer.text
    assert "in centimetres" in answer.text
    assert 'value="tall"' in (await erin.get("/1")).text
    assert (await erin.fill(3, {"text": "It hurts"}, back="1")).headers["location"] == f"{erin.base}/2"
    assert "It hurts" in (await erin.get("/3")).text
    refused = await erin.send()
    assert refused.status_code == 422
    assert "tall" in refused.text


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        (1, {"cm": "17"}), (1, {"cm": "170", "ft": "5"}), (1, {"ft": "5", "inch": "12"}), (2, {"kg": "-70"}), (2, {"kg": "1e3"}),
        (2, {}), (3, {"text": " "}), (3, {"text": "x" * 4001}), (1, {"cm": "٣٠٠"}),
    ],
)  # fmt: skip
async def test_bad_23_what_cannot_be_an_answer_is_shown_again(erin: Answerer, place: int, fields: dict[str, str]) -> None:
    await erin.do("begin")
    answer = await erin.fill(place, fields)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    for text in fields.values():
        assert text.strip() in answer.text


async def test_bad_35_html_in_an_answer_stays_text(erin: Answerer) -> None:
    await erin.do("begin")
    await erin.fill(3, {"text": "</textarea><script>alert(1)</script>"})
    for page in ("/3", "/check"):
        text = (await erin.get(page)).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


async def test_bad_24_a_text_far_too_long_is_refused_whole(erin: Answerer, house: House) -> None:
    await erin.do("begin")
    assert (await erin.fill(3, {"text": "x" * 170_000})).status_code == 413
    assert [one.edits for one in await sets(house)] == [0]


async def test_bad_an_answer_to_an_unknown_question_is_stored_nowhere(erin: Answerer, house: House) -> None:
    await erin.do("begin")
    answer = await erin.client.post(f"{erin.base}/1", data={"question": "nobody", "cm": "170"})
    assert answer.status_code == 422
    assert 'value="170"' in answer.text
    assert (await erin.client.post(f"{erin.base}/99", data={"question": "nobody"})).headers["location"] == erin.base
    assert [one.edits for one in await sets(house)] == [0]


async def test_the_script_saves_without_judging(erin: Answerer) -> None:
    await erin.do("begin")
    draft = {"question": erin.questions[0].id, "cm": "1"}
    assert (await erin.client.post(f"{erin.base}/1/draft", data=draft)).status_code == 204
    assert 'value="1"' in (await erin.get("/1")).text
    too_long = {"question": erin.questions[2].id, "text": "x" * 4001}
    assert (await erin.client.post(f"{erin.base}/3/draft", data=too_long)).status_code == 422


async def test_what_was_sent_never_changes_and_a_change_is_a_new_set(erin: Answerer, house: House) -> None:
    await erin.answer_and_send()
    before = (await sets(house))[0].sealed
    assert await erin.do("change") == "/check"
    assert (await erin.fill(1, {"cm": "171"}, to="check")).headers["location"] == f"{erin.base}/check"
    assert "counts until you send them again" in (await erin.get()).text
    assert "counts until you send them again" in (await erin.client.get(f"{erin.visit}/appointment")).text
    await erin.send()
    first, second = await sets(house)
    assert first.sealed == before
    assert second.sent_at is not None


async def test_a_change_can_be_left_alone(erin: Answerer, house: House) -> None:
    assert await erin.do("keep") == "/1"
    await erin.fill_all()
    await erin.send()
    await erin.do("change")
    await erin.fill(1, {"cm": "180"})
    assert await erin.do("keep") == ""
    assert [one.sent_at is not None for one in await sets(house)] == [True]
    assert "Your answers are sent" in (await erin.client.get(erin.visit)).text


async def test_going_back_after_sending_and_on_again_changes_nothing(erin: Answerer, house: House) -> None:
    await erin.answer_and_send()
    assert (await erin.fill(1, {"cm": "170"})).status_code == 303
    assert len(await sets(house)) == 1
    assert (await erin.get("/1")).headers["location"] == erin.base


@pytest.mark.row("V1")
async def test_bad_08_two_tabs_send_only_what_was_looked_through(erin: Answerer, house: House) -> None:
    await erin.do("begin")
    await erin.fill_all()
    seen = await erin.edits()
    await erin.fill(1, {"cm": "180"})
    refused = await erin.send(seen)
    assert refused.status_code == 409
    assert "180 cm" in refused.text
    assert (await erin.send()).status_code == 303
    assert (await erin.send("0")).headers["location"] == erin.base
    assert len(await sets(house)) == 1


async def test_nothing_can_be_sent_once_the_consultation_has_begun(erin: Answerer, house: House) -> None:
    await erin.do("begin")
    await erin.fill_all()
    edits = await erin.edits()
    await begin_consultation(house, erin.appointment_id)
    for answer in (await erin.send(edits), await erin.fill(3, {"text": "One thing more"})):
        assert answer.status_code == 409
        assert "has begun" in answer.text
    assert "One thing more" in answer.text
    assert "has begun" in (await erin.get()).text
    assert (await erin.get("/1")).headers["location"] == erin.base
    assert (await erin.client.post(erin.base, data={"do": "begin"})).status_code == 409
    assert [one.sent_at for one in await sets(house)] == [None]
    assert erin.base not in (await erin.client.get(erin.visit)).text


async def test_nobody_is_asked_where_the_service_asks_nothing(app: Starlette, house: House, cast: Cast) -> None:
    (erin,) = await book_with_questions(app, house, None)  # type: ignore[arg-type]
    assert (await erin.get()).headers["location"] == erin.visit
    assert erin.base not in (await erin.client.get(f"{erin.visit}/appointment")).text


async def test_bad_28_the_questions_of_another_visit_do_not_open(app: Starlette, erin: Answerer, house: House) -> None:
    await erin.answer_and_send()
    async with browser_of(app) as stranger:
        for page in ("", "/1", "/check"):
            answer = await stranger.get(erin.base + page)
            assert answer.status_code == 404
            assert "knee" not in answer.text


async def test_a_draft_is_forgotten_with_its_appointment_and_what_was_sent_is_not(app: Starlette, house: House, cast: Cast) -> None:
    (erin,) = await book_with_questions(app, house, await publish_questionnaire(house), cancel_until_min=0)
    await erin.answer_and_send()
    await erin.do("change")
    assert len(await sets(house)) == 2
    version = VERSION.findall((await erin.client.get(f"{erin.visit}/cancel")).text)[0]
    assert (await erin.client.post(f"{erin.visit}/cancel", data={"version": version})).status_code == 303
    assert [one.sent_at is not None for one in await sets(house)] == [True]
    assert (await erin.get()).headers["location"] == erin.visit


@pytest.mark.parametrize("begun", [True, False])
async def test_a_draft_is_forgotten_once_it_cannot_be_sent(erin: Answerer, house: House, clock: StillClock, begun: bool) -> None:
    """A patient who was there in vain may still write until the links are closed."""
    await erin.do("begin")
    if begun:
        await begin_consultation(house, erin.appointment_id)
    clock.advance(26 * 3600)
    await settle_due(house)
    assert len(await sets(house)) == (0 if begun else 1)
    clock.advance(26 * 3600)
    async with house.database.write() as tx:
        await sweep_lapsed(tx, await find_lapsed(tx, clock.now()), clock.now())
    assert await sets(house) == []


@pytest.mark.parametrize("place", ["0", "4", "9999", "12345", "1" * 5000, "-1", "1.5", "x"])
async def test_what_is_no_question_is_not_there(erin: Answerer, place: str) -> None:
    await erin.do("begin")
    answer = await erin.get(f"/{place}")
    assert answer.status_code in {303, 404}
