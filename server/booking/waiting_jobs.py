"""The errand that offers free times to whoever asked first."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from server.booking.seekers import Seeker
from server.booking.waiting_list import find_match, in_turn, make_offer, settle_lapsed
from server.core.house import House
from server.errors import Conflict, Invalid, NotFound


def offer_freed_with(house: House) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `offer-freed`: one transaction for each person, in their turn; it may run twice without harm."""

    async def run(practice_id: UUID) -> None:
        async with house.database.write() as tx:
            await settle_lapsed(tx, practice_id, house.clock.now())
        async with house.database.read() as tx:
            asking = await in_turn(tx, practice_id, house.clock.now())
        for seeker in asking:
            await _offer(house, seeker)

    return run


async def _offer(house: House, seeker: Seeker) -> None:
    """Somebody may have taken the time in between: then the next freed one is theirs."""
    now = house.clock.now()
    async with house.database.read() as tx:
        begins_at = await find_match(tx, seeker, now)
    if begins_at is None:
        return
    try:
        async with house.database.write() as tx:
            await make_offer(tx, seeker.id, begins_at, now)
    except (Conflict, Invalid, NotFound):
        return
