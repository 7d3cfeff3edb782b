"""A professional's own page about their page in the directory."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Professional
from server.access.viewer import professional_of
from server.administration.completing import Told, missing_in, pieces_of
from server.directory.languages import MOST, SPOKEN, packed, unpacked
from server.directory.listing import is_shown
from server.directory.model import Profile
from server.directory.pages import PATH, sorted_names
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

PAGE = "/account/profile"
LONGEST = 2_000


def routes() -> list[Route]:
    return [Route(PAGE, _own, methods=["GET", "POST"])]


async def _own(request: Request) -> Response:
    viewer, house = await professional_of(request), house_of(request)
    async with house.database.read() as tx:
        profile = await tx.get(Profile, viewer.professional_id)
    if request.method != "POST":
        return await _show(request, _stored(profile), {})
    form = await read_form(request)
    faults = faults_of(form)
    if form.get("listed") == "yes" and missing_in(await _pieces(request)):
        faults["listed"] = "listed"
    if faults:
        return await _show(request, form, faults, 422)
    async with house.database.write() as tx:
        stored = await tx.get(Profile, viewer.professional_id)
        profile = stored or Profile(professional_id=viewer.professional_id)
        profile.listed, profile.about = form.get("listed") == "yes", form.get("about", "").strip()
        profile.languages, profile.changed_at = packed(_chosen(form)), house.clock.now()
        tx.add(profile)
    return RedirectResponse(f"{PAGE}?done", status_code=303)


def faults_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return a code for each field that cannot stay as it is; to be listed takes a few words and a language."""
    about, chosen = form.get("about", "").strip(), _chosen(form)
    found = {
        "about": "about_long" if len(about) > LONGEST else "about_empty" if form.get("listed") == "yes" and not about else "",
        "languages": "languages" if len(chosen) > MOST or (form.get("listed") == "yes" and not chosen) else "",
    }
    return {field: code for field, code in found.items() if code}


async def _pieces(request: Request) -> list[Told]:
    """Return what belongs to the viewer's registration: nobody is listed whose patients would not know whom they deal with."""
    viewer, house = await professional_of(request), house_of(request)
    async with house.database.read() as tx:
        return await pieces_of(tx, house, await tx.get_one(Professional, viewer.professional_id))


def _chosen(form: Mapping[str, str]) -> list[str]:
    return [tag for tag in SPOKEN if form.get(f"speaks-{tag}") == "yes"]


def _stored(profile: Profile | None) -> dict[str, str]:
    if profile is None:
        return {}
    spoken = {f"speaks-{tag}": "yes" for tag in unpacked(profile.languages)}
    return {"listed": "yes" if profile.listed else "", "about": profile.about, **spoken}


async def _show(request: Request, form: Mapping[str, str], faults: Mapping[str, str], status: int = 200) -> Response:
    viewer, house = await professional_of(request), house_of(request)
    async with house.database.read() as tx:
        public = await is_shown(tx, viewer.professional_id)
    shown = {
        "form": form, "faults": faults, "public": public, "path": f"{PATH}/{viewer.professional_id}", "languages": sorted_names(request),
        "done": "done" in request.query_params, "longest": LONGEST, "most": MOST,
        "pieces": missing_in(await _pieces(request)),
    }  # fmt: skip
    return render(request, "staff/profile.html", shown, status)
