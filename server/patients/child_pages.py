"""The page on which a parent registers a child."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.core.db import Tx
from server.core.marking import _
from server.errors import Invalid, TooFast
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader
from server.patients.acting_pages import LIMIT, PLACE, SENTENCES
from server.patients.children import Keys, practices_for, read_child, register_child
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = PLACE + "/child"
WRONG = {
    "practice_missing": SENTENCES["record_missing"],
    "name_missing": _("Please write your child's name."),
    "name_long": SENTENCES["name_long"],
    "born_on": _("Please write the date of birth as a day that has been."),
    "grown": _("Whoever is sixteen or older decides themself: they can let you act with an account of their own. Or ask the practice."),
    "agree_missing": _("Please say that you have parental responsibility."),
    "many": _("Very many children are registered already. Please ask the practice."),
    "too_fast": SENTENCES["too_fast"],
}
FIELD_OF = {"practice_missing": "practice", "born_on": "born_on", "grown": "born_on", "agree_missing": "agree"}


def routes() -> list[Route]:
    return [Route(PATH, _show, methods=["GET"]), Route(PATH, _register, methods=["POST"])]


async def _show(request: Request) -> Response:
    return await _page(request, {}, "")


async def _register(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    form = await read_form(request)
    now = house.clock.now()
    try:
        await house.limiter.hit(LIMIT, str(who.person_id))
        async with house.database.write() as tx:
            practice = await _practice(tx, who.person_id, form)
            child = read_child(form, now.astimezone(ZoneInfo(practice.time_zone)).date())
            await register_child(tx, Keys(house.keyring, house.secrets), Reader(who.person_id, now), practice, child)
    except (Invalid, TooFast) as error:
        return await _page(request, form, error.code)
    return RedirectResponse(f"{PLACE}?child", status_code=303)


async def _practice(tx: Tx, person_id: UUID, form: Mapping[str, str]) -> Practice:
    """Return where the child is registered; raises `Invalid`."""
    known = await practices_for(tx, person_id)
    chosen = known if len(known) == 1 else [one for one in known if str(one.id) == form.get("practice")]
    if not chosen:
        raise Invalid(code="practice_missing")
    return chosen[0]


async def _page(request: Request, form: Mapping[str, str], fault: str) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.read() as tx:
        known = await practices_for(tx, who.person_id)
    shown = {
        "practices": known,
        "form": {**dict.fromkeys(("practice", "name", "born_on", "agree"), ""), **form},
        "fault": FIELD_OF.get(fault, "name") if fault else "",
        "told": language_of(request).text(WRONG[fault]) if fault else "",
    }
    return render(request, "my/child.html", shown, status=422 if fault else 200)
