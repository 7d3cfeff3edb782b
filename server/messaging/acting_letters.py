"""Letters about acting for a patient: the link by which somebody takes it on, and the word before it sleeps. They are no `Delivery`."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import select

from server.access.acting import Standing
from server.access.model import Practice
from server.access.representation import Representation
from server.core.db import Tx
from server.core.house import House
from server.core.marking import _
from server.identity.mail_model import AccountEmail
from server.messaging.asking_letters import Asking, asking_letter
from server.messaging.composing import Post
from server.patients.doors import patient_of
from server.patients.representing import GOOD_FOR, TOLD_BEFORE, acting_url
from server.ports import Carrier, Letter


def ask_to_act_with(house: House, post: Post, mail: Carrier) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of the errands; what was taken on, ended or has run out is written to nobody."""

    async def run(representation_id: UUID) -> None:
        async with house.database.read() as tx:
            one = await tx.get_one(Representation, representation_id)
            if not one.email or not one.can_be_taken(house.clock.now()):
                return
            practice = await tx.get_one(Practice, one.practice_id)
            letter = await asking_letter(tx, post, practice, _asking(post, one), one.email)
        await mail.carry(letter, str(one.id))

    return run


def tell_of_review_with(house: House, post: Post, mail: Carrier) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler that tells patient and representative, where there is an address, that it will sleep if nobody looks at it."""

    async def run(representation_id: UUID) -> None:
        now = house.clock.now()
        async with house.database.read() as tx:
            one = await tx.get_one(Representation, representation_id)
            if one.standing(now) is not Standing.HOLDS or one.sleeps_at is None or one.sleeps_at > now + TOLD_BEFORE:
                return
            practice = await tx.get_one(Practice, one.practice_id)
            addresses = await _both(tx, one)
        for whose, address in addresses.items():
            await mail.carry(review_letter(post, practice, address), f"{one.id}:{one.sleeps_at:%Y%m%d}:{whose}")

    return run


async def _both(tx: Tx, one: Representation) -> dict[str, str]:
    """Return where the patient and whoever acts are written to, as far as it is known."""
    patient = await patient_of(tx, one.patient_id)
    patients = await _confirmed(tx, patient.person_id) or patient.email
    actors = await _confirmed(tx, one.person_id) or one.email
    return {whose: address for whose, address in (("patient", patients), ("actor", actors)) if address}


async def _confirmed(tx: Tx, person_id: UUID | None) -> str | None:
    return await tx.scalar(select(AccountEmail.address).where(AccountEmail.person_id == person_id))


def review_letter(post: Post, practice: Practice, to: str) -> Letter:
    """Return the message in the language of the practice; who acts for whom, and which birthday it is, stands in the account only."""
    text = post.languages.choose(practice.language, "").text
    sentences = [
        text("Somebody acts for somebody else at {practice}. Within four weeks this rests, until the practice has looked at it again.",
             practice=practice.name),
        text("Please ask the practice to do so, if it is to go on. Sign in to see what it is about:"),
        f"{post.base_url}/my/acting",
    ]  # fmt: skip
    return Letter(to, text("Acting for somebody at {practice} has to be looked at", practice=practice.name), sentences)


def _asking(post: Post, one: Representation) -> Asking:
    """For whom it is, only the page behind the link says."""
    return Asking(
        subject=_("Acting for somebody at {practice}"),
        what=_("You are asked to act for somebody at {practice}."),
        how=_("Open this link to see for whom. You need an account, or make one there:"),
        url=acting_url(post.base_url, post.secrets, one),
        days=GOOD_FOR.days,
    )
