"""Tells somebody that there is an answer to what they asked of their data; by e-mail, from the outbox."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.acting import Reach
from server.access.model import Practice
from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.identity.mail_model import AccountEmail
from server.messaging.composing import Post
from server.patients.acting_doors import find_spokesman
from server.patients.doors import patient_of
from server.ports import Carrier, Letter
from server.privacy.handovers import open_link
from server.privacy.request_rows import RightsRequest
from server.privacy.requests import TELL, TELL_ASKER, proved_address


def request_handlers(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> dict[str, Callable[[UUID], Awaitable[None]]]:
    """Return the handlers of both errands; whoever has no address reads it in their account."""

    async def tell(request_id: UUID) -> None:
        async with house.database.write() as tx:
            request = await tx.get(RightsRequest, request_id)
            if request is None:
                return
            practice = await tx.get_one(Practice, request.practice_id)
            address = await reached_at(tx, house, request)
            token = await open_link(tx, house.secrets, request, house.clock.now()) if request.reply_to else ""
        if address:
            letter = _linked(post, practice, address, token) if token else _news(post, practice, address, "/my/data")
            await carriers[channel_to(address)].carry(letter, f"{TELL}-{request_id}-{request.told}")

    async def tell_asker(request_id: UUID) -> None:
        async with house.database.read() as tx:
            request = await tx.get_one(RightsRequest, request_id)
            practice = await tx.get_one(Practice, request.practice_id)
            address = await _asker_at(tx, request, house.clock.now())
        if address:
            letter = _news(post, practice, address, f"/my/{request.patient_id}/requests")
            await carriers[channel_to(address)].carry(letter, f"{TELL_ASKER}-{request_id}-{request.told}")

    return {TELL: tell, TELL_ASKER: tell_asker}


def channel_to(address: str) -> Channel:
    return Channel.EMAIL if "@" in address else Channel.SMS


async def reached_at(tx: Tx, house: House, request: RightsRequest) -> str | None:
    """Return where whoever asked is written to: the address that they proved, else that of the account or of the record."""
    return proved_address(house.keyring, request) or await address_of(tx, request.patient_id)


async def _asker_at(tx: Tx, request: RightsRequest, now: datetime) -> str | None:
    """Return where whoever asked for the patient is written to, beside the patient: the law counts a month for their request, too."""
    if request.representation_id is None:
        return None
    spokesman = await find_spokesman(tx, request.representation_id, request.patient_id, Reach.RIGHTS, now)
    return (spokesman.email or spokesman.mobile) if spokesman else None


async def address_of(tx: Tx, patient_id: UUID) -> str | None:
    """Return the confirmed address of the account, else that of the record."""
    patient = await patient_of(tx, patient_id)
    confirmed = await tx.scalar(select(AccountEmail.address).where(AccountEmail.person_id == patient.person_id))
    return confirmed or patient.email


def _linked(post: Post, practice: Practice, address: str, token: str) -> Letter:
    """As `_news`, for somebody without an account."""
    text = post.languages.choose(practice.language, "").text
    sentences = [
        text(
            "There is news from {practice} about what you asked for. This link opens it within 14 days, and then for one hour:",
            practice=practice.name,
        ),
        f"{post.base_url}/privacy/answer/{token}",
    ]
    return Letter(address, text("{practice}: there is news for you", practice=practice.name), sentences)


def _news(post: Post, practice: Practice, address: str, page: str) -> Letter:
    """Neither what was asked nor what was answered: others may see the mail."""
    text = post.languages.choose(practice.language, "").text
    sentences = [
        text("There is news from {practice} about what you asked for.", practice=practice.name),
        text("Please sign in to read it:"),
        f"{post.base_url}{page}",
    ]
    return Letter(address, text("{practice}: there is news for you", practice=practice.name), sentences)
