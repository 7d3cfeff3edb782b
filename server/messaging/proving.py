"""Sends the code by which somebody proves that an address is theirs. It is shown to nobody else, so it is no `Delivery`."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.messaging.composing import Post
from server.messaging.optouts import is_stopped
from server.patients.claims import GOOD_FOR, code_of, leads_somewhere
from server.patients.model import AddressProof
from server.ports import Carrier, Letter


def prove_with(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `prove` errands. What becomes of a message is told to nobody: it would tell whether there is a record."""

    async def run(proof_id: UUID) -> None:
        async with house.database.read() as tx:
            proof = await tx.get(AddressProof, proof_id)
            if proof is None or proof.asked_at <= house.clock.now() - GOOD_FOR:
                return
            if not await leads_somewhere(tx, proof, house.settings.phone_region) or await _stopped(tx, post, proof):
                return
        await carriers[Channel.EMAIL if proof.by_mail else Channel.SMS].carry(letter_of(post, proof), str(proof.id))

    return run


async def _stopped(tx: Tx, post: Post, proof: AddressProof) -> bool:
    return not proof.by_mail and await is_stopped(tx, post.secrets, proof.address)


def letter_of(post: Post, proof: AddressProof) -> Letter:
    """Return the message, which says nothing of a practice: others may see it."""
    _ = post.languages.choose(proof.language, "").text
    minutes = GOOD_FOR.seconds // 60
    sentences = [
        _("Your code is {code}. It is good for {minutes} minutes.", code=code_of(post.secrets, proof.id), minutes=minutes),
        _("Give it to nobody. If you did not ask for it, you need to do nothing."),
    ]
    return Letter(proof.address, _("Your code"), sentences)
