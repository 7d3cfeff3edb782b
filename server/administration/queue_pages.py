"""The page of the queues: what the server still has to do, what it gave up, and what waits for somebody.

Errands belong to the server and name nobody; whoever looks after a practice of this server sees to them, on record.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.reviewing import reviews_waiting
from server.access.viewer import viewer_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.errands import MOST, given_up, lines, run_again, set_aside
from server.core.outbox import Errand
from server.web.endpoint import house_of
from server.web.pages import render

PAGE = "/practice/queues"

Settle = Callable[[Tx, UUID, datetime], Awaitable[Errand]]


def routes() -> list[Route]:
    one = "/practice/errands/{errand_id:uuid}"
    return [
        Route(PAGE, _queues),
        Route(one + "/again", _settling(run_again, "again"), methods=["POST"]),
        Route(one + "/aside", _settling(set_aside, "aside"), methods=["POST"]),
    ]


async def _queues(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        waiting, dead = await lines(tx), await given_up(tx)
        reviews, part = await reviews_waiting(tx, practice.id), await part_of(tx, viewer)
    late = max(((now - line.oldest_at).total_seconds() for line in waiting), default=0)
    shown = {
        "part": part, "waiting": waiting, "dead": dead, "most": MOST, "reviews": len(reviews), "late_min": int(late // 60),
        "zone": practice.time_zone,
        "now": now, "done": request.query_params.get("done"),
    }  # fmt: skip
    return render(request, "staff/queues.html", shown)


def _settling(settle: Settle, done: str) -> Callable[[Request], Awaitable[Response]]:
    async def edge(request: Request) -> Response:
        viewer, house = await viewer_of(request), house_of(request)
        now = house.clock.now()
        async with house.database.write() as tx:
            practice_id = await in_charge_of(tx, viewer)
            errand = await settle(tx, request.path_params["errand_id"], now)
            said = f"{done}: {errand.kind}"
            await record(tx, Deed(practice_id, viewer.person_id, Act.CHANGED, "errand", errand.id, None, said), now)
        return RedirectResponse(f"{PAGE}?done={done}", status_code=303)

    return edge
