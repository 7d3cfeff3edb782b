"""What accounts ask of whoever runs the server, for those who look after its only practice; and whose account waits for their place."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import names_of, viewer_of
from server.core.marking import _
from server.core.paging import Paged, page_of
from server.errors import Conflict, Invalid
from server.messaging.own_texts import administered
from server.privacy.account_closing import leaving_of
from server.privacy.account_requests import (
    answer_as_viewer,
    askers,
    look_at_account,
    requests_of_accounts,
    runs_server,
    see_account_request,
)
from server.privacy.account_rows import AccountRequest
from server.privacy.request_labels import fault_in_words, labels
from server.privacy.request_words import LONGEST, OPEN
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/practice/requests/accounts"
ONE = PATH + "/{request_id:uuid}"
FAULTS = {
    "state:empty": _("Please say whether it was done or refused."),
    "answer:empty": _("Please write an answer."),
    "answer:long": _("This text is too long. Please shorten it."),
}


def routes() -> list[Route]:
    return [Route(PATH, _list), Route(ONE, _request), Route(ONE + "/answer", _answer, methods=["POST"])]


async def _list(request: Request) -> Response:
    viewer, settled, now = await viewer_of(request), "settled" in request.query_params, house_of(request).clock.now()
    async with house_of(request).database.read() as tx:
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        runs = await runs_server(tx, viewer)
        page = page_of(request.query_params.get("page"))
        found: Paged[AccountRequest] = await requests_of_accounts(tx, viewer, page, settled=settled) if runs else Paged([], 1, more=False)
        leaving = await leaving_of(tx, practice.id)
        names = await names_of(tx, {one.person_id for one in leaving}, practice.id)
    shown = {
        "part": part, "practice": practice, "runs": runs, "list": found, "settled": settled, "leaving": leaving, "names": names, "now": now,
    }  # fmt: skip
    return render(request, "staff/account_requests.html", shown | labels(language_of(request)))


async def _request(request: Request) -> Response:
    return await _show(request, {})


async def _answer(request: Request) -> Response:
    viewer, house, request_id = await viewer_of(request), house_of(request), request.path_params["request_id"]
    async with house.database.read() as tx:
        await see_account_request(tx, viewer, request_id)
    form = await read_form(request, 64 * 1024)
    words = form.get("words", "").replace("\r\n", "\n")
    try:
        async with house.database.write() as tx:
            await answer_as_viewer(tx, house, viewer, request_id, (form.get("state", ""), words))
    except Invalid as error:
        return await _show(request, form, error.code)
    except Conflict:
        return await _show(request, {}, late_with=words)
    return RedirectResponse(f"{PATH}/{request_id}?done", status_code=303)


async def _show(request: Request, form: Mapping[str, str], fault: str | None = None, late_with: str = "") -> Response:
    """Show it; `late_with` is an answer that a colleague was faster than."""
    viewer, house, now, language = await viewer_of(request), house_of(request), house_of(request).clock.now(), language_of(request)
    async with house.database.write() as tx:
        practice, part = await administered(tx, viewer), await part_of(tx, viewer)
        found = await look_at_account(tx, house.keyring, viewer, request.path_params["request_id"], now)
        asker = (await askers(tx, [found.request])).get(found.request.person_id)
    shown = {
        "part": part,
        "zone": practice.time_zone,
        "found": found,
        "asker": asker,
        "open": found.request.state in OPEN,
        "late": found.request.state in OPEN and found.request.due_at < now,
        "late_with": late_with,
        "form": {"state": "", "words": "", **form},
        "longest": LONGEST["answer"],
        "error": fault_in_words(language, fault, FAULTS),
        "done": "done" in request.query_params,
    }
    return render(request, "staff/account_request.html", shown | labels(language), 422 if fault else 409 if late_with else 200)
