"""The pages of the second factor: asked for at the sign-in, and set up in the account."""

from uuid import UUID

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.core.db import Tx
from server.errors import Conflict, TooFast
from server.identity.actions import end_all_logins
from server.identity.entering import SECOND, SET_UP, First, Rules, Way, complete
from server.identity.gate import begin_here, shared_here, signed_in
from server.identity.lately import proved_lately
from server.identity.letters import tell_person
from server.identity.mail_model import Subject
from server.identity.model import Credential
from server.identity.second import (
    Try,
    begin_second,
    codes_left,
    drop_second,
    find_half,
    has_second,
    new_codes,
    secret_of,
    take_any,
    take_code,
)
from server.identity.second_model import SecondFactor
from server.identity.totp import app_address
from server.web.auth import HALF, read_cookie, set_cookie
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

REQUIRED = "Everybody who works here needs a second factor."


def routes(rules: Rules) -> list[Route]:
    async def off(request: Request) -> Response:
        who = await proved_lately(request, SET_UP)
        house = house_of(request)
        async with house.database.write() as tx:
            if await rules.obliged(tx, house.settings, who.person_id):
                raise Conflict(REQUIRED, code="second_factor")
            if await has_second(tx, who.person_id):
                await tell_person(tx, house, who.person_id, Subject.SECOND_OFF, language_of(request).tag)
            await drop_second(tx, who.person_id)
        return RedirectResponse(SET_UP, status_code=303)

    async def take(request: Request) -> Response:
        return await _take(request, rules.first)

    return [
        Route(SECOND, _ask, methods=["GET"]),
        Route(SECOND, take, methods=["POST"]),
        Route(SET_UP, _show, methods=["GET"]),
        Route(f"{SET_UP}/begin", _begin, methods=["POST"]),
        Route(f"{SET_UP}/confirm", _confirm, methods=["POST"]),
        Route(f"{SET_UP}/codes", _codes, methods=["POST"]),
        Route(f"{SET_UP}/off", off, methods=["POST"]),
    ]


async def _ask(request: Request) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        half = await find_half(tx, read_cookie(request, house.settings, HALF), house.clock.now())
    return _question(request) if half else _anew()


def _question(request: Request, fault: str = "", status: int = 200) -> Response:
    return render(request, "account/second.html", {"fault": fault}, status=status)


def _anew() -> Response:
    return RedirectResponse("/sign-in?over", status_code=303)


async def _take(request: Request, first: First) -> Response:
    """Count the try before the code is looked at; a right one ends the half sign-in, so that it leads to one login only."""
    house = house_of(request)
    code = (await read_form(request)).get("code", "")
    token, now = read_cookie(request, house.settings, HALF), house.clock.now()
    async with house.database.read() as tx:
        half = await find_half(tx, token, now)
    if half is None:
        return _anew()
    try:
        await house.limiter.hit("second_factor", str(half.person_id))
    except TooFast:
        return _question(request, "too_fast", 429)
    async with house.database.write() as tx:
        half = await find_half(tx, token, now, lock=True)
        if half is None:
            return _anew()
        if not await take_any(tx, house.keyring, house.secrets, Try(half.person_id, code, now)):
            half.tries += 1
            return _question(request, "wrong", 401) if half.alive(now) else _anew()
        person_id = half.person_id
        response = await complete(tx, request, person_id, Way(half.target, half.shared, first))
        await tx.delete(half)
    await house.limiter.forget("second_factor", str(person_id))
    return response


async def _show(request: Request) -> Response:
    who = await signed_in(request, limited=True)
    async with house_of(request).database.read() as tx:
        return await _page(tx, request, who.person_id)


async def _page(tx: Tx, request: Request, person_id: UUID, fault: str = "") -> Response:
    """Show the factor as it stands: none, one that waits for its first code, or one that counts."""
    house = house_of(request)
    factor = await tx.get(SecondFactor, person_id)
    known: dict[str, object] = {"factor": factor, "fault": fault, "left": await codes_left(tx, person_id), "codes": []}
    if factor is not None and factor.confirmed_at is None:
        credential = await tx.get_one(Credential, person_id)
        secret = secret_of(house.keyring, factor)
        known |= {"secret": _in_fours(secret), "picture": picture_of(app_address(secret, credential.username))}
    return render(request, "account/second_factor.html", known, status=422 if fault else 200)


def _in_fours(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def picture_of(text: str) -> Markup:
    """Return a QR code as SVG that stands in the page, dark on white in every colour scheme, as cameras want it."""
    drawing = segno.make(text, micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)
    return Markup(drawing)  # noqa: S704 - made of squares, the text is not in it


async def _begin(request: Request) -> Response:
    who = await proved_lately(request, SET_UP, limited=True)
    house = house_of(request)
    async with house.database.write() as tx:
        if await has_second(tx, who.person_id):
            raise Conflict
        await begin_second(tx, house.keyring, who.person_id, house.clock.now())
    return RedirectResponse(SET_UP, status_code=303)


async def _confirm(request: Request) -> Response:
    """With the first right code the factor counts: every other login of this person ends, and this one gets a new token."""
    who = await proved_lately(request, SET_UP, limited=True)
    house = house_of(request)
    now = house.clock.now()
    code = (await read_form(request)).get("code", "")
    async with house.database.write() as tx:
        if await has_second(tx, who.person_id):
            return RedirectResponse(SET_UP, status_code=303)
        factor = await take_code(tx, house.keyring, Try(who.person_id, code, now))
        if factor is None:
            return await _page(tx, request, who.person_id, "wrong")
        factor.confirmed_at = now
        codes = await new_codes(tx, house.secrets, who.person_id)
        await end_all_logins(tx, who.person_id, now)
        await tell_person(tx, house, who.person_id, Subject.SECOND_ON, language_of(request).tag)
        token = await begin_here(tx, request, who.person_id, shared=await shared_here(tx, request))
    return _paper(request, codes, token)


async def _codes(request: Request) -> Response:
    who = await proved_lately(request, SET_UP)
    house = house_of(request)
    async with house.database.write() as tx:
        if not await has_second(tx, who.person_id):
            raise Conflict
        codes = await new_codes(tx, house.secrets, who.person_id)
        await tell_person(tx, house, who.person_id, Subject.CODES_NEW, language_of(request).tag)
    return _paper(request, codes)


def _paper(request: Request, codes: list[str], token: str | None = None) -> Response:
    """Show the codes, this once."""
    response = render(request, "account/codes.html", {"codes": codes})
    if token:
        set_cookie(response, house_of(request).settings, token)
    return response
