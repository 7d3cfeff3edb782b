"""The page of what a practice says of itself."""

from collections.abc import Mapping
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.regulators import LONGEST, tidy
from server.access.settings import Said, faults_of, said_by, say, zones
from server.access.viewer import viewer_of
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.i18n import read_languages
from server.web.pages import render

PAGE = "/practice/settings"


def routes() -> list[Route]:
    return [Route(PAGE, _settings, methods=["GET", "POST"])]


async def _settings(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
    if request.method != "POST":
        return await _show(request, viewer, said_by(practice), {})
    form = await read_form(request, 64 * 1024)
    named = {field: form.get(field, "") for field in ("name", "phone", "time_zone", "language")}
    said = Said(**named, regulators=tidy(form.get("regulators", "")))
    if faults := faults_of(said, _tags(request)):
        return await _show(request, viewer, said, faults, 422)
    async with house.database.write() as tx:
        await say(tx, viewer, said, _tags(request), house.clock.now())
    return RedirectResponse(f"{PAGE}?done=saved", status_code=303)


async def _show(request: Request, viewer: Viewer, said: Said, faults: Mapping[str, str], status: int = 200) -> Response:
    async with house_of(request).database.read() as tx:
        part = await part_of(tx, viewer)
    languages = read_languages(house_of(request).settings.locales_dir)
    shown = {
        "part": part,
        "said": {field: value[: LONGEST if field == "regulators" else 300] for field, value in asdict(said).items()},
        "faults": faults,
        "zones": [(zone, zone) for zone in zones()],
        "languages": [(tag, languages.choose(tag, "").locale.get_display_name()) for tag in languages.tags],
        "longest": LONGEST,
        "done": request.query_params.get("done"),
    }
    return render(request, "staff/practice_settings.html", shown, status)


def _tags(request: Request) -> list[str]:
    return list(read_languages(house_of(request).settings.locales_dir).tags)
