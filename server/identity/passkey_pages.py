"""Signing in by passkey, showing by one that it is still oneself, and the account's page of passkeys."""

from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.errors import Invalid
from server.identity.entering import First, Way, complete
from server.identity.gate import signed_in
from server.identity.lately import ACCOUNT, PROVE, note_proof, proved_lately
from server.identity.letters import tell_person
from server.identity.mail_model import Subject
from server.identity.passkey_model import Purpose
from server.identity.passkeys import Asked, Site, add_passkey, ask_to_add, ask_to_use, passkeys_of, remove_passkey, use_passkey
from server.identity.targets import safe_next
from server.web.endpoint import Empty, base_url_of, house_of, read_body
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.proxies import address_key

PASSKEYS = "/account/passkeys"
UNFIT = "?passkey"  # on the page that somebody comes back to


def routes(first: First) -> list[Route]:
    async def sign_in(request: Request) -> Response:
        return await _sign_in(request, first)

    return [
        Route("/api/passkeys/sign-in", _ask_stranger, methods=["POST"]),
        Route("/api/passkeys/prove", _ask_again, methods=["POST"]),
        Route("/api/passkeys/new", _ask_new, methods=["POST"]),
        Route("/sign-in/passkey", sign_in, methods=["POST"]),
        Route(f"{PROVE}/passkey", _prove, methods=["POST"]),
        Route(PASSKEYS, _show, methods=["GET"]),
        Route(PASSKEYS, _add, methods=["POST"]),
        Route(f"{PASSKEYS}/{{passkey_id:uuid}}/remove", _remove, methods=["POST"]),
    ]


def _site(request: Request) -> Site:
    return Site(base_url_of(request))


def _now(request: Request) -> datetime:
    return house_of(request).clock.now()


async def _ask_stranger(request: Request) -> Response:
    await read_body(request, Empty)
    await house_of(request).limiter.hit("passkey_address", address_key(request))
    return await _options(request, Purpose.SIGN_IN, None)


async def _ask_again(request: Request) -> Response:
    who = await signed_in(request)
    await read_body(request, Empty)
    return await _options(request, Purpose.PROVE, who.person_id)


async def _options(request: Request, purpose: Purpose, person_id: UUID | None) -> Response:
    async with house_of(request).database.write() as tx:
        options = await ask_to_use(tx, _site(request), Asked(purpose, person_id, _now(request)))
    return Response(options, media_type="application/json")


async def _ask_new(request: Request) -> Response:
    who = await proved_lately(request, PASSKEYS)
    await read_body(request, Empty)
    async with house_of(request).database.write() as tx:
        options = await ask_to_add(tx, _site(request), who.person_id, _now(request))
    return Response(options, media_type="application/json")


async def _sign_in(request: Request, first: First) -> Response:
    form = await read_form(request)
    async with house_of(request).database.write() as tx:
        asked = Asked(Purpose.SIGN_IN, None, _now(request))
        person_id = await use_passkey(tx, _site(request), asked, form.get("credential", ""))
        if person_id is None:
            return RedirectResponse(f"/sign-in{UNFIT}", status_code=303)
        return await complete(tx, request, person_id, Way(safe_next(form.get("next", "")), form.get("own") != "yes", first))


async def _prove(request: Request) -> Response:
    who = await signed_in(request)
    form = await read_form(request)
    async with house_of(request).database.write() as tx:
        asked = Asked(Purpose.PROVE, who.person_id, _now(request))
        fits = await use_passkey(tx, _site(request), asked, form.get("credential", ""))
    target = safe_next(form.get("next", ""), ACCOUNT)
    if not fits:
        return RedirectResponse(f"{PROVE}{UNFIT}&next={quote(target)}", status_code=303)
    await note_proof(request, who)
    return RedirectResponse(target, status_code=303)


async def _show(request: Request) -> Response:
    """Ask first who it is: the form behind it could be filled in, and then be refused."""
    who = await proved_lately(request, PASSKEYS)
    return await _page(request, who.person_id)


async def _page(request: Request, person_id: UUID, fault: str = "", status: int = 200) -> Response:
    async with house_of(request).database.read() as tx:
        passkeys = await passkeys_of(tx, person_id)
    known = {"passkeys": passkeys, "fault": fault, "now": _now(request)}
    return render(request, "account/passkeys.html", known, status=status)


async def _add(request: Request) -> Response:
    who = await proved_lately(request, PASSKEYS)
    form = await read_form(request)
    name = form.get("name", "")
    if not name:
        return await _page(request, who.person_id, "name", Invalid.http_status)
    async with house_of(request).database.write() as tx:
        asked = Asked(Purpose.ADD, who.person_id, _now(request))
        added = await add_passkey(tx, _site(request), asked, name, form.get("credential", ""))
        if added is not None:
            await tell_person(tx, house_of(request), who.person_id, Subject.PASSKEY_ADDED, language_of(request).tag)
    if added is None:
        return await _page(request, who.person_id, "unfit", Invalid.http_status)
    return RedirectResponse(PASSKEYS, status_code=303)


async def _remove(request: Request) -> Response:
    who = await proved_lately(request, PASSKEYS)
    async with house_of(request).database.write() as tx:
        await remove_passkey(tx, who.person_id, request.path_params["passkey_id"])
        await tell_person(tx, house_of(request), who.person_id, Subject.PASSKEY_REMOVED, language_of(request).tag)
    return RedirectResponse(PASSKEYS, status_code=303)
