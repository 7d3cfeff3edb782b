"""The page on which a patient makes an account: the personal link says who they are, once a professional has let them in by it."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from server.access.obliged import must_have_second
from server.consultation.model import Standing
from server.consultation.registration import join_account, make_account
from server.consultation.visit_view import GoTo, View, go_to, show, view_of
from server.core.db import Tx
from server.errors import Conflict, Invalid, TooFast
from server.identity.actions import find_credential
from server.identity.choosing import faults_of
from server.identity.entering import Rules, Way, enter
from server.identity.gate import begin_here
from server.identity.passwords import Passwords
from server.identity.proof import prove
from server.web.auth import set_cookie
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.proxies import address_key

MINE = "/my"


def account_page(passwords: Passwords) -> Callable[[Request], Awaitable[Response]]:
    """Return the page's GET and POST."""

    async def account(request: Request) -> Response:
        return await _account(request, passwords)

    return account


async def _account(request: Request, passwords: Passwords) -> Response:
    if request.method != "POST":
        return await _show(request)
    form = await read_form(request)
    username, password = form.get("username", ""), form.get("password", "")
    joins = form.get("joins") == "yes"
    try:
        await _limit(request)
        return await (_join if joins else _make)(request, passwords, username, password)
    except TooFast:
        return await _show(request, 429, {"form": "too_fast"}, username, joins=joins)
    except Invalid as error:
        return await _show(request, 422, {"username": error.code}, username)
    except Conflict:
        return go_to(request.url.path)


async def _show(
    request: Request, status: int = 200, faults: dict[str, str] | None = None, username: str = "", *, joins: bool = False
) -> Response:
    """Show both forms, or why there is none; `joins` says which of them came back with `faults`."""
    async with house_of(request).database.read() as tx:
        view = await _open(tx, request)
    given = {"username": username[:100], "faults": faults or {}, "joins": joins}
    return show(request, view, "account", status=status, given=given)


async def _open(tx: Tx, request: Request, *, lock: bool = False) -> View:
    """Let through a patient whose link is in its window: an early, expired or revoked one makes no account, and a guest's never."""
    view = await view_of(tx, request, lock=lock)
    if view.guest or view.visit.standing is not Standing.READY:
        raise GoTo(view.base)
    return view


async def _entitled(tx: Tx, request: Request, *, lock: bool = False) -> View:
    """Let through whoever may make an account now, before any slow work and again after it; raises `Conflict`."""
    view = await _open(tx, request, lock=lock)
    if not view.may_register:
        raise Conflict
    return view


async def _limit(request: Request) -> None:
    """Count tries per link and per address before any hashing: the answer 'taken' tells that a name exists."""
    limiter = house_of(request).limiter
    await limiter.hit("account_address", address_key(request))
    await limiter.hit("account_visit", str(request.path_params["visit_id"]))


async def _make(request: Request, passwords: Passwords, username: str, password: str) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        await _entitled(tx, request)
        taken = await find_credential(tx, username) is not None
    faults = await passwords.weigh(lambda: faults_of(username, password)) or ({"username": "username_taken"} if taken else {})
    if faults:
        return await _show(request, 422, faults, username)
    password_hash = await passwords.hash(password)
    async with house.database.write() as tx:
        view = await _entitled(tx, request, lock=True)
        person_id = await make_account(tx, view.visit, username, password_hash, house.clock)
        token = await begin_here(tx, request, person_id)
    return _welcome(request, token)


async def _join(request: Request, passwords: Passwords, username: str, password: str) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        await _entitled(tx, request)
    person_id = await prove(request, passwords, username, password)
    if person_id is None:
        return await _show(request, 401, {"form": "wrong"}, username, joins=True)
    async with house.database.write() as tx:
        view = await _entitled(tx, request, lock=True)
        await join_account(tx, view.visit, person_id, house.clock)
        return await enter(tx, request, Rules(must_have_second), person_id, Way(MINE, shared=True))


def _welcome(request: Request, token: str) -> Response:
    response = go_to(MINE)
    set_cookie(response, house_of(request).settings, token)
    return response
