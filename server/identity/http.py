"""Sign in, sign out here and everywhere, and the list of signed-in browsers."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.errors import TooFast
from server.identity.actions import end_all_logins, end_login
from server.identity.gate import begin_here, end_here, signed_in
from server.identity.passwords import Passwords
from server.identity.proof import prove
from server.web.auth import drop_cookie, set_cookie
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

AFTER_SIGN_IN = "/"  # which leads everybody to where their work begins
LONGEST_USERNAME = 100  # characters that are shown again after an error


First = Callable[[Request, UUID, str], Awaitable[str]]  # where a sign-in leads, of whom, instead of to the target


def routes(passwords: Passwords, first: First) -> list[Route]:
    async def sign_in(request: Request) -> Response:
        if request.method == "POST":
            return await _sign_in(request, passwords, first)
        return _form(request, safe_next(request.query_params.get("next", "")))

    return [
        Route("/sign-in", sign_in, methods=["GET", "POST"]),
        Route("/sign-out", _sign_out, methods=["POST"]),
        Route("/sign-out-everywhere", _sign_out_everywhere, methods=["POST"]),
        Route("/account/devices/{session_id:uuid}/sign-out", _sign_out_device, methods=["POST"]),
    ]


def safe_next(target: str) -> str:
    """Return a path of this site, or the default: an open redirect is a phisher's tool."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and all(" " < char < "\x7f" for char in target)
    return target if plain and "\\" not in target else AFTER_SIGN_IN


def _form(request: Request, target: str, username: str = "", *, error: str | None = None, status: int = 200) -> Response:
    """Show the form; whoever mistyped the password need not write the name again."""
    known = {"next": target, "username": username[:LONGEST_USERNAME], "error": error}
    return render(request, "staff/sign_in.html", known, status=status)


async def _sign_in(request: Request, passwords: Passwords, first: First) -> Response:
    form = await read_form(request)
    username, password, target = form.get("username", ""), form.get("password", ""), safe_next(form.get("next", ""))
    try:
        person_id = await prove(request, passwords, username, password)
    except TooFast:
        return _form(request, target, username, error="too_fast", status=429)
    if person_id is None:
        return _form(request, target, username, error="wrong", status=401)
    async with house_of(request).database.write() as tx:
        token = await begin_here(tx, request, person_id, shared=form.get("own") != "yes")
    response = RedirectResponse(await first(request, person_id, target), status_code=303)
    set_cookie(response, house_of(request).settings, token)
    return response


async def _sign_out(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        await end_here(tx, request)
    return _signed_out(request)


async def _sign_out_everywhere(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    async with house.database.write() as tx:
        await end_all_logins(tx, who.person_id, house.clock.now())
    return _signed_out(request)


async def _sign_out_device(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    session_id: UUID = request.path_params["session_id"]
    async with house.database.write() as tx:
        await end_login(tx, who.person_id, session_id, house.clock.now())
    return RedirectResponse("/account", status_code=303)


def _signed_out(request: Request) -> Response:
    """Clear what the browser stored, too: on a shared computer the next person must find nothing."""
    response = RedirectResponse("/sign-in", status_code=303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    drop_cookie(response, house_of(request).settings)
    return response
