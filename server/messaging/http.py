"""The outbox page: messages as they would read, for a practice without an SMS or mail provider."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import professional_of
from server.messaging.actions import visible_deliveries
from server.messaging.composing import Post, called_name, compose
from server.web.endpoint import base_url_of, house_of
from server.web.i18n import read_languages
from server.web.pages import render


def routes() -> list[Route]:
    return [Route("/outbox", _outbox)]


async def _outbox(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    post = Post(house.secrets, base_url_of(request), read_languages(house.settings.locales_dir))
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, viewer.practice_id)
        deliveries = await visible_deliveries(tx, viewer)
        letters = [await compose(tx, post, delivery, house.clock.now()) for delivery in deliveries]
        names = [await called_name(tx, delivery) for delivery in deliveries]
    messages = [
        {
            "id": delivery.id,
            "channel": delivery.channel,
            "created_at": delivery.created_at,
            "status": delivery.status,
            "to": name or (letter.to if letter else None),
            "body": letter.body if letter else None,
        }
        for delivery, letter, name in zip(deliveries, letters, names, strict=True)
    ]
    return render(request, "staff/outbox.html", {"messages": messages, "zone": practice.time_zone, "now": house.clock.now()})
