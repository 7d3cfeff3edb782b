"""Where a professional answers for the clinical part of an erasure that a patient asked for."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.viewer import professional_of
from server.core.marking import _
from server.core.paging import page_of
from server.errors import Invalid
from server.patients.doors import name_on_record
from server.privacy.clinical_answers import answer_clinical, answers_of, asked_of, look_at_asked, see_asked
from server.privacy.erasure_facts import plan_for
from server.privacy.erasure_labels import STAFF, told
from server.privacy.request_labels import fault_in_words
from server.privacy.request_words import LONGEST, OPEN
from server.privacy.requests import opened
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/erasures"
ONE = PATH + "/{request_id:uuid}"
FAULTS = {
    "goes:empty": _("Please say whether it may go."),
    "answer:empty": _("Please write why."),
    "answer:long": _("This text is too long. Please shorten it."),
}


def routes() -> list[Route]:
    return [Route(PATH, _list), Route(ONE, _request), Route(ONE, _answer, methods=["POST"])]


async def _list(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        asked, part = await asked_of(tx, viewer, page_of(request.query_params.get("page"))), await part_of(tx, viewer)
        practice = await tx.get_one(Practice, viewer.practice_id)
    return render(request, "staff/erasures.html", {"part": part, "asked": asked, "zone": practice.time_zone})


async def _request(request: Request) -> Response:
    return await _show(request, {})


async def _answer(request: Request) -> Response:
    """Keep the answer; whose patient it is about is decided before the form is read."""
    viewer, house, request_id = await professional_of(request), house_of(request), request.path_params["request_id"]
    async with house.database.read() as tx:
        await see_asked(tx, viewer, request_id)
    form = await read_form(request, 64 * 1024)
    try:
        async with house.database.write() as tx:
            await answer_clinical(tx, house.keyring, viewer, request_id, form, now=house.clock.now())
    except Invalid as error:
        return await _show(request, form, error.code)
    return RedirectResponse(f"{PATH}/{request_id}?done", status_code=303)


async def _show(request: Request, form: Mapping[str, str], fault: str | None = None) -> Response:
    viewer, house, language = await professional_of(request), house_of(request), language_of(request)
    async with house.database.write() as tx:
        asked = await see_asked(tx, viewer, request.path_params["request_id"])
        name, part = await name_on_record(tx, asked.patient_id), await part_of(tx, viewer)
        planned = await plan_for(tx, house.keyring, asked.patient_id, asked.id, house.clock.now())
        mine = [each for each in await answers_of(tx, house.keyring, asked) if each.professional.id == viewer.professional_id]
        practice = await tx.get_one(Practice, asked.practice_id)
        await look_at_asked(tx, viewer, asked, house.clock.now())
    said = mine[0] if mine else None
    goes = {True: "yes", False: "no"}.get(said.goes, "") if said and said.goes is not None else ""
    shown = {
        "part": part,
        "zone": practice.time_zone,
        "found": opened(house.keyring, asked),
        "name": name,
        "open": asked.state in OPEN,
        "lines": told(language, [line for line in planned.shown if line.thing.kept_as == "clinical"], STAFF),
        "form": {"goes": goes, "words": (said.words if said else "") or "", **form},
        "longest": LONGEST["answer"],
        "error": fault_in_words(language, fault, FAULTS),
        "done": "done" in request.query_params,
    }
    return render(request, "staff/erasure_asked.html", shown, 422 if fault else 200)
