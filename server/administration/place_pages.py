"""The page behind an invitation into a practice: who opens it makes an account or uses their own, and takes the place."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import PlaceInvitation, Practice
from server.access.obliged import insist_on_second, must_have_second
from server.access.places import find_invitation, take_place
from server.access.policy import Role
from server.access.switching import arrive
from server.access.workplaces import workplaces_of
from server.administration.details_form import detail_faults, details_of, shown_details
from server.core.ids import token_hash
from server.errors import Invalid, NotFound, NotSignedIn, TooFast
from server.identity.accounts import open_account
from server.identity.actions import find_credential
from server.identity.choosing import faults_of
from server.identity.entering import SET_UP
from server.identity.gate import begin_here, signed_in
from server.identity.model import Person
from server.identity.passwords import Passwords
from server.web.auth import set_cookie
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render
from server.web.proxies import address_key

LONGEST_NAME = 200


class Opened(NamedTuple):
    """A good link: what it offers where, and who is signed in, if anybody is."""

    invitation: PlaceInvitation
    practice: Practice
    person: Person | None
    works_elsewhere: bool

    @property
    def treats(self) -> bool:
        return self.invitation.role == Role.PROFESSIONAL


def routes(passwords: Passwords) -> list[Route]:
    return [Route("/place/{token}", _page(passwords), methods=["GET", "POST"])]


def _page(passwords: Passwords) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        await house_of(request).limiter.hit("join_link_address", address_key(request))
        try:
            opened = await _open(request)
            return await _take(request, passwords, opened) if request.method == "POST" else _show(request, opened, {}, {})
        except NotFound:
            return render(request, "staff/place_closed.html", {}, 404)

    return page


async def _open(request: Request) -> Opened:
    house = house_of(request)
    try:
        person_id = (await signed_in(request)).person_id
    except NotSignedIn:
        person_id = None
    async with house.database.read() as tx:
        invitation = await find_invitation(tx, request.path_params["token"], house.clock.now())
        if invitation is None:
            raise NotFound
        person = await tx.get(Person, person_id) if person_id else None
        elsewhere = await workplaces_of(tx, person.id) - {invitation.practice_id} if person else set()
        return Opened(invitation, await tx.get_one(Practice, invitation.practice_id), person, bool(elsewhere))


def _show(request: Request, opened: Opened, form: Mapping[str, str], faults: Mapping[str, str], status: int = 200) -> Response:
    shown = {
        "practice": opened.practice, "role": opened.invitation.role, "treats": opened.treats, "person": opened.person,
        "works_elsewhere": opened.works_elsewhere,
        "path": request.url.path, "faults": faults, "username": form.get("username", "")[:100],
        **shown_details(form or {"name": opened.person.name if opened.person else ""}),
    }  # fmt: skip
    return render(request, "staff/place.html", shown, status)


async def _take(request: Request, passwords: Passwords, opened: Opened) -> Response:
    form = await read_form(request)
    try:
        await _limit(request)
        faults = await _faults(request, passwords, opened, form)
        if faults:
            return _show(request, opened, form, faults, 422)
        if opened.person is None:
            return await _take_anew(request, passwords, opened, form)
        house = house_of(request)
        async with house.database.write() as tx:
            details = details_of(form) if opened.treats else None
            before = await must_have_second(tx, house.settings, opened.person.id)
            await take_place(tx, request.path_params["token"], opened.person.id, details, house.clock.now())
            await arrive(tx, await signed_in(request), opened.practice.id)
            limited = await insist_on_second(tx, house.settings, opened.person.id, before=before)
    except TooFast:
        return _show(request, opened, form, {"form": "too_fast"}, 429)
    except Invalid as error:
        return _show(request, opened, form, {"username" if error.code == "username_taken" else "form": error.code}, 422)
    return _welcome(limited=limited)


async def _limit(request: Request) -> None:
    """Count tries per link and per address before any hashing: the answer 'taken' tells that a name exists."""
    limiter = house_of(request).limiter
    await limiter.hit("account_address", address_key(request))
    await limiter.hit("account_visit", token_hash(request.path_params["token"]).hex())


async def _faults(request: Request, passwords: Passwords, opened: Opened, form: Mapping[str, str]) -> dict[str, str]:
    faults = detail_faults(form) if opened.treats else {}
    if opened.person is not None:
        return faults
    name, username = form.get("name", ""), form.get("username", "")
    if not opened.treats and not 0 < len(name) <= LONGEST_NAME:
        faults["name"] = "name_long" if name else "name_missing"
    async with house_of(request).database.read() as tx:
        taken = await find_credential(tx, username) is not None
    chosen = await passwords.weigh(lambda: faults_of(username, form.get("password", "")))
    return faults | (chosen or ({"username": "username_taken"} if taken else {}))


async def _take_anew(request: Request, passwords: Passwords, opened: Opened, form: Mapping[str, str]) -> Response:
    house = house_of(request)
    password_hash = await passwords.hash(form["password"])
    async with house.database.write() as tx:
        person_id: UUID = await open_account(tx, form["name"], form["username"], password_hash, house.clock.now())
        details = details_of(form) if opened.treats else None
        await take_place(tx, request.path_params["token"], person_id, details, house.clock.now())
        limited = await insist_on_second(tx, house.settings, person_id)
        token = await begin_here(tx, request, person_id, limited=limited)
    response = _welcome(limited=limited)
    set_cookie(response, house.settings, token)
    return response


def _welcome(*, limited: bool) -> Response:
    return RedirectResponse(SET_UP if limited else "/", status_code=303)
