"""The e-mail address of an account: where a letter goes when the password is forgotten or something unusual happens."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.core.db import Tx
from server.core.mail_addresses import read_mail_address
from server.errors import NotSignedIn, TooFast
from server.identity.actions import find_credential
from server.identity.email_changes import asked_at_old, begin_change, change_of, let_count
from server.identity.gate import signed_in
from server.identity.lately import DOUBTS, doubt_in_form, proved_lately
from server.identity.letters import Wanted, drop_links, find_letter, want_letter
from server.identity.mail_model import AccountEmail, AccountLetter, EmailChange, Subject
from server.identity.model import Credential
from server.identity.passwords import Passwords
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

EMAIL = "/account/email"
LONGEST_SHOWN = 300


def routes(passwords: Passwords) -> list[Route]:
    async def ask(request: Request) -> Response:
        return await _ask(request, passwords)

    return [
        Route(EMAIL, _show, methods=["GET"]),
        Route(EMAIL, ask, methods=["POST"]),
        Route(f"{EMAIL}/undo", _undo, methods=["POST"]),
        Route(f"{EMAIL}/old/{{token}}", _look_old, methods=["GET"]),
        Route(f"{EMAIL}/old/{{token}}", _answer_old, methods=["POST"]),
        Route(f"{EMAIL}/{{token}}", _look, methods=["GET"]),
        Route(f"{EMAIL}/{{token}}", _confirm, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    who = await proved_lately(request, EMAIL)
    async with house_of(request).database.read() as tx:
        known, change = await tx.get(AccountEmail, who.person_id), await tx.get(EmailChange, who.person_id)
    return _page(request, known.address if known else "", change=change)


def _page(request: Request, address: str, fault: str = "", status: int = 200, *, change: EmailChange | None = None) -> Response:
    shown = {
        "address": address[:LONGEST_SHOWN], "fault": fault, "sent": "sent" in request.query_params, "change": change,
        "doubt": fault if fault in DOUBTS else "",
    }  # fmt: skip
    return render(request, "account/email.html", shown, status=status)


async def _ask(request: Request, passwords: Passwords) -> Response:
    """Write to the new address; until its link was followed, and the old one has agreed or said nothing for days, the old one counts."""
    who, house = await signed_in(request), house_of(request)
    form = await read_form(request)
    written = form.get("email", "")
    if doubt := await doubt_in_form(request, passwords, who, form):
        return _page(request, written, doubt, DOUBTS[doubt])
    address = read_mail_address(written)
    if address is None:
        return _page(request, written, "address", 422)
    try:
        await house.limiter.hit("prove", str(who.person_id))
        await house.limiter.hit("prove_address", house.secrets.mac("prove", address).hex())
    except TooFast:
        return _page(request, written, "many", 429)
    async with house.database.write() as tx:
        credential = await tx.get_one(Credential, who.person_id)
        wanted = Wanted(credential.username, Subject.CONFIRM, language_of(request).tag, address)
        await want_letter(tx, house.secrets, wanted, house.clock.now())
    return RedirectResponse(f"{EMAIL}?sent", status_code=303)


async def _look(request: Request) -> Response:
    """Use nothing up, as with every link in a letter."""
    async with house_of(request).database.read() as tx:
        found = await _asked_for(tx, request)
    return _answer(request, "over" if found is None else "ask" if await _is_here(request, found[1]) else "sign_in")


def _answer(request: Request, state: str, status: int | None = None) -> Response:
    shown = {"state": state, "path": request.url.path}
    return render(request, "account/email_confirmed.html", shown, status=status or (404 if state == "over" else 200))


async def _asked_for(tx: Tx, request: Request, *, lock: bool = False) -> tuple[AccountLetter, Credential] | None:
    """Return the letter whose link this is, and whose account it is about."""
    now = house_of(request).clock.now()
    letter = await find_letter(tx, request.path_params["token"], Subject.CONFIRM, now, lock=lock)
    credential = await find_credential(tx, letter.username) if letter else None
    return (letter, credential) if letter and credential else None


async def _is_here(request: Request, credential: Credential) -> bool:
    """Whether the owner of the account is signed in: on any browser, as letters are often read on another one than asked for them.

    The link alone is not enough. A mistyped address would let a stranger have it confirmed, and then choose a new password; and a thief
    who had asked for it could still follow it when every login was ended.
    """
    try:
        return (await signed_in(request, limited=True)).person_id == credential.person_id
    except NotSignedIn:
        return False


async def _confirm(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        found = await _asked_for(tx, request)
    if found is not None and not await _is_here(request, found[1]):
        return _answer(request, "sign_in", NotSignedIn.http_status)
    async with house_of(request).database.write() as tx:
        found = await _asked_for(tx, request, lock=True)
        if found is None:
            return _answer(request, "over")
        state = await _replace(tx, request, *found)
    return _answer(request, state)


async def _replace(tx: Tx, request: Request, letter: AccountLetter, credential: Credential) -> str:
    """Let a first address count; where there is another one, ask there. Returns what the page says."""
    house = house_of(request)
    now, address = house.clock.now(), letter.address or ""
    known = await tx.get(AccountEmail, credential.person_id, with_for_update=True)
    if known is not None and known.address != address:
        await begin_change(tx, house, credential, known, (address, language_of(request).tag))
        return "half"
    await drop_links(tx, credential.username)
    if known is None:
        tx.add(AccountEmail(person_id=credential.person_id, address=address, confirmed_at=now))
    else:
        known.confirmed_at = now
    return "done"


async def _undo(request: Request) -> Response:
    """Take a change back that does not count yet; signed in is enough, as nothing changes by it."""
    who = await signed_in(request)
    async with house_of(request).database.write() as tx:
        credential = await tx.get_one(Credential, who.person_id)
        if await change_of(tx, credential.username) is not None:
            await drop_links(tx, credential.username)
    return RedirectResponse(EMAIL, status_code=303)


async def _look_old(request: Request) -> Response:
    """The link alone is enough here: this address was proved, and is asked for that reason."""
    async with house_of(request).database.read() as tx:
        found = await asked_at_old(tx, house_of(request), request.path_params["token"])
    return _answer(request, "ask_old" if found else "over_old", 200 if found else 404)


async def _answer_old(request: Request) -> Response:
    agrees = (await read_form(request)).get("agree")
    house = house_of(request)
    async with house.database.write() as tx:
        found = await asked_at_old(tx, house, request.path_params["token"], lock=True)
        if found is None:
            return _answer(request, "over_old", 404)
        letter, change = found
        if agrees not in {"yes", "no"}:
            return _answer(request, "ask_old", 422)
        await (let_count(tx, house, change) if agrees == "yes" else drop_links(tx, letter.username))
    return _answer(request, "done" if agrees == "yes" else "refused")
