"""Sends the code by which somebody proves that an address is theirs. It is shown to nobody else, so it is no `Delivery`."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.messaging.composing import Post
from server.messaging.optouts import is_stopped
from server.patients.claims import GOOD_FOR, code_of
from server.patients.model import AddressProof
from server.ports import Carried, Carrier, Letter


def prove_with(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `prove` errands. Where no provider takes the message, whoever waits for it is told on their page."""

    async def run(proof_id: UUID) -> None:
        async with house.database.read() as tx:
            proof = await tx.get(AddressProof, proof_id)
            if proof is None or proof.asked_at <= house.clock.now() - GOOD_FOR:
                return
            stopped = not proof.by_mail and await is_stopped(tx, post.secrets, proof.address)
        carrier = carriers[Channel.EMAIL if proof.by_mail else Channel.SMS]
        if stopped or await carrier.carry(letter_of(post, proof), str(proof.id)) != Carried.SENT:
            async with house.database.write() as tx:
                await _not_sent(tx, proof_id)

    return run


async def _not_sent(tx: Tx, proof_id: UUID) -> None:
    proof = await tx.get(AddressProof, proof_id, with_for_update=True)
    if proof is not None:
        proof.unsent = True


def letter_of(post: Post, proof: AddressProof) -> Letter:
    """Return the message, which says nothing of a practice: others may see it."""
    _ = post.languages.choose(proof.language, "").text
    minutes = GOOD_FOR.seconds // 60
    sentences = [
        _("Your code is {code}. It is good for {minutes} minutes.", code=code_of(post.secrets, proof.id), minutes=minutes),
        _("Give it to nobody. If you did not ask for it, you need to do nothing."),
    ]
    return Letter(proof.address, _("Your code"), sentences)
