"""The device and network check: one page per step, its result kept in words for the professional."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from server.consultation.device_words import STEPS
from server.consultation.model import Stage
from server.consultation.turn import ice_servers
from server.consultation.visit_actions import record_check, start_visit
from server.consultation.visit_view import GoTo, View, go_to, read_view, show, view_of
from server.web.endpoint import house_of
from server.web.forms import read_form

ORDER = list(STEPS)
PROBE = hashlib.shake_256(b"probe").digest(192 * 1024)  # incompressible, so that no proxy makes the network look faster than it is


def checking(view: View) -> View:
    """Let through whoever may check their devices: with a link that is early, too, and then without any consent."""
    if view.closed:
        raise GoTo(view.base)
    if view.visit.consultation.over and not view.may_rejoin:
        raise GoTo(f"{view.base}/after")
    if not view.early and not view.agreed:
        raise GoTo(f"{view.base}/consent")
    return view


async def _camera(request: Request) -> Response:
    return show(request, checking(await read_view(request)), "camera", step="camera")


async def _microphone(request: Request) -> Response:
    return show(request, checking(await read_view(request)), "microphone", step="microphone")


async def _speaker(request: Request) -> Response:
    return show(request, checking(await read_view(request)), "speaker", step="speaker")


async def _network(request: Request) -> Response:
    view = checking(await read_view(request))
    ice = ice_servers(house_of(request).settings, view.now, view.visit.participant.id)
    return show(request, view, "network", step="network", boot={"probe": f"{view.base}/probe", "socket": "/ws/room", "ice": ice})


async def _check(request: Request) -> Response:
    """Store the result of one step and go on to the next one."""
    form = await read_form(request)
    step = form.get("step", "")
    async with house_of(request).database.write() as tx:
        view = checking(await view_of(tx, request, lock=True))
        record_check(tx, view.visit, step, form.get("result", ""))
        if not view.early:
            start_visit(tx, view.visit, Stage.CHECKING)
    return go_to(_after(view, step))


def _after(view: View, step: str) -> str:
    following = ORDER[ORDER.index(step) + 1 :]
    if following:
        return f"{view.base}/{following[0]}"
    return view.base if view.early else f"{view.base}/room"


async def _probe(request: Request) -> Response:
    """Answer with nothing (for the round trip) or with a known number of bytes (for the speed)."""
    checking(await read_view(request))
    return Response(PROBE if request.query_params.get("size") == "full" else b"", media_type="application/octet-stream")


PAGES = (
    ("/camera", _camera, ["GET"]),
    ("/microphone", _microphone, ["GET"]),
    ("/speaker", _speaker, ["GET"]),
    ("/network", _network, ["GET"]),
    ("/check", _check, ["POST"]),
    ("/probe", _probe, ["GET"]),
)
