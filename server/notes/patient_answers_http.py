"""The JSON API of the patient's answers beside the note."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.viewer import load_viewer
from server.identity.gate import signed_in
from server.notes.doors import see_note
from server.notes.patient_answers import blocks_of, find_booked, open_answers, told
from server.notes.prose_nodes import nodes_of
from server.web.endpoint import answer, house_of
from server.web.pages import language_of


class LineAnswer(BaseModel):
    """`answer` is None where the question was left out."""

    question: str
    answer: str | None


class SentAnswer(BaseModel):
    """`lines` is None where the answers cannot be read any more; `nodes` are they as text for the note, with where they come from."""

    sent_at: datetime
    lines: list[LineAnswer] | None
    bmi: str | None
    nodes: list[dict[str, Any]]


class PatientAnswersAnswer(BaseModel):
    """`sent` is None where nothing was sent, and for whoever is not booked: the two look the same."""

    sent: SentAnswer | None


def routes() -> list[Route]:
    return [Route("/api/notes/{note_id:uuid}/answers", _answers)]


async def _answers(request: Request) -> Response:
    """Answer only once it is on record who opened them."""
    who = await signed_in(request)
    house, language = house_of(request), language_of(request)
    now = house.clock.now()
    async with house.database.write() as tx:
        seen = await see_note(tx, await load_viewer(tx, who, now), request.path_params["note_id"])
        booked = await find_booked(tx, seen)
        sheet = await open_answers(tx, house.keyring, seen.viewer, booked, now) if booked else None
    if booked is None or sheet is None or sheet.row.sent_at is None:
        return answer(PatientAnswersAnswer(sent=None))
    if sheet.unreadable:
        return answer(PatientAnswersAnswer(sent=SentAnswer(sent_at=sheet.row.sent_at, lines=None, bmi=None, nodes=[])))
    lines, bmi = told(language, sheet)
    shown = [LineAnswer(question=line.question, answer=line.answer) for line in lines]
    nodes = nodes_of(blocks_of(language, sheet, booked.zone))
    return answer(PatientAnswersAnswer(sent=SentAnswer(sent_at=sheet.row.sent_at, lines=shown, bmi=bmi, nodes=nodes)))
