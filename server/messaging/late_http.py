"""The professional's JSON interface to running late, and the errand that tells of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice, Professional
from server.access.viewer import professional_of, viewer_in
from server.consultation.actions import take_place
from server.consultation.commands import Hold
from server.consultation.doors import patient_of
from server.consultation.model import Stage
from server.consultation.rooms import Rooms
from server.core.house import House
from server.errors import Conflict
from server.messaging.composing import Post
from server.messaging.delays import TAKE_BACK, concerned, say_late, take_back, tell
from server.messaging.model import Delay
from server.messaging.texts import late_sentence
from server.web.endpoint import Strict, answer, house_of, read_body


class Late(Strict):
    minutes: int


class LateAnswer(BaseModel):
    """So many `patients` are told in `told_in_s` seconds; until then it can be taken back."""

    id: UUID
    patients: int
    told_in_s: int


def routes() -> list[Route]:
    return [
        Route("/api/late", _say, methods=["POST"]),
        Route("/api/late/{delay_id:uuid}", _take_back, methods=["DELETE"]),
    ]


async def _say(request: Request) -> Response:
    viewer = await professional_of(request)
    body = await read_body(request, Late)
    house = house_of(request)
    await house.limiter.hit("late", str(viewer.person_id))
    async with house.database.write() as tx:
        said = await say_late(tx, viewer, body.minutes, house.clock.now())
    return answer(LateAnswer(id=said.delay.id, patients=said.patients, told_in_s=TAKE_BACK // timedelta(seconds=1)), status=201)


async def _take_back(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    async with house.database.write() as tx:
        await take_back(tx, viewer, request.path_params["delay_id"], house.clock.now())
    return answer()


def tell_with(house: House, post: Post, rooms: Rooms) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `tell-delay`: first the open waiting pages, which may hear it twice, then the messages, which may not."""

    async def run(delay_id: UUID) -> None:
        async with house.database.write() as tx:
            delay = await tx.get_one(Delay, delay_id)
            if delay.told_at is not None or delay.taken_back_at is not None:
                return
            professional = await tx.get_one(Professional, delay.professional_id)
            practice = await tx.get_one(Practice, delay.practice_id)
            viewer = await viewer_in(tx, professional.person_id, practice.id, house.clock.now())
            those = await concerned(tx, professional.id, house.clock.now())
            waiting = [each.id for each in those if (await patient_of(tx, each.id)).stage == Stage.WAITING]
            places = [await take_place(tx, viewer, consultation_id) for consultation_id in waiting]
        sentence = late_sentence(post.languages.choose(practice.language, ""), delay.minutes, professional.full_name)
        for place in places:
            await _show(rooms, place.consultation_id, place.id, sentence)
        async with house.database.write() as tx:
            await tell(tx, delay_id, sentence, house.clock.now())

    return run


async def _show(rooms: Rooms, consultation_id: UUID, place_id: UUID, sentence: str) -> None:
    """Whoever has been let in, or has left, in this moment need not hear it."""
    try:
        await rooms.run(consultation_id, place_id, Hold(participant=None, body=sentence))
    except Conflict:
        return
