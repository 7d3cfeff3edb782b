"""Tells whoever let others read their words that these are not shown; why, they read in their account. It is no `Delivery`."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.consultation.moderation import author_of_hidden
from server.core.house import House
from server.identity.mail_model import AccountEmail
from server.messaging.composing import Post
from server.ports import Carrier, Letter


def tell_author_with(house: House, post: Post, mail: Carrier) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler; whoever has no confirmed address, or whose words are shown by now, is written to no more."""

    async def run(testimonial_id: UUID) -> None:
        async with house.database.read() as tx:
            author = await author_of_hidden(tx, testimonial_id)
            mine = AccountEmail.person_id == author.person_id if author else None
            address = await tx.scalar(select(AccountEmail.address).where(mine)) if mine is not None else None
        if author is not None and address:
            await mail.carry(_letter(post, author.practice, address), f"testimonial-{testimonial_id}-{author.decided_at:%Y%m%dT%H%M%S}")

    return run


def _letter(post: Post, practice: Practice, to: str) -> Letter:
    text = post.languages.choose(practice.language, "").text
    sentences = [
        text("Words of yours that you let others read at {practice} are not shown.", practice=practice.name),
        text("Sign in to read why, or to take them back:"),
        f"{post.base_url}/my",
    ]
    return Letter(to, text("{practice}: there is news for you", practice=practice.name), sentences)
