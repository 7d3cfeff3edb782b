"""Tells somebody that their record will be used again; by e-mail, from the outbox, before it is."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from server.access.model import Practice
from server.access.restrictions import Restriction
from server.consultation.events import Channel
from server.core.house import House
from server.messaging.composing import Post
from server.ports import Carrier, Letter
from server.privacy.request_jobs import address_of
from server.privacy.restrictions import TELL_LIFTED
from server.web.moments import full_date


def restriction_handlers(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> dict[str, Callable[[UUID], Awaitable[None]]]:
    """Return the handler of the errand; whoever has no address reads it in their account."""

    async def tell(restriction_id: UUID) -> None:
        async with house.database.read() as tx:
            restriction = await tx.get_one(Restriction, restriction_id)
            practice = await tx.get_one(Practice, restriction.practice_id)
            address = await address_of(tx, restriction.patient_id)
        if address:
            await carriers[Channel.EMAIL].carry(_letter(post, practice, restriction, address), f"{TELL_LIFTED}-{restriction_id}")

    return {TELL_LIFTED: tell}


def _letter(post: Post, practice: Practice, restriction: Restriction, address: str) -> Letter:
    """The reasons stand in the account: others may see the mail."""
    language = post.languages.choose(practice.language, "")
    text = language.text
    day = full_date(language, restriction.ends_at or restriction.began_at, practice.time_zone)
    sentences = [
        text("{practice} restricted the use of your record. From {day} on it is used again.", practice=practice.name, day=day),
        text("If you do not agree, write to the practice before that day:"),
        f"{post.base_url}/contact/{practice.id}",
    ]
    return Letter(address, text("{practice}: your record is used again from {day}", practice=practice.name, day=day), sentences)
