"""The public pages on which somebody without an account asks for something about their data, and proves by a code who they are."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.core.db import Tx
from server.core.marking import _
from server.errors import Invalid, TooFast
from server.patients.addresses import read_address
from server.privacy.letter_pages import AGAIN, ripe, stamp
from server.privacy.letter_words import LONGEST as LONGEST_NAME
from server.privacy.objections import CHOICE
from server.privacy.outside import Written, faults_of, prove, see_asked, take_in
from server.privacy.policies import Owner, see_owner
from server.privacy.request_labels import labels
from server.privacy.request_words import LONGEST
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.proxies import address_key

PATH = "/privacy/request"
OF = PATH + "/{owner_id:uuid}"
SENT = PATH + "/code/{token}"
MOST_LISTED = 200
EMPTY = {"kind": "", "name": "", "address": "", "words": ""}
FAULTS = {
    "kind:empty": _("Please choose what you ask for."),
    "name:empty": _("Please write your name, as the practice knows it."),
    "address:empty": _("Please write a mobile number or an e-mail address."),
    "words:empty": _("Please write what it is about."),
    "words:long": _("This text is too long. Please shorten it."),
    "form:again": AGAIN,
    "form:fast": _("There were too many requests from here within an hour. Please wait a quarter of an hour, then send it again."),
    "form:often": _("There were too many requests for this number or address today. Please send it again in three hours."),
}


def routes() -> list[Route]:
    return [
        Route(PATH, _practices),
        Route(OF, _form, methods=["GET", "POST"]),
        Route(SENT, _sent, methods=["GET"]),
        Route(SENT, _code, methods=["POST"]),
    ]


async def _practices(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        practices = list(await tx.scalars(select(Practice).order_by(Practice.name, Practice.id).limit(MOST_LISTED)))
    if len(practices) == 1:
        return RedirectResponse(f"{PATH}/{practices[0].id}", status_code=303)
    return render(request, "privacy/request_practices.html", {"owner": None, "practices": practices})


async def _form(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        owner = await see_owner(tx, request.path_params["owner_id"])
    if request.method != "POST":
        return _show(request, owner.practice, {"kind": request.query_params.get("kind", "")})
    form = await read_form(request, 64 * 1024)
    try:
        token = await _take_in(request, owner.practice, form)
    except TooFast as error:
        return _show(request, owner.practice, form, [error.code if error.code in FAULTS else "form:fast"], 429)
    except Invalid as error:
        return _show(request, owner.practice, form, error.code.split(), error.http_status)
    return RedirectResponse(f"{PATH}/code/{token}", status_code=303)


async def _take_in(request: Request, practice: Practice, form: Mapping[str, str]) -> str:
    """Keep it, and return the token of the next page; raises `TooFast`, and `Invalid` with all faults as its code."""
    house = house_of(request)
    await house.limiter.hit("letter_tries", address_key(request))
    if not ripe(request, form.get("began", "")):
        raise Invalid(code="form:again")
    address = read_address(form.get("address", ""), house.settings.phone_region)
    name = " ".join(form.get("name", "").split())[: LONGEST_NAME["name"]]
    written = Written(form.get("kind", ""), name, address.text if address else "", form.get("words", "").replace("\r\n", "\n"))
    if faults := faults_of(written):
        raise Invalid(code=" ".join(faults))
    await house.limiter.hit("outside_address", address_key(request))
    try:
        await house.limiter.hit("prove_address", house.secrets.mac("prove", written.address).hex())
    except TooFast:
        raise TooFast(code="form:often") from None
    async with house.database.write() as tx:
        return await take_in(tx, house, practice, written, language_of(request).tag)


def _show(request: Request, practice: Practice, form: Mapping[str, str], faults: Sequence[str] = (), status: int = 200) -> Response:
    language = language_of(request)
    shown = {
        "owner": None,
        "practice": practice,
        "form": {**EMPTY, **form, "began": stamp(request)},
        "longest": LONGEST["words"],
        "news": language.text(CHOICE),
        "errors": {fault.partition(":")[0]: language.text(FAULTS[fault]) for fault in faults},
    }
    return render(request, "privacy/request.html", shown | labels(language), status)


async def _sent(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        owner = await _owner(request, tx)
    return _show_code(request, owner, None)


async def _code(request: Request) -> Response:
    """Try a code; the same is said whether there is no such record or the code is wrong."""
    form, house = await read_form(request), house_of(request)
    async with house.database.write() as tx:
        owner = await _owner(request, tx)
        left = await prove(tx, house, request.path_params["token"], form.get("code", ""), language_of(request))
    if left is None:
        return render(request, "privacy/request_taken.html", {"owner": owner})
    return _show_code(request, owner, left)


async def _owner(request: Request, tx: Tx) -> Owner:
    """Return of whom something was asked; raises `NotFound` once its code is good no more."""
    asked = await see_asked(tx, request.path_params["token"], house_of(request).clock.now())
    return await see_owner(tx, asked.practice_id)


def _show_code(request: Request, owner: Owner, left: int | None) -> Response:
    return render(request, "privacy/request_code.html", {"owner": owner, "left": left}, 200 if left is None else 422)
