"""Sends the code by which somebody proves the phone of their account. It is shown to nobody else, so it is no `Delivery`."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from server.consultation.events import Channel
from server.core.house import House
from server.identity.phone_model import GOOD_FOR, PhoneProof
from server.identity.phones import proof_code
from server.messaging.composing import Post
from server.messaging.optouts import is_stopped
from server.ports import Carrier, Letter


def prove_phone_with(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `prove_phone` errands; whoever answered STOP is not written to."""

    async def run(proof_id: UUID) -> None:
        async with house.database.read() as tx:
            proof = await tx.get(PhoneProof, proof_id)
            if proof is None or not proof.alive(house.clock.now()) or await is_stopped(tx, post.secrets, proof.phone):
                return
        await carriers[Channel.SMS].carry(letter_of(post, proof), str(proof.id))

    return run


def letter_of(post: Post, proof: PhoneProof) -> Letter:
    """Return the message, which names neither a person nor a practice: others may see it."""
    _ = post.languages.choose(proof.language, "").text
    minutes = GOOD_FOR.seconds // 60
    sentences = [
        _("Your code is {code}. It is good for {minutes} minutes.", code=proof_code(post.secrets, proof), minutes=minutes),
        _("Give it to nobody. If you did not ask for it, you need to do nothing."),
    ]
    return Letter(proof.phone, _("Your code"), sentences)
