"""The e-mail address of an account: where a letter goes when the password is forgotten or something unusual happens."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.core.db import Tx
from server.core.mail_addresses import read_mail_address
from server.errors import NotSignedIn, TooFast
from server.identity.actions import find_credential
from server.identity.gate import signed_in
from server.identity.lately import DOUBTS, doubt_in_form, proved_lately
from server.identity.letters import Wanted, drop_links, find_letter, want_letter
from server.identity.mail_model import AccountEmail, AccountLetter, Subject
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
        Route(f"{EMAIL}/{{token}}", _look, methods=["GET"]),
        Route(f"{EMAIL}/{{token}}", _confirm, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    who = await proved_lately(request, EMAIL)
    async with house_of(request).database.read() as tx:
        known = await tx.get(AccountEmail, who.person_id)
    return _page(request, known.address if known else "", sent="sent" in request.query_params)


def _page(request: Request, address: str, fault: str = "", status: int = 200, *, sent: bool = False) -> Response:
    shown = {"address": address[:LONGEST_SHOWN], "fault": fault, "sent": sent, "doubt": fault if fault in DOUBTS else ""}
    return render(request, "account/email.html", shown, status=status)


async def _ask(request: Request, passwords: Passwords) -> Response:
    """Write to the new address; until its link was followed the old one counts."""
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
        await _replace(tx, request, *found)
    return _answer(request, "done")


async def _replace(tx: Tx, request: Request, letter: AccountLetter, credential: Credential) -> None:
    """Let the new address count, and no link that went to the old one; whoever reads that is told."""
    house = house_of(request)
    now, address = house.clock.now(), letter.address or ""
    known = await tx.get(AccountEmail, credential.person_id)
    await drop_links(tx, credential.username)
    if known is None:
        tx.add(AccountEmail(person_id=credential.person_id, address=address, confirmed_at=now))
        return
    if known.address != address:
        wanted = Wanted(credential.username, Subject.EMAIL_CHANGED, language_of(request).tag, known.address)
        await want_letter(tx, house.secrets, wanted, now)
    known.address, known.confirmed_at = address, now
