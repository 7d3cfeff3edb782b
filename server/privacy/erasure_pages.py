"""The reviewer's page of an erasure: the plan, and the yes to it. And the patient's page of what would go if they asked."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import viewer_of
from server.booking.doors import ahead_of
from server.core.marking import _
from server.errors import Conflict, Invalid
from server.identity.gate import signed_in
from server.messaging.own_texts import administered
from server.patients.doors import name_on_record, see_own_record
from server.privacy.clinical_answers import answers_of
from server.privacy.erasure_facts import closing_with, plan_for
from server.privacy.erasure_labels import STAFF, told
from server.privacy.erasure_plan import fingerprint, waits
from server.privacy.erasures import MOVED, NOTHING, PENDING, order, see_erasure_asked
from server.privacy.request_labels import asker_in_words, fault_in_words
from server.privacy.request_words import LONGEST
from server.privacy.requests import look_at
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/practice/requests/{request_id:uuid}/erasure"
OWN = "/my/{patient_id:uuid}/erasure"
FAULTS = {
    "answer:empty": _("Please write why it is deleted and what stays."),
    "answer:long": _("This text is too long. Please shorten it."),
    "moved": MOVED,
    "pending": PENDING,
    "nothing": NOTHING,
}


def routes() -> list[Route]:
    return [Route(PATH, _page), Route(PATH, _confirm, methods=["POST"]), Route(OWN, _own)]


async def _page(request: Request) -> Response:
    return await _show(request, {})


async def _confirm(request: Request) -> Response:
    """Order it; who may is decided before the form is read."""
    viewer, house, request_id = await viewer_of(request), house_of(request), request.path_params["request_id"]
    async with house.database.read() as tx:
        await see_erasure_asked(tx, viewer, request_id)
    form = await read_form(request, 64 * 1024)
    try:
        async with house.database.write() as tx:
            await order(tx, house.keyring, viewer, request_id, form, house.clock.now())
    except (Invalid, Conflict) as error:
        if error.code not in FAULTS:
            raise
        return await _show(request, form, error.code, error.http_status)
    return RedirectResponse(f"/practice/requests/{request_id}?done", status_code=303)


async def _show(request: Request, form: Mapping[str, str], fault: str | None = None, status: int = 200) -> Response:
    viewer, house, language = await viewer_of(request), house_of(request), language_of(request)
    now, request_id = house.clock.now(), request.path_params["request_id"]
    async with house.database.write() as tx:
        asked = await see_erasure_asked(tx, viewer, request_id)
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        planned, name = await plan_for(tx, house.keyring, asked.patient_id, asked.id, now), await name_on_record(tx, asked.patient_id)
        answers, ahead = await answers_of(tx, house.keyring, asked), await ahead_of(tx, asked.patient_id, now)
        found = await look_at(tx, house.keyring, viewer, request_id, now)
    shown = {
        "part": part,
        "zone": practice.time_zone,
        "one": found.request,
        "name": name,
        "asker": asker_in_words(language, found.actor, name),
        "lines": told(language, planned.shown, STAFF),
        "pending": waits(planned.lines),
        "plan": fingerprint(planned.lines),
        "closes": planned.subject.person_id is not None,
        "ready": any(line.goes for line in planned.shown) and not waits(planned.lines),
        "answers": answers,
        "ahead": ahead,
        "form": {"words": "", **form},
        "longest": LONGEST["answer"],
        "error": fault_in_words(language, fault, FAULTS),
    }
    return render(request, "staff/erasure.html", shown, status)


async def _own(request: Request) -> Response:
    """Show a patient what would go and what would stay, before they ask."""
    who, house, language = await signed_in(request), house_of(request), language_of(request)
    async with house.database.read() as tx:
        own = await see_own_record(tx, who.person_id, request.path_params["patient_id"])
        planned = await plan_for(tx, house.keyring, own.patient.id, None, house.clock.now())
        closing = await closing_with(tx, own.patient.id)
    shown = {
        "own": own,
        "lines": told(language, planned.shown),
        "closes": closing is not None,
        "now": planned.subject.person_id is not None,
    }
    return render(request, "my/erasure.html", shown)
