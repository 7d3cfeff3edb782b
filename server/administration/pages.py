"""Every page of this folder in one list."""

from starlette.routing import Route

from server.administration import (
    audit_export_pages,
    audit_pages,
    brand_pages,
    leaving_pages,
    own_leaving_pages,
    parent_pages,
    people_pages,
    place_pages,
    queue_pages,
    registration_pages,
    settings_pages,
    team_pages,
)
from server.core.press import Press
from server.identity.passwords import Passwords


def routes(passwords: Passwords, press: Press) -> list[Route]:
    return [
        *people_pages.routes(),
        *leaving_pages.routes(),
        *own_leaving_pages.routes(),
        *parent_pages.routes(),
        *place_pages.routes(passwords),
        *registration_pages.routes(),
        *team_pages.routes(),
        *settings_pages.routes(),
        *brand_pages.routes(press),
        *queue_pages.routes(),
        *audit_pages.routes(),
        *audit_export_pages.routes(press),
    ]
