"""Whose menu a page shows that belongs to no folder: one that says what went wrong."""

from starlette.requests import Request

from server.access.home import part_of
from server.access.viewer import load_viewer
from server.core.db import STORAGE_ERRORS
from server.errors import ConsiliumError
from server.identity.gate import signed_in
from server.web.endpoint import house_of


async def menu_of(request: Request) -> str:
    """Return the `Part` of whoever is signed in; "" for nobody, and where it cannot be told at the moment."""
    house = house_of(request)
    try:
        who = await signed_in(request)
        async with house.database.read() as tx:
            return await part_of(tx, await load_viewer(tx, who.person_id, house.clock.now()))
    except (ConsiliumError, *STORAGE_ERRORS):
        return ""
