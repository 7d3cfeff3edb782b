"""The administrators' pages about who works in the practice: invitations, reviews, roles, and the end of a place."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.bodies import BODIES
from server.access.home import part_of
from server.access.model import PlaceInvitation, Practice, Review
from server.access.obliged import insist_on_second, must_have_second
from server.access.people import Place, change_role, in_charge_of, people_of, place_of
from server.access.places import Sender, Wish, invitations_of, invite, place_url, resend, revoke
from server.access.policy import Role, Viewer, may_give_place
from server.access.reviewing import Decision, review, reviews_waiting, seen_of
from server.access.viewer import role_of, viewer_of
from server.administration.completing import in_language, pieces_of
from server.administration.ending import end_place_now
from server.booking.doors import times_ahead
from server.core.db import Tx
from server.core.house import House
from server.errors import Conflict, Invalid
from server.notes.signing import MOVED
from server.web.endpoint import base_url_of, house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PEOPLE = "/practice/people"
SHOWN_TIMES = 20

KEEPS = {"promised", "held", "running", MOVED}  # why a place does not end yet


def routes() -> list[Route]:
    invitation, person = "/practice/invitations/{invitation_id:uuid}", PEOPLE + "/{person_id:uuid}"
    return [
        Route(PEOPLE, _people),
        Route(PEOPLE + "/invite", _invite, methods=["POST"]),
        Route(invitation + "/again", _again, methods=["POST"]),
        Route(invitation + "/revoke", _revoke, methods=["POST"]),
        Route(person, _person),
        Route(person + "/review", _review, methods=["POST"]),
        Route(person + "/role", _role, methods=["POST"]),
        Route(person + "/end", _end, methods=["POST"]),
    ]


async def _people(request: Request) -> Response:
    return await _show_people(request)


async def _show_people(request: Request, error: str = "", email: str = "", status: int = 200) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await in_charge_of(tx, viewer))
        own = await role_of(tx, viewer)
        people = await people_of(tx, practice.id)
        invited = [_invited(request, one, own) for one in await invitations_of(tx, practice.id)]
        waiting = await reviews_waiting(tx, practice.id)
        part = await part_of(tx, viewer)
    shown = {
        "part": part, "practice": practice, "zone": practice.time_zone, "now": now, "people": people, "invited": invited,
        "waiting": waiting, "bodies": BODIES, "roles": [role for role in Role if may_give_place(own, role)],
        "mails": _sender(request).mails, "done": request.query_params.get("done"), "error": error, "email": email[:254],
    }  # fmt: skip
    return render(request, "staff/people.html", shown, status)


def _invited(request: Request, one: PlaceInvitation, own: Role | None) -> tuple[PlaceInvitation, str]:
    """Return an invitation with its link, or "" for whoever could give themself more by it than they have."""
    house = house_of(request)
    shows = may_give_place(own, Role(one.role)) and one.open(house.clock.now())
    return one, place_url(base_url_of(request), house.secrets, one) if shows else ""


async def _invite(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await in_charge_of(tx, viewer)
    await house.limiter.hit("invite", str(viewer.person_id))
    form = await read_form(request)
    email = form.get("email", "")
    if form.get("role") not in set(Role):
        return await _show_people(request, "role", email, 422)
    try:
        async with house.database.write() as tx:
            await invite(tx, _sender(request), viewer, Wish(Role(form["role"]), email), house.clock.now())
    except Invalid as fault:
        return await _show_people(request, fault.code, email, 422)
    return RedirectResponse(f"{PEOPLE}?done=invited#invited", status_code=303)


async def _again(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.write() as tx:
        await resend(tx, _sender(request), viewer, request.path_params["invitation_id"], house.clock.now())
    return RedirectResponse(f"{PEOPLE}?done=again#invited", status_code=303)


async def _revoke(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.write() as tx:
        await revoke(tx, viewer, request.path_params["invitation_id"], house.clock.now())
    return RedirectResponse(f"{PEOPLE}?done=revoked#invited", status_code=303)


async def _person(request: Request) -> Response:
    return await _show_person(request)


async def _show_person(request: Request, error: str = "", words: str = "", status: int = 200) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        place = await place_of(tx, viewer, request.path_params["person_id"])
        practice = await tx.get_one(Practice, viewer.practice_id)
        own = await role_of(tx, viewer)
        times = await _times(tx, place, request)
        pieces = await pieces_of(tx, house, place.professional) if place.professional else []
        part = await part_of(tx, viewer)
    shown = {
        "part": part, "place": place, "pieces": in_language(pieces, language_of(request)),
        "times": times[:SHOWN_TIMES], "more": len(times) > SHOWN_TIMES, "zone": practice.time_zone,
        "now": house.clock.now(), "bodies": BODIES, "roles": _roles(place, own), "may_end": may_give_place(own, place.weight),
        "seen": seen_of(place.professional) if place.professional else "",
        "may_review": viewer.person_id != place.person_id or own is Role.OWNER,
        "oneself": viewer.person_id == place.person_id, "done": request.query_params.get("done"), "error": error, "words": words[:500],
    }  # fmt: skip
    return render(request, "staff/person.html", shown, status)


async def _times(tx: Tx, place: Place, request: Request) -> list[object]:
    if place.professional is None:
        return []
    return list(await times_ahead(tx, place.professional.id, house_of(request).clock.now()))


def _roles(place: Place, own: Role | None) -> list[Role | None]:
    """Return what the place may be made: a professional looks after the practice or does not, everybody else has a place of their own."""
    if place.role is not None and not may_give_place(own, place.role):
        return []
    least = [None] if place.professional is not None else [Role.ASSISTANT, Role.AUDITOR]
    return [*least, *(role for role in (Role.ADMINISTRATOR, Role.OWNER) if may_give_place(own, role))]


async def _review(request: Request) -> Response:
    viewer, house, person_id = *await _entered(request), _person_id(request)
    form = await read_form(request)
    decided, words = form.get("decided", ""), form.get("words", "")
    if decided not in {Review.APPROVED, Review.RETURNED, Review.REJECTED}:
        return await _show_person(request, "decided", words, 422)
    try:
        async with house.database.write() as tx:
            before = await must_have_second(tx, house.settings, person_id)
            await review(tx, viewer, person_id, Decision(Review(decided), words, form.get("seen", "")), house.clock.now())
            await insist_on_second(tx, house.settings, person_id, before=before)  # whoever had been rejected works here again
    except Invalid as fault:
        return await _show_person(request, fault.code, words, 422)
    except Conflict:
        return await _show_person(request, "changed", words, 409)
    return RedirectResponse(f"{PEOPLE}/{person_id}?done=reviewed", status_code=303)


async def _role(request: Request) -> Response:
    viewer, house, person_id = *await _entered(request), _person_id(request)
    wanted = (await read_form(request)).get("role", "")
    if wanted not in {"", *Role}:
        return await _show_person(request, "role", status=422)
    try:
        async with house.database.write() as tx:
            await change_role(tx, viewer, person_id, Role(wanted) if wanted else None, house.clock.now())
    except Invalid:
        return await _show_person(request, "role", status=422)
    except Conflict:
        return await _show_person(request, "last", status=409)
    return RedirectResponse(_back(viewer, person_id, "role"), status_code=303)


async def _end(request: Request) -> Response:
    viewer, person_id = (await _entered(request))[0], _person_id(request)
    if (await read_form(request)).get("sure") != "yes":
        return await _show_person(request, "sure", status=422)
    try:
        await end_place_now(request, viewer, person_id)
    except Conflict as error:
        return await _show_person(request, error.code if error.code in KEEPS else "last", status=409)
    return RedirectResponse("/" if viewer.person_id == person_id else f"{PEOPLE}?done=ended", status_code=303)


async def _entered(request: Request) -> tuple[Viewer, House]:
    """Let in whoever looks after the practice, before anything of the form is read; raises `Forbidden`, `NotFound`."""
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        await place_of(tx, viewer, _person_id(request))
    return viewer, house


def _back(viewer: Viewer, person_id: UUID, done: str) -> str:
    """Whoever gave up their own office is led to where their work begins."""
    return "/" if viewer.person_id == person_id else f"{PEOPLE}/{person_id}?done={done}"


def _person_id(request: Request) -> UUID:
    found: UUID = request.path_params["person_id"]
    return found


def _sender(request: Request) -> Sender:
    house = house_of(request)
    return Sender(house.secrets, bool(house.settings.smtp_host))
