"""Whose menu a page shows that belongs to no folder: one that says what went wrong."""

from starlette.requests import Request

from server.access.home import part_of
from server.access.viewer import viewer_in
from server.access.workplaces import choice_for
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
            here = await choice_for(tx, who)
            return await part_of(tx, await viewer_in(tx, who.person_id, here, house.clock.now()))
    except (ConsiliumError, *STORAGE_ERRORS):
        return ""
