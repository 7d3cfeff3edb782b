"""Sends the codes to whoever asks something of their data without an account; what becomes of a message is told to nobody."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from sqlalchemy import delete, select

from server.access.model import Practice
from server.consultation.events import Channel
from server.core.house import House
from server.core.keyring import MissingKey, Unreadable
from server.messaging.composing import Post
from server.messaging.optouts import is_stopped
from server.ports import Carrier, Letter
from server.privacy.handovers import HAND_CODE, handover_code
from server.privacy.outside import FORGET_OUTSIDE, GOOD_FOR, KEPT_FOR, PROVE_OUTSIDE, PURPOSE, Written, code_of, meant_by, read
from server.privacy.outside_rows import Handover, OutsideRequest
from server.privacy.request_rows import RightsRequest
from server.privacy.requests import proved_address

Handler = Callable[[UUID], Awaitable[None]]


def outside_handlers(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> dict[str, Handler]:
    """Return the handlers of all three errands."""

    async def carry(letter: Letter | None, key: str) -> None:
        if letter is not None:
            await carriers[Channel.EMAIL if "@" in letter.to else Channel.SMS].carry(letter, key)

    async def prove(asked_id: UUID) -> None:
        await carry(await _proving(house, post, asked_id), str(asked_id))

    async def forget(asked_id: UUID) -> None:
        async with house.database.write() as tx:
            over = OutsideRequest.asked_at <= house.clock.now() - KEPT_FOR  # also of a release that made no such errand
            await tx.execute(delete(OutsideRequest).where((OutsideRequest.id == asked_id) | over))

    async def hand_code(request_id: UUID) -> None:
        handover = await _newest(house, request_id)
        if handover is not None:
            letter = await _handing(house, post, handover)
            await carry(letter, f"{HAND_CODE}-{handover.token_hash.hex()[:32]}-{handover.codes}")

    return {PROVE_OUTSIDE: prove, FORGET_OUTSIDE: forget, HAND_CODE: hand_code}


async def _proving(house: House, post: Post, asked_id: UUID) -> Letter | None:
    """Return the message with the code where there is such a record, and its number takes messages."""
    async with house.database.read() as tx:
        asked = await tx.get(OutsideRequest, asked_id)
        written = _opened(house, asked) if asked else None
        if asked is None or written is None or asked.asked_at <= house.clock.now() - GOOD_FOR:
            return None
        if await meant_by(tx, asked.practice_id, written, house.settings.phone_region) is None:
            return None
        if "@" not in written.address and await is_stopped(tx, post.secrets, written.address):
            return None
    return _letter(post, written.address, code_of(post.secrets, PURPOSE, asked.id), asked.language)


def _opened(house: House, asked: OutsideRequest) -> Written | None:
    try:
        return read(house.keyring, asked)
    except (MissingKey, Unreadable):
        return None


async def _newest(house: House, request_id: UUID) -> Handover | None:
    """Return the link of a request for which a code was asked last, while it is good."""
    asked = select(Handover).where(Handover.request_id == request_id, Handover.code_at.is_not(None))
    async with house.database.read() as tx:
        handover = await tx.scalar(asked.order_by(Handover.code_at.desc()).limit(1))
    return handover if handover is not None and handover.open(house.clock.now()) else None


async def _handing(house: House, post: Post, handover: Handover) -> Letter | None:
    async with house.database.read() as tx:
        request = await tx.get_one(RightsRequest, handover.request_id)
        practice = await tx.get_one(Practice, request.practice_id)
    address = proved_address(house.keyring, request)
    return _letter(post, address, handover_code(post.secrets, handover), practice.language) if address else None


def _letter(post: Post, address: str, code: str, language: str) -> Letter:
    """Say nothing of a practice: others may see it."""
    text = post.languages.choose(language, "").text
    sentences = [
        text("Your code is {code}. It is good for {minutes} minutes.", code=code, minutes=GOOD_FOR.seconds // 60),
        text("Give it to nobody. If you did not ask for it, you need to do nothing."),
    ]
    return Letter(address, text("Your code"), sentences)
