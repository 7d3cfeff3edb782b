"""The calendar feed of a professional: the page that makes its secret address, and the address itself."""

import hashlib
from base64 import urlsafe_b64encode
from uuid import UUID

from sqlalchemy import delete, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.model import Practice, Professional
from server.access.restrictions import restricted_in
from server.access.viewer import professional_of
from server.booking.doors import appointments_of
from server.booking.feed import AHEAD, BEHIND, FeedEvent, feed_of
from server.booking.feeds import CalendarFeed
from server.booking.model import Appointment, Service
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id, token_hash
from server.errors import NotFound
from server.patients.doors import name_on_record
from server.web.endpoint import base_url_of, house_of
from server.web.forms import read_form
from server.web.i18n import Language, read_languages
from server.web.pages import initials, render

PAGE = "/account/calendar"


def routes() -> list[Route]:
    return [
        Route(PAGE, _page),
        Route(PAGE + "/new", _renew, methods=["POST"]),
        Route(PAGE + "/stop", _stop, methods=["POST"]),
        Route("/feed/{token}.ics", _feed),
    ]


def feed_token(secrets: Secrets, feed_id: UUID) -> str:
    """Return the token of an address, derived as join links are; only its hash is stored."""
    return urlsafe_b64encode(secrets.mac("calendar-feed", str(feed_id))).rstrip(b"=").decode()


async def _page(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        feed = await tx.scalar(select(CalendarFeed).where(CalendarFeed.professional_id == viewer.professional_id))
        practice = await tx.get_one(Practice, viewer.practice_id)
    shown = {"feed": feed, "address": None, "zone": practice.time_zone, "now": house_of(request).clock.now()}
    return render(request, "staff/feed.html", {**shown, "stopped": "stopped" in request.query_params})


async def _renew(request: Request) -> Response:
    """Make a new address, which is shown this once; the old one is dead."""
    form = await read_form(request)
    viewer = await professional_of(request)
    house = house_of(request)
    feed_id = new_id()
    token = feed_token(house.secrets, feed_id)
    feed = CalendarFeed(
        id=feed_id,
        professional_id=viewer.professional_id,
        token_hash=token_hash(token),
        initials=form.get("initials") == "yes",
        made_at=house.clock.now(),
    )
    async with house.database.write() as tx:
        await tx.execute(delete(CalendarFeed).where(CalendarFeed.professional_id == viewer.professional_id))
        tx.add(feed)
        practice = await tx.get_one(Practice, viewer.practice_id)
    shown = {
        "feed": feed,
        "address": f"{base_url_of(request)}/feed/{token}.ics",
        "zone": practice.time_zone,
        "now": feed.made_at,
        "stopped": False,
    }
    return render(request, "staff/feed.html", shown)


async def _stop(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.write() as tx:
        await tx.execute(delete(CalendarFeed).where(CalendarFeed.professional_id == viewer.professional_id))
    return RedirectResponse(f"{PAGE}?stopped", status_code=303)


async def _feed(request: Request) -> Response:
    """Answer a calendar program; raises `NotFound` for an address that is not, or no longer, one of ours, and `TooFast`."""
    house = house_of(request)
    hashed = token_hash(request.path_params["token"])
    await house.limiter.hit("feed", hashed.hex())
    async with house.database.read() as tx:
        feed = await tx.scalar(select(CalendarFeed).where(CalendarFeed.token_hash == hashed))
        if feed is None:
            raise NotFound
        body = await _written(tx, request, feed)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/calendar", headers=headers)


async def _written(tx: Tx, request: Request, feed: CalendarFeed) -> bytes:
    professional = await tx.get_one(Professional, feed.professional_id)
    if professional.ended_at is not None:
        raise NotFound
    practice = await tx.get_one(Practice, professional.practice_id)
    house = house_of(request)
    now = house.clock.now()
    language = read_languages(house.settings.locales_dir).choose(practice.language, "")
    found = await appointments_of(tx, professional.id, now - BEHIND, now + AHEAD)
    closed = await restricted_in(tx, practice.id, now)
    named = {one.id for one in found if feed.initials and one.patient_id and one.patient_id not in closed}
    return feed_of(practice.name, [await _event(tx, appointment, language, named=appointment.id in named) for appointment in found])


async def _event(tx: Tx, appointment: Appointment, language: Language, *, named: bool) -> FeedEvent:
    """With `named`, the initials of the patient stand in its title."""
    _ = language.text
    service = await tx.get(Service, appointment.service_id) if appointment.service_id else None
    title = service.name if service else _("Video consultation")
    if named and appointment.patient_id:
        title = f"{title} ({initials(await name_on_record(tx, appointment.patient_id))})"
    changed_at = appointment.confirmed_at or appointment.created_at
    return FeedEvent(appointment.id, appointment.begins_at, appointment.ends_at, changed_at, appointment.sequence, title)
