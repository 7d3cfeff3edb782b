"""The pages on which somebody with an account finds appointments that were booked without it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.errors import TooFast
from server.identity.gate import signed_in
from server.patients.addresses import Address, read_address
from server.patients.claims import Asking, ask, claim, count_wrong, fits, open_proof
from server.settings import Settings
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

FIND = "/my/find"
MINE = "/my"
LONGEST_SHOWN = 300


def routes() -> list[Route]:
    return [
        Route(FIND, _show, methods=["GET"]),
        Route(FIND, _ask, methods=["POST"]),
        Route(f"{FIND}/code", _code, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    anew = "anew" in request.query_params
    async with house.database.read() as tx:
        proof = None if anew else await open_proof(tx, who.person_id, house.clock.now())
    return render(request, "my/find.html", {"proof": proof, "fault": "", "written": ""})


async def _ask(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    written = (await read_form(request)).get("address", "")
    address = read_address(written, house.settings.phone_region)
    if address is None:
        return _refuse(request, 422, "address", written)
    try:
        await house.limiter.hit("prove", str(who.person_id))
        await house.limiter.hit("prove_address", house.secrets.mac("prove", address.text).hex())
    except TooFast:
        return _refuse(request, 429, "too_fast", written)
    async with house.database.write() as tx:
        await ask(tx, Asking(who.person_id, address, language_of(request).tag, _sendable(house.settings, address)), house.clock.now())
    return RedirectResponse(FIND, status_code=303)


def _sendable(settings: Settings, address: Address) -> bool:
    return bool(settings.smtp_host if address.by_mail else settings.twilio_account_sid)


def _refuse(request: Request, status: int, fault: str, written: str) -> Response:
    return render(request, "my/find.html", {"proof": None, "fault": fault, "written": written[:LONGEST_SHOWN]}, status=status)


async def _code(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    code = (await read_form(request)).get("code", "")
    now = house.clock.now()
    async with house.database.write() as tx:
        proof = await open_proof(tx, who.person_id, now, lock=True)
        if proof is not None and fits(house.secrets, proof, code):
            found = await claim(tx, proof, house.settings.phone_region, now)
            return RedirectResponse(f"{MINE}?{'found' if found else 'nothing'}", status_code=303)
        left = await count_wrong(tx, proof) if proof else 0
    shown = {"proof": proof if left else None, "fault": "wrong" if left else "over", "left": left, "written": ""}
    return render(request, "my/find.html", shown, status=422)
