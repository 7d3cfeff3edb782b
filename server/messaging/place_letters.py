"""Sends the link by which somebody takes a place in a practice. It is shown to whoever gave it, so it is no `Delivery`."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from server.access.model import PlaceInvitation, Practice
from server.access.places import GOOD_FOR, place_url
from server.core.house import House
from server.messaging.composing import Post
from server.ports import Carrier, Letter


def invite_with(house: House, post: Post, mail: Carrier) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `invite_place` errands; what was taken, taken back or has run out is written to nobody."""

    async def run(invitation_id: UUID) -> None:
        async with house.database.read() as tx:
            invitation = await tx.get_one(PlaceInvitation, invitation_id)
            practice = await tx.get_one(Practice, invitation.practice_id)
        if invitation.email and invitation.open(house.clock.now()):
            letter = letter_of(post, practice, invitation, invitation.email)
            await mail.carry(letter, f"{invitation.id}:{invitation.times_sent}")

    return run


def letter_of(post: Post, practice: Practice, invitation: PlaceInvitation, to: str) -> Letter:
    """Return the message in the language of the practice."""
    _ = post.languages.choose(practice.language, "").text
    sentences = [
        _("{practice} asks you to work with them in Consilium, their place for video consultations.", practice=practice.name),
        _("Open this link to make your account, or to use the one that you have:"),
        place_url(post.base_url, post.secrets, invitation),
        _("The link is good for {days} days and for one person. Please give it to nobody.", days=GOOD_FOR.days),
        _("If you do not know this practice, you need to do nothing."),
    ]
    return Letter(to, _("Your place at {practice}", practice=practice.name), sentences)
