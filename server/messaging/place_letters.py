"""Sends the link by which somebody takes a place in a practice. It is shown to whoever gave it, so it is no `Delivery`."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from server.access.model import PlaceInvitation, Practice
from server.access.places import GOOD_FOR, place_url
from server.core.house import House
from server.core.marking import _
from server.messaging.asking_letters import Asking, asking_letter
from server.messaging.composing import Post
from server.ports import Carrier


def invite_with(house: House, post: Post, mail: Carrier) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `invite_place` errands; what was taken, taken back or has run out is written to nobody."""

    async def run(invitation_id: UUID) -> None:
        async with house.database.read() as tx:
            invitation = await tx.get_one(PlaceInvitation, invitation_id)
            if not invitation.email or not invitation.open(house.clock.now()):
                return
            practice = await tx.get_one(Practice, invitation.practice_id)
            letter = await asking_letter(tx, post, practice, _asking(post, invitation), invitation.email)
        await mail.carry(letter, f"{invitation.id}:{invitation.times_sent}")

    return run


def _asking(post: Post, invitation: PlaceInvitation) -> Asking:
    return Asking(
        subject=_("Your place at {practice}"),
        what=_("{practice} asks you to work with them in Consilium, their place for video consultations."),
        how=_("Open this link to make your account, or to use the one that you have:"),
        url=place_url(post.base_url, post.secrets, invitation),
        days=GOOD_FOR.days,
    )
