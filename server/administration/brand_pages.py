"""How a practice looks to patients: its page for whoever looks after it, and the style and the logo that every page asks for."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.brand import LONGEST_WORDS, USUAL, Brand, brand_of, colours_of, decide_colours, decide_logo, see_brand
from server.access.colours import HEX, Colours, Mode, Weak, css_of, tidy, weakness
from server.access.home import part_of
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.viewer import viewer_of
from server.core.marking import _
from server.core.press import Press
from server.errors import Conflict, Invalid, TooBig
from server.patients.file_kinds import PICTURES, refusal
from server.patients.inspecting import inspect
from server.patients.pictures import small_png
from server.web.assets import FOREVER
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.uploads import read_upload

NO_PICTURE = _("This is no picture that can be a logo. Please choose a PNG, JPEG or WebP file.")
PAGE = "/practice/brand"
MOST_BYTES = 2 << 20
BOX = (480, 160)  # pixels; pages show it half as large, for screens that have twice as many
TRIED = ".brand-try"

Faults = Mapping[str, "str | Weak"]  # by field a code or a sentence, or what is weak about a colour


def routes(press: Press) -> list[Route]:
    look = "/brand/{practice_id:uuid}/{mark}"

    async def logo(request: Request) -> Response:
        return await _logo(request, press)

    return [
        Route(PAGE, _brand),
        Route(PAGE + "/try.css", _try),
        Route(PAGE + "/colours", _colours, methods=["POST"]),
        Route(PAGE + "/logo", logo, methods=["POST"]),
        Route(PAGE + "/remove", _remove, methods=["POST"]),
        Route(look + ".css", _style),
        Route(look + ".png", _picture),
    ]


async def _brand(request: Request) -> Response:
    return await _show(request, await viewer_of(request))


async def _show(
    request: Request, viewer: Viewer, typed: Mapping[str, str] | None = None, faults: Mapping[str, object] | None = None
) -> Response:
    """Show the page; after a refusal with what was typed, and by field a code or what is weak about a colour."""
    async with house_of(request).database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        brand, part = await brand_of(tx, practice), await part_of(tx, viewer)
    tried = _tried(request.query_params)
    shown = {
        "part": part, "practice": practice, "brand": brand, "usual": USUAL, "faults": faults or {},
        "done": request.query_params.get("done"),
        "typed": {**_kept(brand, tried), **(typed or {})}, "tried": tried, "longest": LONGEST_WORDS,
    }  # fmt: skip
    return render(request, "staff/brand.html", shown, 422 if faults else 200)


def _kept(brand: Brand | None, tried: Colours | None) -> dict[str, str]:
    light, dark = tried or ((brand.light or "", brand.dark or "") if brand else ("", ""))
    return {"light": light, "dark": dark, "words": brand.words if brand else ""}


def _tried(query: Mapping[str, str]) -> Colours | None:
    """Return the colours that a page is asked to try out, if they are two."""
    found = Colours(query.get("light", ""), query.get("dark", ""))
    return found if all(HEX.fullmatch(one) for one in found) else None


async def _try(request: Request) -> Response:
    """Return the style of the example on the page, which is not kept."""
    viewer = await viewer_of(request)
    async with house_of(request).database.read() as tx:
        brand = await brand_of(tx, await tx.get_one(Practice, await in_charge_of(tx, viewer)))
    colours = _tried(request.query_params) or (brand.colours if brand else USUAL)
    return Response(css_of(colours, TRIED), media_type="text/css")


async def _colours(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await in_charge_of(tx, viewer)
    form = await read_form(request)
    typed = {name: tidy(form.get(name, "")) if form.get(name) else "" for name in ("light", "dark")}
    if faults := colour_faults(typed):
        return await _show(request, viewer, typed, faults)
    colours = colours_of(typed["light"], typed["dark"])
    if form.get("what") == "try":
        return RedirectResponse(f"{PAGE}?light=%23{colours.light[1:]}&dark=%23{colours.dark[1:]}#example", status_code=303)
    try:
        async with house.database.write() as tx:
            await decide_colours(tx, viewer, form.get("seen", ""), colours, house.clock.now())
    except Conflict:
        return await _show(request, viewer, typed, {"light": "stale"})
    return RedirectResponse(f"{PAGE}?done=colours", status_code=303)


def colour_faults(typed: Mapping[str, str]) -> dict[str, str | Weak]:
    """Return by field `missing`, `no_colour`, or what is weak about the colour."""
    faults: dict[str, str | Weak] = {}
    for name, mode in (("light", Mode.LIGHT), ("dark", Mode.DARK)):
        if not typed[name]:
            faults |= {"light": "missing"} if mode is Mode.LIGHT else {}
        elif not HEX.fullmatch(typed[name]):
            faults[name] = "no_colour"
        elif weak := weakness(typed[name], mode):
            faults[name] = weak
    return faults


async def _logo(request: Request, press: Press) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await in_charge_of(tx, viewer)
    await house.limiter.hit("upload", str(viewer.person_id))
    typed: dict[str, str] = {}
    text = language_of(request).text
    try:
        async with read_upload(request, MOST_BYTES) as upload:
            typed = {"words": upload.fields.get("words", "")}
            if not 0 < len(typed["words"]) <= LONGEST_WORDS:
                return await _show(request, viewer, typed, {"words": "words"})
            logo = await _drawn(request, press, upload.name, upload.content)
        async with house.database.write() as tx:
            await decide_logo(tx, viewer, upload.fields.get("seen", ""), logo, typed["words"], house.clock.now())
    except TooBig:
        return await _show(request, viewer, typed, {"file": text(refusal("big").message)})
    except Invalid as fault:
        return await _show(request, viewer, typed, {"file": text(NO_PICTURE if fault.code == "kind" else fault.message)})
    except Conflict:
        return await _show(request, viewer, typed, {"file": "stale"})
    return RedirectResponse(f"{PAGE}?done=logo", status_code=303)


async def _drawn(request: Request, press: Press, name: str, content: bytes) -> bytes:
    """Return the picture looked through, drawn anew and small; raises `Invalid`."""
    if not name:
        raise refusal("none")
    found = await inspect(press, house_of(request).scanner, name, content)
    if found.kind not in PICTURES:
        raise refusal("kind")
    return await press.make_apart(small_png, found.content, found.kind, BOX)


async def _remove(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await in_charge_of(tx, viewer)
    form = await read_form(request)
    seen, now = form.get("seen", ""), house.clock.now()
    what = "logo" if form.get("what") == "logo" else "colours"
    try:
        async with house.database.write() as tx:
            await (decide_logo(tx, viewer, seen, None, "", now) if what == "logo" else decide_colours(tx, viewer, seen, None, now))
    except Conflict:
        return await _show(request, viewer, faults={"file" if what == "logo" else "light": "stale"})
    return RedirectResponse(f"{PAGE}?done={what}_removed", status_code=303)


async def _style(request: Request) -> Response:
    return _for_ever(css_of((await _look(request)).colours).encode(), "text/css")


async def _picture(request: Request) -> Response:
    return _for_ever((await _look(request)).logo or b"", "image/png")


async def _look(request: Request) -> Brand:
    async with house_of(request).database.read() as tx:
        return await see_brand(tx, request.path_params["practice_id"], request.path_params["mark"])


def _for_ever(content: bytes, kind: str) -> Response:
    return Response(content, media_type=kind, headers={"Cache-Control": FOREVER}) if content else Response(status_code=404)
