"""One's account and the law: what its owner asks of whoever runs the server, and the end of it, with what goes and what stays."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.regulators import ICO
from server.core.marking import _
from server.errors import Conflict, Invalid, TooFast
from server.identity.gate import signed_in
from server.identity.mail_model import CLOSING_DAYS
from server.patients.acting_doors import Reader, taken_on
from server.patients.doors import own_records
from server.privacy.account_closing import Keeps, ask_to_close, closing_of, closing_plan, keep_account, what_keeps
from server.privacy.account_requests import KINDS, ask_of_account, may_take_back, own_account_requests, take_back
from server.privacy.account_rows import ZONE
from server.privacy.erasure_labels import told
from server.privacy.erasure_plan import fingerprint
from server.privacy.request_labels import fault_in_words, labels
from server.privacy.request_words import LONGEST
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/my/data/account"
CLOSING = PATH + "/closing"
LIMIT = "rights_request"
FAULTS = {
    "kind:empty": _("Please choose what you ask for."),
    "words:empty": _("Please write what it is about."),
    "words:long": _("This text is too long. Please shorten it."),
    "words:fast": _("You have asked many times. Please wait an hour, then try again."),
    "sure:empty": _("Please tick that the account shall be deleted."),
    "sure:moved": _("What would be deleted has changed since you opened this page. Please look at it again."),
    "sure:record": _("You read a record with this account by now. Please ask the practice that keeps it first."),
}
SAID = ("asked", "withdrawn", "kept")


def routes() -> list[Route]:
    return [
        Route(PATH, _page, methods=["GET"]),
        Route(PATH, _ask, methods=["POST"]),
        Route(PATH + "/{request_id:uuid}/withdraw", _withdraw, methods=["POST"]),
        Route(CLOSING, _closing, methods=["GET"]),
        Route(CLOSING, _close, methods=["POST"]),
        Route(CLOSING + "/undo", _keep, methods=["POST"]),
    ]


async def _page(request: Request) -> Response:
    return await _show(request, {"kind": request.query_params.get("kind", "")})


async def _ask(request: Request) -> Response:
    who, house = await signed_in(request), house_of(request)
    form = await read_form(request, 64 * 1024)
    try:
        await house.limiter.hit(LIMIT, str(who.person_id))
        async with house.database.write() as tx:
            asked = form.get("kind", ""), form.get("words", "").replace("\r\n", "\n")
            await ask_of_account(tx, house.keyring, who.person_id, asked, house.clock.now())
    except TooFast:
        return await _show(request, form, "words:fast", 429)
    except Invalid as error:
        return await _show(request, form, error.code, error.http_status)
    return RedirectResponse(f"{PATH}?asked", status_code=303)


async def _withdraw(request: Request) -> Response:
    who, house = await signed_in(request), house_of(request)
    async with house.database.write() as tx:
        await take_back(tx, who.person_id, request.path_params["request_id"], house.clock.now())
    return RedirectResponse(f"{PATH}?withdrawn", status_code=303)


async def _show(request: Request, form: Mapping[str, str], fault: str | None = None, status: int = 200) -> Response:
    who, house, language = await signed_in(request), house_of(request), language_of(request)
    async with house.database.read() as tx:
        found = await own_account_requests(tx, house.keyring, who.person_id)
        closing = await closing_of(tx, who.person_id)
        keeps = await what_keeps(tx, who.person_id) if closing else []
    words = labels(language)
    shown = {
        "found": found,
        "closing": closing,
        "keeps": keeps,
        "open": {one.request.id for one in found if may_take_back(one.request)},
        "choices": {str(kind): words["kinds"][kind] for kind in KINDS},
        "zone": ZONE,
        "form": {"kind": "", "words": "", **form},
        "longest": LONGEST["words"],
        "regulator": ICO,
        "error": fault_in_words(language, fault, FAULTS),
        "done": next((word for word in SAID if word in request.query_params), ""),
    }
    return render(request, "my/account_data.html", shown | words, status)


async def _closing(request: Request) -> Response:
    return await _show_closing(request)


async def _close(request: Request) -> Response:
    """Ask for the end of the account; the yes is to just the plan that was shown."""
    who, house = await signed_in(request), house_of(request)
    form = await read_form(request)
    if form.get("sure") != "yes":
        return await _show_closing(request, "sure:empty", 422)
    try:
        async with house.database.write() as tx:
            await ask_to_close(tx, house, who.person_id, form.get("plan", ""), language_of(request).tag)
    except Conflict as error:
        return await _show_closing(request, f"sure:{error.code}", 409)
    return RedirectResponse(CLOSING, status_code=303)


async def _keep(request: Request) -> Response:
    who, house = await signed_in(request), house_of(request)
    async with house.database.write() as tx:
        await keep_account(tx, who.person_id)
    return RedirectResponse(f"{PATH}?kept", status_code=303)


async def _show_closing(request: Request, fault: str | None = None, status: int = 200) -> Response:
    who, house, language = await signed_in(request), house_of(request), language_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        lines = await closing_plan(tx, who.person_id, now)
        keeps = await what_keeps(tx, who.person_id)
        acts_for = [own.patient.name for own in await taken_on(tx, Reader(who.person_id, now))]
        own, closing = await own_records(tx, who.person_id), await closing_of(tx, who.person_id)
    shown = {
        "lines": told(language, [line for line in lines if line.thing.rows]),
        "plan": fingerprint(lines),
        "keeps": keeps,
        "may": Keeps.RECORD not in keeps,
        "records": own,
        "acts_for": acts_for,
        "closing": closing,
        "days": CLOSING_DAYS,
        "zone": ZONE,
        "error": fault_in_words(language, fault, FAULTS),
    }
    return render(request, "my/account_closing.html", shown, status)
