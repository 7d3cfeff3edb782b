"""Sends the link by which somebody takes on to act for a patient. It is shown to whoever asked them, so it is no `Delivery`."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from server.access.model import Practice
from server.access.representation import Representation
from server.core.house import House
from server.messaging.composing import Post
from server.patients.representing import GOOD_FOR, acting_url
from server.ports import Carrier, Letter


def ask_to_act_with(house: House, post: Post, mail: Carrier) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of the errands; what was taken on, ended or has run out is written to nobody."""

    async def run(representation_id: UUID) -> None:
        async with house.database.read() as tx:
            one = await tx.get_one(Representation, representation_id)
            practice = await tx.get_one(Practice, one.practice_id)
        if one.email and one.can_be_taken(house.clock.now()):
            await mail.carry(letter_of(post, practice, one, one.email), str(one.id))

    return run


def letter_of(post: Post, practice: Practice, one: Representation, to: str) -> Letter:
    """Return the message in the language of the practice; for whom it is, only the page behind the link says."""
    _ = post.languages.choose(practice.language, "").text
    sentences = [
        _("You are asked to act for somebody at {practice}.", practice=practice.name),
        _("Open this link to see for whom. You need an account, or make one there:"),
        acting_url(post.base_url, post.secrets, one),
        _("The link is good for {days} days and for one person. Please give it to nobody.", days=GOOD_FOR.days),
        _("If you do not know this practice, you need to do nothing."),
    ]
    return Letter(to, _("Acting for somebody at {practice}", practice=practice.name), sentences)
