"""The JSON API that offers known patients while somebody writes a name."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.viewer import professional_of
from server.consultation.known import find_known
from server.web.endpoint import Strict, answer, house_of, read_body


class Search(Strict):
    """The letters stand in the body, because addresses end up in the logs of proxies."""

    letters: Annotated[str, Field(max_length=200)]


class KnownAnswer(BaseModel):
    id: UUID
    name: str
    newest_at: datetime


class PatientsAnswer(BaseModel):
    patients: list[KnownAnswer]


def routes() -> list[Route]:
    return [Route("/api/patients/search", _search, methods=["POST"])]


async def _search(request: Request) -> Response:
    viewer = await professional_of(request)
    body = await read_body(request, Search)
    async with house_of(request).database.read() as tx:
        found = await find_known(tx, viewer, body.letters)
    return answer(PatientsAnswer(patients=[KnownAnswer(**one._asdict()) for one in found]))
