"""A professional's photograph: their own page about it, and where everybody sees it while they are in the directory."""

import hashlib
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.viewer import professional_of
from server.core.press import Press
from server.directory.listing import is_shown
from server.directory.model import Photo
from server.errors import Invalid, NotFound, TooBig
from server.patients.file_kinds import PICTURES, refusal
from server.patients.inspecting import inspect
from server.patients.pictures import square_jpeg
from server.web.assets import FOREVER
from server.web.endpoint import house_of
from server.web.pages import language_of, render
from server.web.uploads import read_upload

PAGE = "/account/profile/photo"
MOST_BYTES = 10 << 20
SIDE = 320  # pixels; pages show it at most half as large, for screens that have twice as many


def routes(press: Press) -> list[Route]:
    async def own(request: Request) -> Response:
        return await _own(request, press)

    return [
        Route(PAGE, own, methods=["GET", "POST"]),
        Route(PAGE + "/own.jpg", _own_picture),
        Route(PAGE + "/remove", _remove, methods=["POST"]),
        Route("/directory/{professional_id:uuid}/{mark}.jpg", _picture),
    ]


async def _own(request: Request, press: Press) -> Response:
    viewer, house = await professional_of(request), house_of(request)
    if request.method != "POST":
        return await _show(request)
    await house.limiter.hit("upload", str(viewer.person_id))
    try:
        async with read_upload(request, MOST_BYTES) as upload:
            picture = await _drawn(request, press, upload.name, upload.content)
    except TooBig:
        return await _show(request, refusal("big").message)
    except Invalid as fault:
        return await _show(request, fault.message)
    mark = hashlib.sha256(picture).hexdigest()[:32]
    async with house.database.write() as tx:
        await tx.merge(Photo(professional_id=viewer.professional_id, mark=mark, picture=picture, given_at=house.clock.now()))
    return RedirectResponse(f"{PAGE}?done=saved", status_code=303)


async def _drawn(request: Request, press: Press, name: str, content: bytes) -> bytes:
    """Return the picture looked through, drawn anew and square; raises `Invalid`."""
    if not name:
        raise refusal("none")
    found = await inspect(press, house_of(request).scanner, name, content)
    if found.kind not in PICTURES:
        raise refusal("kind")
    return await press.make_apart(square_jpeg, found.content, found.kind, SIDE)


async def _show(request: Request, fault: str = "") -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        photo = await tx.get(Photo, viewer.professional_id)
    shown = {
        "photo": photo is not None,
        "fault": language_of(request).text(fault) if fault else "",
        "done": request.query_params.get("done"),
    }
    return render(request, "staff/photo.html", shown, 422 if fault else 200)


async def _own_picture(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        photo = await tx.get(Photo, viewer.professional_id)
    if photo is None:
        raise NotFound
    return Response(photo.picture, media_type="image/jpeg")


async def _remove(request: Request) -> Response:
    viewer, house = await professional_of(request), house_of(request)
    async with house.database.write() as tx:
        photo = await tx.get(Photo, viewer.professional_id)
        if photo is not None:
            await tx.delete(photo)
    return RedirectResponse(f"{PAGE}?done=removed", status_code=303)


async def _picture(request: Request) -> Response:
    """Serve it by its hash while its page is public; raises `NotFound`."""
    professional_id = cast(UUID, request.path_params["professional_id"])
    async with house_of(request).database.read() as tx:
        photo = await tx.get(Photo, professional_id)
        if photo is None or photo.mark != request.path_params["mark"] or not await is_shown(tx, professional_id):
            raise NotFound
    return Response(photo.picture, media_type="image/jpeg", headers={"Cache-Control": FOREVER})
