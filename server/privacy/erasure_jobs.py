"""Carries an erasure out, from the outbox: the letter goes before the address does, then the rows, then the line in the list."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from uuid import UUID

from server.access.model import Practice
from server.consultation.events import Channel
from server.core.house import House
from server.core.outbox import add_errand
from server.messaging.composing import Post
from server.patients.forwards import with_merged
from server.ports import Carrier, Letter
from server.privacy.erasure_list import append, erased
from server.privacy.erasure_rows import Erasure
from server.privacy.erasures import ERASE, TELL_ERASED, erase_ordered
from server.privacy.request_jobs import channel_to, reached_at
from server.privacy.request_rows import RightsRequest

Handler = Callable[[UUID], Awaitable[None]]


def erasure_handlers(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> dict[str, Handler]:
    """Return the handlers of both errands; each may run again, wherever it was stopped."""

    async def tell(erasure_id: UUID) -> None:
        async with house.database.read() as tx:
            erasure = await tx.get_one(Erasure, erasure_id)
            practice = await tx.get_one(Practice, erasure.practice_id)
            request = await tx.get_one(RightsRequest, erasure_id)
            address = None if erasure.told_at else await reached_at(tx, house, request)
        if address:
            letter = _letter(post, practice, address, closes=erasure.person_id is not None)
            await carriers[channel_to(address)].carry(letter, f"{TELL_ERASED}-{erasure_id}")
        await _told(house, erasure_id)

    async def run(erasure_id: UUID) -> None:
        async with house.database.write() as tx:
            await erase_ordered(tx, house.keyring, erasure_id, house.clock.now())
        await _listed(house, erasure_id)

    return {TELL_ERASED: tell, ERASE: run}


def untold_with(house: House) -> Handler:
    """Return what follows where the letter could not be sent, however often it was tried: the erasure, all the same."""
    return partial(_told, house)


async def _told(house: House, erasure_id: UUID) -> None:
    """Let the erasure follow, once."""
    async with house.database.write() as tx:
        erasure = await tx.get_one(Erasure, erasure_id)
        if erasure.told_at is None:
            erasure.told_at = house.clock.now()
            add_errand(tx, ERASE, erasure_id, f"{ERASE}:{erasure_id}", house.clock.now())


async def _listed(house: House, erasure_id: UUID) -> None:
    """List the record, and those that were merged into it: a backup from before has their rows where they were."""
    async with house.database.read() as tx:
        erasure = await tx.get_one(Erasure, erasure_id)
        records = await with_merged(tx, [erasure.patient_id])
    if erasure.listed_at or not erasure.erased_at or not erasure.goes:
        return
    for record_id in sorted(records):
        line = erased(house.secrets, record_id, erasure.person_id, erasure.names, erasure.erased_at)
        await asyncio.to_thread(append, house.settings.data_dir, line)
    async with house.database.write() as tx:
        (await tx.get_one(Erasure, erasure_id)).listed_at = house.clock.now()


def _letter(post: Post, practice: Practice, address: str, *, closes: bool) -> Letter:
    """Nothing of what is kept stands in it: others may see the mail."""
    text = post.languages.choose(practice.language, "").text
    sentences = [
        text("{practice} now deletes what it holds about you, as you asked.", practice=practice.name),
        text("What the law asks to be kept stays until its time is over, and is used for nothing else."),
    ]
    if closes:
        sentences.append(
            text("Your account is closed with it. You cannot sign in any more, so this message is the answer to what you asked.")
        )
    sentences += [text("If you have a question, write to the practice:"), f"{post.base_url}/contact/{practice.id}"]
    return Letter(address, text("{practice}: your data are deleted", practice=practice.name), sentences)
