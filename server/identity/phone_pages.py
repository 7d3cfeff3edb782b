"""The page on which somebody shows that the phone of their account is theirs, where this server sends text messages."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.errors import TooFast
from server.identity.details_model import AccountDetails
from server.identity.gate import signed_in
from server.identity.lately import proved_lately
from server.identity.phones import ask_code, open_proof, try_code
from server.settings import Settings
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PHONE = "/my/phone"


def routes() -> list[Route]:
    return [
        Route(PHONE, _show, methods=["GET"]),
        Route(PHONE, _ask, methods=["POST"]),
        Route(f"{PHONE}/code", _code, methods=["POST"]),
    ]


def sends_texts(settings: Settings) -> bool:
    return bool(settings.twilio_account_sid)


async def _show(request: Request) -> Response:
    who = await proved_lately(request, PHONE)
    return await _page(request, who.person_id)


async def _page(request: Request, person_id: UUID, fault: str = "", status: int = 200) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        details = await tx.get(AccountDetails, person_id)
        proof = await open_proof(tx, person_id, house.clock.now())
    known = {"details": details, "proof": proof, "fault": fault, "sends": sends_texts(house.settings)}
    return render(request, "account/phone.html", known, status=status)


async def _ask(request: Request) -> Response:
    """Send a code; nothing where there is no number, or nothing to send it by."""
    who, house = await proved_lately(request, PHONE), house_of(request)
    async with house.database.read() as tx:
        details = await tx.get(AccountDetails, who.person_id)
    if details is None or not details.phone or not sends_texts(house.settings):
        return RedirectResponse(PHONE, status_code=303)
    try:
        await house.limiter.hit("prove", str(who.person_id))
        await house.limiter.hit("prove_address", house.secrets.mac("prove", details.phone).hex())
    except TooFast:
        return await _page(request, who.person_id, "too_fast", 429)
    async with house.database.write() as tx:
        await ask_code(tx, who.person_id, details.phone, language_of(request).tag, house.clock.now())
    return RedirectResponse(PHONE, status_code=303)


async def _code(request: Request) -> Response:
    who, house = await signed_in(request), house_of(request)
    typed = (await read_form(request)).get("code", "")
    async with house.database.write() as tx:
        fault = await try_code(tx, house.secrets, who.person_id, typed, house.clock.now())
    if fault:
        return await _page(request, who.person_id, fault, 422)
    return RedirectResponse(PHONE, status_code=303)
