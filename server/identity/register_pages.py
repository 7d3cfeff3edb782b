"""An account without any booking, and what its owner says about themselves."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.core.mail_addresses import read_mail_address
from server.errors import Invalid, TooFast
from server.identity.accounts import Written, details_of, email_fault, keep_details, open_account
from server.identity.choosing import faults_of
from server.identity.details_model import AccountDetails
from server.identity.entering import Way, complete
from server.identity.gate import signed_in
from server.identity.lately import DOUBTS, doubt_in_form, proved_lately
from server.identity.letters import Wanted, want_letter
from server.identity.mail_model import Subject
from server.identity.passwords import Passwords
from server.identity.phone_pages import PHONE, sends_texts
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.proxies import address_key

REGISTER, DETAILS, MINE = "/register", "/my/details", "/my"
Form = dict[str, str]


def routes(passwords: Passwords) -> list[Route]:
    async def register(request: Request) -> Response:
        return await _register(request, passwords)

    async def keep(request: Request) -> Response:
        return await _keep(request, passwords)

    return [
        Route(REGISTER, _empty, methods=["GET"]),
        Route(REGISTER, register, methods=["POST"]),
        Route(DETAILS, _show, methods=["GET"]),
        Route(DETAILS, keep, methods=["POST"]),
    ]


async def _empty(request: Request) -> Response:
    return _page(request, {}, {})


def _page(request: Request, form: Form, faults: Form, status: int = 200) -> Response:
    return render(request, "account/register.html", {"given": form, "faults": faults}, status=status)


def _written(form: Form) -> Written:
    return Written(form.get("name", ""), form.get("phone", ""), form.get("address", ""))


async def _faults(request: Request, passwords: Passwords, form: Form) -> Form:
    own = _written(form).faults(house_of(request).settings.phone_region)
    chosen = await passwords.weigh(lambda: faults_of(form.get("username", ""), form.get("password", ""), form.get("name", "")))
    return own | email_fault(form.get("email", "")) | chosen


async def _register(request: Request, passwords: Passwords) -> Response:
    """Count tries before any work: the answer 'taken' tells that a name exists, and each account sends a letter to whoever is named."""
    house = house_of(request)
    form = await read_form(request)
    try:
        await house.limiter.hit("register_address", address_key(request))
    except TooFast:
        return _page(request, form, {"form": "too_fast"}, 429)
    faults = await _faults(request, passwords, form)
    if faults:
        return _page(request, form, faults, 422)
    try:
        await house.limiter.hit("prove_address", house.secrets.mac("prove", read_mail_address(form["email"]) or "").hex())
        return await _open(request, form, await passwords.hash(form["password"]))
    except TooFast:
        return _page(request, form, {"form": "too_fast"}, 429)
    except Invalid as error:
        return _page(request, form, {"username": error.code}, 422)


async def _open(request: Request, form: Form, password_hash: str) -> Response:
    """Open the account, sign in, and have a link sent to the address, which counts once it was followed."""
    house = house_of(request)
    now = house.clock.now()
    async with house.database.write() as tx:
        person_id = await open_account(tx, form["name"], form["username"], password_hash, now)
        await keep_details(tx, person_id, _written(form), house.settings.phone_region, now)
        address = read_mail_address(form["email"])
        await want_letter(tx, house.secrets, Wanted(form["username"], Subject.CONFIRM, language_of(request).tag, address), now)
        proves = bool(form.get("phone")) and sends_texts(house.settings)
        return await complete(tx, request, person_id, Way(PHONE if proves else MINE, shared=form.get("own") != "yes"))


async def _show(request: Request) -> Response:
    who = await proved_lately(request, f"{DETAILS}?from=registration" if _registers(request) else DETAILS)
    return await _details(request, who.person_id)


async def _details(
    request: Request, person_id: UUID, written: Written | None = None, faults: Form | None = None, doubt: str = ""
) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        shown, kept = written or await details_of(tx, person_id), await tx.get(AccountDetails, person_id)
    proves = kept is not None and bool(kept.phone) and kept.phone_confirmed_at is None and sends_texts(house.settings)
    known = {"given": shown, "proves": proves, "faults": faults or {}, "doubt": doubt, "done": "done" in request.query_params}
    known |= {"registers": _registers(request)}
    return render(request, "account/details.html", known, status=DOUBTS.get(doubt, 422 if faults else 200))


async def _keep(request: Request, passwords: Passwords) -> Response:
    who, house = await signed_in(request), house_of(request)
    form = await read_form(request)
    written = _written(form)
    if doubt := await doubt_in_form(request, passwords, who, form):
        return await _details(request, who.person_id, written, doubt=doubt)
    faults = written.faults(house.settings.phone_region)
    if faults:
        return await _details(request, who.person_id, written, faults)
    async with house.database.write() as tx:
        await keep_details(tx, who.person_id, written, house.settings.phone_region, house.clock.now())
    return RedirectResponse(f"{DETAILS}?done{'&from=registration' if _registers(request) else ''}", status_code=303)


def _registers(request: Request) -> bool:
    """Whether somebody came from their registration as a professional, and goes back there."""
    return request.query_params.get("from") == "registration"
