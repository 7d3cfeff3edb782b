"""A new password: by a letter for whoever forgot theirs, and in the account."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.core.db import Tx
from server.errors import Forbidden, TooFast
from server.identity.actions import end_all_logins, find_credential
from server.identity.choosing import password_fault
from server.identity.devices import forget_devices
from server.identity.gate import begin_here, shared_here, signed_in
from server.identity.letters import Wanted, drop_links, find_letter, tell_person, want_letter
from server.identity.mail_model import Subject
from server.identity.model import Credential, Person
from server.identity.passwords import Passwords
from server.identity.proof import name_key, prove_again
from server.web.auth import set_cookie
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.proxies import address_key

RESET, CHANGE = "/reset", "/account/password"


def routes(passwords: Passwords) -> list[Route]:
    async def chosen(request: Request) -> Response:
        return await _choose(request, passwords)

    async def change(request: Request) -> Response:
        return await _change(request, passwords)

    return [
        Route(RESET, _ask, methods=["GET"]),
        Route(RESET, _asked, methods=["POST"]),
        Route(f"{RESET}/{{token}}", _form, methods=["GET"]),
        Route(f"{RESET}/{{token}}", chosen, methods=["POST"]),
        Route(CHANGE, change, methods=["GET", "POST"]),
    ]


async def _ask(request: Request) -> Response:
    return render(request, "account/reset.html", {"fault": "", "asked": False})


async def _asked(request: Request) -> Response:
    """Say the same to everybody, after the same work: whether there is such an account is nobody's business."""
    house = house_of(request)
    username = (await read_form(request)).get("username", "")
    try:
        await house.limiter.hit("reset_address", address_key(request))
        await house.limiter.hit("reset_name", name_key(username))
    except TooFast:
        return render(request, "account/reset.html", {"fault": "too_fast", "asked": False}, status=429)
    async with house.database.write() as tx:
        await want_letter(tx, house.secrets, Wanted(username, Subject.RESET, language_of(request).tag), house.clock.now())
    return render(request, "account/reset.html", {"fault": "", "asked": True})


async def _form(request: Request) -> Response:
    """Use nothing up: programs that look into letters follow every link in them."""
    house = house_of(request)
    async with house.database.read() as tx:
        letter = await find_letter(tx, request.path_params["token"], Subject.RESET, house.clock.now())
    return _new_password(request, "" if letter else "over")


def _new_password(request: Request, fault: str) -> Response:
    status = {"": 200, "over": 404}.get(fault, 422)
    return render(request, "account/new_password.html", {"fault": fault}, status=status)


async def _choose(request: Request, passwords: Passwords) -> Response:
    """Set the password, once: every login ends, and no browser is known any more; the second factor is asked for as before."""
    house = house_of(request)
    password, now = (await read_form(request)).get("password", ""), house.clock.now()
    async with house.database.read() as tx:
        letter = await find_letter(tx, request.path_params["token"], Subject.RESET, now)
        credential = await find_credential(tx, letter.username) if letter else None
        person = await tx.get_one(Person, credential.person_id) if credential else None
    fault = await _fault(passwords, password, credential, person) if credential and person else "over"
    if fault:
        return _new_password(request, fault)
    password_hash = await passwords.hash(password)
    async with house.database.write() as tx:
        letter = await find_letter(tx, request.path_params["token"], Subject.RESET, now, lock=True)
        credential = await find_credential(tx, letter.username) if letter else None
        if letter is None or credential is None:
            return _new_password(request, "over")
        await forget_devices(tx, credential.person_id)
        await _set(tx, request, credential, password_hash)
    return RedirectResponse("/sign-in?changed", status_code=303)


async def _set(tx: Tx, request: Request, credential: Credential, password_hash: str) -> None:
    """Store it, end every login, void every link that was sent, and have the person told."""
    house = house_of(request)
    credential.password_hash, credential.changed_at = password_hash, house.clock.now()
    await end_all_logins(tx, credential.person_id, house.clock.now())
    await drop_links(tx, credential.username)
    await tell_person(tx, house, credential.person_id, Subject.PASSWORD_CHANGED, language_of(request).tag)


async def _change(request: Request, passwords: Passwords) -> Response:
    """Ask for the present password always: a session alone must not be enough to keep its owner out."""
    who = await signed_in(request)
    if request.method != "POST":
        return _page(request)
    form = await read_form(request)
    fault = await _refused(request, passwords, who.person_id, form)
    if fault:
        return _page(request, fault, 429 if fault == "too_fast" else 422)
    house = house_of(request)
    password_hash = await passwords.hash(form["password"])
    async with house.database.write() as tx:
        await _set(tx, request, await tx.get_one(Credential, who.person_id), password_hash)
        token = await begin_here(tx, request, who.person_id, shared=await shared_here(tx, request))
    response = _page(request, done=True)
    set_cookie(response, house.settings, token)
    return response


async def _refused(request: Request, passwords: Passwords, person_id: UUID, form: dict[str, str]) -> str:
    """Return why this cannot be the new password, or nothing."""
    try:
        await prove_again(request, passwords, person_id, form.get("present", ""))
    except TooFast:
        return "too_fast"
    except Forbidden:
        return "present"
    async with house_of(request).database.read() as tx:
        credential, person = await tx.get_one(Credential, person_id), await tx.get_one(Person, person_id)
    return await _fault(passwords, form.get("password", ""), credential, person)


async def _fault(passwords: Passwords, password: str, credential: Credential, person: Person) -> str:
    username, name = credential.username, person.name
    return await passwords.weigh(lambda: password_fault(password, username, name))


def _page(request: Request, fault: str = "", status: int = 200, *, done: bool = False) -> Response:
    return render(request, "account/password.html", {"fault": fault, "done": done}, status=status)
