"""A patient who is asked something before an appointment, and the questionnaires that they are asked."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx2
from starlette.applications import Starlette

from server.access.viewer import viewer_in
from server.core.db import Tx
from server.core.house import House
from server.patients.building import add_questionnaire, publish
from server.patients.questions import USUAL, AnswerKind, Question
from tests.cast import ALICE, Staff
from tests.conftest import browser_of
from tests.http.booking import Booker, appointments, offer

EDITS = re.compile(r'name="edits" value="([0-9]+)"')
USUAL_ANSWERS = ({"cm": "170"}, {"kg": "70"}, {"text": "My knee, for two weeks"})
EVERY_KIND = (
    Question("aa", AnswerKind.TEXT, "What do you do for a living?"),
    Question("bb", AnswerKind.LONG_TEXT, "What troubles you?"),
    Question("cc", AnswerKind.NUMBER, "How much do you sleep?", unit="hours", low="0", high="24"),
    Question("dd", AnswerKind.ONE, "Do you smoke?", options=("Yes", "No")),
    Question("ee", AnswerKind.SEVERAL, "Where does it hurt?", required=False, options=("Head", "Back", "Knee")),
    Question("ff", AnswerKind.DATE, "When did it begin?"),
    Question("gg", AnswerKind.HEIGHT, "How tall are you?"),
    Question("hh", AnswerKind.WEIGHT, "How much do you weigh?"),
    Question("ii", AnswerKind.CONSENT, "I agree that my answers are used in the consultation."),
)
EVERY_ANSWER = (
    {"text": "Baker"}, {"text": "It hurts\nwhen I walk"}, {"number": "7.5"}, {"choice": "1"}, {"o1": "1", "o2": "1"},
    {"day": "3", "month": "2", "year": "2026"}, {"ft": "5", "inch": "7"}, {"st": "11", "lb": "4"}, {"agree": "yes"},
)  # fmt: skip


async def publish_questionnaire(house: House, questions: tuple[Question, ...] = USUAL, by: Staff = ALICE) -> UUID:
    """Publish a questionnaire of the clinic, and return its id."""
    async with house.database.write() as tx:
        return await make_questionnaire(tx, house.clock.now(), questions, by)


async def make_questionnaire(tx: Tx, now: datetime, questions: tuple[Question, ...], by: Staff = ALICE) -> UUID:
    viewer = await viewer_in(tx, by.person_id, by.practice_id, now)
    made = await add_questionnaire(tx, viewer, "Before the call", now, questions)
    await publish(tx, viewer, made, now)
    return made.id


@dataclass
class Answerer:
    """A browser with the link of an appointment."""

    client: httpx2.AsyncClient
    visit: str
    appointment_id: UUID
    questions: tuple[Question, ...] = field(default=USUAL)

    @property
    def base(self) -> str:
        return f"{self.visit}/questions"

    async def get(self, page: str = "") -> httpx2.Response:
        return await self.client.get(self.base + page)

    async def do(self, what: str) -> str:
        """Press a button of the first page, and return the way to which it leads."""
        answer = await self.client.post(self.base, data={"do": what})
        assert answer.status_code == 303, answer.text
        return self._way(answer)

    async def fill(self, place: int, fields: dict[str, str], **more: str) -> httpx2.Response:
        """Answer the question at a place, counted from one."""
        data = {"question": self.questions[place - 1].id, **fields, **more}
        return await self.client.post(f"{self.base}/{place}", data=data)

    async def fill_all(self, answers: tuple[dict[str, str], ...] = USUAL_ANSWERS) -> None:
        for place, fields in enumerate(answers, 1):
            answer = await self.fill(place, fields)
            assert answer.status_code == 303, answer.text

    async def edits(self) -> str:
        return EDITS.findall((await self.get("/check")).text)[0]

    async def send(self, edits: str | None = None) -> httpx2.Response:
        return await self.client.post(f"{self.base}/check", data={"edits": await self.edits() if edits is None else edits})

    async def answer_and_send(self, answers: tuple[dict[str, str], ...] = USUAL_ANSWERS) -> None:
        await self.do("begin")
        await self.fill_all(answers)
        assert self._way(await self.send()) == "?sent"

    def _way(self, answer: httpx2.Response) -> str:
        location: str = answer.headers["location"]
        return location.removeprefix(self.base)


async def book_with_questions(
    app: Starlette, house: House, questionnaire_id: UUID, *, times: int = 1, questions: tuple[Question, ...] = USUAL, **more: object
) -> list[Answerer]:
    """Book a service that asks a questionnaire, each time in a browser of its own, and return who answers."""
    async with house.database.write() as tx:
        service = await offer(tx, house.clock.now(), questionnaire_id=questionnaire_id, **more)
    found: list[Answerer] = []
    for place in range(times):
        client = browser_of(app)
        booker = Booker(client, service, service.professional_id or service.team_id or ALICE.professional_id)
        visit = (await booker.book((await booker.times())[place])).partition("/appointment")[0]
        known = {one.appointment_id for one in found}
        booked = next(one.id for one in await appointments(house) if one.id not in known and one.service_id == service.id)
        found.append(Answerer(client, visit, booked, questions))
    return found
