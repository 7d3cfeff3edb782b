"""The public directory of professionals, and each one's page."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

from babel.dates import format_skeleton
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.bodies import BODIES, OTHER
from server.access.model import Professional
from server.consultation.testimonials import shown_about
from server.directory.languages import SPOKEN, name_of, unpacked
from server.directory.listing import MOST, Entry, Wanted, fields_of, languages_of, listed, see_profile
from server.directory.model import Photo
from server.web.endpoint import base_url_of, house_of
from server.web.pages import language_of, render
from server.web.proxies import address_key

PATH = "/directory"
LONGEST_FIELD = 200


def routes() -> list[Route]:
    return [Route(PATH, _list), Route(PATH + "/{professional_id:uuid}", _profile)]


async def _list(request: Request) -> Response:
    house = house_of(request)
    await house.limiter.hit("book_address", address_key(request))
    wanted = wanted_in(request)
    async with house.database.read() as tx:
        entries, looked_at = await listed(tx, wanted, house.clock.now())
        fields = await fields_of(tx)
        offered = await languages_of(tx) | ({wanted.language} if wanted.language else set())
    shown = {
        "entries": entries, "wanted": wanted, "fields": fields, "languages": sorted_names(request, offered), "now": house.clock.now(),
        "owner": None, "looked_at": looked_at, "most": MOST,
        "spoken": {entry.professional.id: names_of(request, entry) for entry in entries},
    }  # fmt: skip
    return render(request, "directory/list.html", shown)


async def _profile(request: Request) -> Response:
    house = house_of(request)
    await house.limiter.hit("book_address", address_key(request))
    async with house.database.read() as tx:
        entry = await see_profile(tx, cast(UUID, request.path_params["professional_id"]), house.clock.now())
        testimonials = await shown_about(tx, entry.professional.id, house.clock.now())
        photo = await tx.scalar(select(Photo.mark).where(Photo.professional_id == entry.professional.id))
    address = f"{base_url_of(request)}{PATH}/{entry.professional.id}"
    shown = {
        "found": entry, "spoken": names_of(request, entry), "told": told_to_machines(entry, address), "now": house.clock.now(),
        "practice": entry.practice, "body": body_of(entry.professional),
        "photo": photo, "testimonials": [(one.words, month_words(request, one.given_at)) for one in testimonials],
    }  # fmt: skip
    return render(request, "directory/profile.html", shown)


def wanted_in(request: Request) -> Wanted:
    """Read what is looked for; a language that nobody can name is none."""
    query = request.query_params
    language = query.get("language", "")
    return Wanted(query.get("field", "")[:LONGEST_FIELD], language if language in SPOKEN else "", query.get("soon") == "yes")


def body_of(professional: Professional) -> str:
    """Return who registered them; "" where it is none that is known."""
    return BODIES[professional.body].name if professional.body in BODIES and professional.body != OTHER else ""


def names_of(request: Request, entry: Entry) -> list[str]:
    return [_name(request, tag) for tag in unpacked(entry.profile.languages)]


def sorted_names(request: Request, tags: Iterable[str] = SPOKEN) -> list[tuple[str, str]]:
    """Return languages as their tags and their names for this reader, by name."""
    return sorted(((tag, _name(request, tag)) for tag in tags), key=lambda pair: pair[1].casefold())


def told_to_machines(entry: Entry, address: str) -> dict[str, object]:
    """Return the page as structured data of schema.org, for search engines."""
    professional, practice = entry.professional, entry.practice
    works_for = {"@type": "MedicalBusiness", "name": practice.name, **({"telephone": practice.phone} if practice.phone else {})}
    offers = [
        {"@type": "Offer", "itemOffered": {"@type": "Service", "name": service.name}}
        for service in entry.services
        if professional.takes_none_since is None
    ]
    return {
        "@context": "https://schema.org",
        "@type": "Person",
        "name": professional.full_name,
        "jobTitle": professional.field_of_practice,
        "description": entry.profile.about,
        "knowsLanguage": unpacked(entry.profile.languages),
        "url": address,
        "worksFor": works_for,
        "makesOffer": offers,
    }


def month_words(request: Request, at: datetime) -> str:
    return format_skeleton("yMMMM", at, locale=language_of(request).locale)


def _name(request: Request, tag: str) -> str:
    reader = language_of(request)
    return reader.text(name_of(tag, reader.tag))
