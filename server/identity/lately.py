"""Asks again who it is, before what an unattended browser must not be able to do."""

from collections.abc import Mapping
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.errors import Forbidden, ProofNeeded, TooFast
from server.identity.gate import SignedIn, signed_in
from server.identity.model import LoginSession
from server.identity.passwords import Passwords
from server.identity.proof import prove_again
from server.identity.targets import safe_next
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

LATELY = timedelta(minutes=10)
PROVE = "/account/prove"
ACCOUNT = "/account"
PRESENT = "present"  # the field of the password in a form that is about something else
DOUBTS = {"prove": 403, "wrong": 401, "too_fast": 429}  # with the status of the answer


async def proved_lately(request: Request, back: str, *, limited: bool = False) -> SignedIn:
    """Return who is signed in, if they have shown within ten minutes that it is them: by the sign-in, or once more since.

    Else raises `ProofNeeded`, which leads a page to a form for that and from there `back`; and whatever `signed_in` raises.
    """
    who = await signed_in(request, limited=limited)
    if not await shown_lately(request, who):
        raise ProofNeeded(back)
    return who


async def shown_lately(request: Request, who: SignedIn) -> bool:
    """Whether this browser has shown within ten minutes who uses it."""
    house = house_of(request)
    async with house.database.read() as tx:
        login = await tx.get_one(LoginSession, who.session_id)
    return house.clock.now() - login.proved_at < LATELY


async def doubt_in_form(request: Request, passwords: Passwords, who: SignedIn, form: Mapping[str, str]) -> str:
    """Return why a form must ask for the password beside what was filled in, a key of `DOUBTS`; "" where it is proved who sends it.

    `proved_lately` asked when the form was opened. Whoever wrote for longer since then gets everything back, with a field more.
    """
    if await shown_lately(request, who):
        return ""
    if not form.get(PRESENT):
        return "prove"
    try:
        await prove_again(request, passwords, who.person_id, form[PRESENT])
    except TooFast:
        return "too_fast"
    except Forbidden:
        return "wrong"
    await note_proof(request, who)
    return ""


async def note_proof(request: Request, who: SignedIn) -> None:
    """Take down that this browser has shown just now who uses it."""
    house = house_of(request)
    async with house.database.write() as tx:
        login = await tx.get_one(LoginSession, who.session_id)
        login.proved_at = house.clock.now()


def routes(passwords: Passwords) -> list[Route]:
    async def prove(request: Request) -> Response:
        who = await signed_in(request, limited=True)
        if request.method != "POST":
            fault = "passkey" if "passkey" in request.query_params else ""
            return _form(request, safe_next(request.query_params.get("next", ""), ACCOUNT), fault)
        form = await read_form(request)
        target = safe_next(form.get("next", ""), ACCOUNT)
        try:
            await prove_again(request, passwords, who.person_id, form.get("password", ""))
        except TooFast:
            return _form(request, target, "too_fast", 429)
        except Forbidden:
            return _form(request, target, "wrong", 401)
        await note_proof(request, who)
        return RedirectResponse(target, status_code=303)

    return [Route(PROVE, prove, methods=["GET", "POST"])]


def _form(request: Request, target: str, fault: str = "", status: int = 200) -> Response:
    return render(request, "account/prove.html", {"next": target, "fault": fault}, status=status)
