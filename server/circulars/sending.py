"""Sends circulars, from the outbox, in rounds: each queues the next one, and takes a copy before it goes out, so that none goes twice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from server.access.model import Practice
from server.access.restrictions import find_restriction
from server.billing.papers import Seller
from server.circulars.consents import address_of, may_write
from server.circulars.laying import lay_out
from server.circulars.links import news_url
from server.circulars.model import Came, Circular, Copy, Kind, State
from server.circulars.newsletters import SEND, TEST
from server.circulars.switches import desk_of
from server.circulars.words import Draft, Frame, letter_of
from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.core.night import after_night
from server.core.outbox import add_errand
from server.identity.details_model import AccountDetails
from server.identity.mail_model import AccountEmail
from server.messaging.composing import Post
from server.patients.model import Patient
from server.ports import Carried, Carrier, Letter

log = structlog.get_logger(__name__)

ROUNDS = 12  # a minute
IDLE = timedelta(minutes=1)  # until the next round, while every copy that is left waits for its next try
ROUND_S = 15.0  # a round ends well before its errand has to
CARRY_S = 10.0  # for one letter, so that a round that was long already ends in time, too
MOST_TRIES = 5
FIRST_RETRY = timedelta(minutes=5)
CAME_TO = {Carried.SENT: Came.SENT, Carried.REFUSED: Came.REFUSED, Carried.NOT_SENT: Came.NOT_SENT}
Handler = Callable[[UUID], Awaitable[None]]


def circular_handlers(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> dict[str, Handler]:
    """Return the handlers of the rounds of a circular, and of its test."""
    sending = Sending(house, post, carriers)
    return {SEND: sending.round, TEST: sending.test}


@dataclass(frozen=True)
class Sending:
    """How copies go out; every step is a transaction of its own, and none is open while a letter is handed on."""

    house: House
    post: Post
    carriers: Mapping[Channel, Carrier]

    async def round(self, circular_id: UUID) -> None:
        """Send as many copies as a twelfth of a minute allows."""
        await lay_out(self.house, circular_id)
        until = self.house.clock.monotonic() + ROUND_S
        async with self.house.database.write() as tx:
            many = await begin_round(tx, self.house, circular_id)
        for _turn in range(many):
            if self.house.clock.monotonic() > until:
                return
            async with self.house.database.write() as tx:
                copy_id = await take(tx, circular_id, self.house.clock.now())
            if copy_id is None:
                return
            await self._send(copy_id)

    async def test(self, copy_id: UUID) -> None:
        """Send a test, as often as it is asked for until it is handed on."""
        async with self.house.database.read() as tx:
            copy = await tx.get(Copy, copy_id)
            waits = copy is not None and copy.came == Came.WAITING
        if waits:
            await self._send(copy_id)

    async def _send(self, copy_id: UUID) -> None:
        """Look once more whether it is wanted, and hand it on."""
        async with self.house.database.read() as tx:
            copy = await tx.get_one(Copy, copy_id)
            circular = await tx.get_one(Circular, copy.circular_id)
            stopped = circular.state != State.SENDING and not copy.tested
            letter = None if stopped else await self._letter(tx, circular, copy)
        if stopped:
            await self._settle(copy_id, {"came": Came.WAITING})
        elif letter is None:
            await self._settle(copy_id, {"came": Came.UNWANTED, "settled_at": self.house.clock.now()})
        else:
            await self._carry(copy, Channel(circular.channel), letter)

    async def _carry(self, copy: Copy, channel: Channel, letter: Letter) -> None:
        """A text message that was given up waiting for stays out: the provider may have taken it, and knows no key to tell it again by."""
        now = self.house.clock.now()
        try:
            async with asyncio.timeout(CARRY_S):
                came = CAME_TO[await self.carriers[channel].carry(letter, f"{SEND}/{copy.id}")]
        except Exception as error:
            if copy.tested:
                raise  # its own errand tries again
            log.warning("letter failed", kind=SEND, error=type(error).__name__, attempts=copy.tries + 1)
            if not (channel == Channel.SMS and isinstance(error, TimeoutError)):
                await self._settle(copy.id, _later(copy, now))
        else:
            await self._settle(copy.id, {"came": came, "settled_at": now})

    async def _letter(self, tx: Tx, circular: Circular, copy: Copy) -> Letter | None:
        """Write it as it reads at this moment; None where nobody wants it, or there is no address."""
        practice, seller = await tx.get_one(Practice, circular.practice_id), await tx.get(Seller, circular.practice_id)
        to, stop_url = await self._to(tx, circular, copy)
        if to is None:
            return None
        named, postal = (seller.name, seller.address) if seller else (practice.name, "")
        frame = Frame(practice.name, named, postal, circular.kind == Kind.NEWSLETTER, stop_url)
        draft = Draft(Channel(circular.channel), circular.subject, circular.text)
        return letter_of(draft, frame, to, self.post.languages.choose(practice.language, ""))

    async def _to(self, tx: Tx, circular: Circular, copy: Copy) -> tuple[str | None, str]:
        """Return the address, and for a newsletter where its reader stops it."""
        if copy.test_for is not None:
            return await own_address(tx, copy.test_for, Channel(circular.channel)), ""
        patient = await tx.get(Patient, copy.patient_id) if copy.patient_id else None
        if patient is None:
            return None, ""
        desk, channel = desk_of(self.house), Channel(circular.channel)
        address = await address_of(tx, desk, patient, channel)
        if circular.kind == Kind.NOTICE:
            return (address if patient.person_id else None), ""
        if address is None or await find_restriction(tx, patient.id, self.house.clock.now()):
            return None, ""
        if not await may_write(tx, desk, patient, channel, address):
            return None, ""
        return address, news_url(self.post.base_url, self.house.secrets, patient.id, address)

    async def _settle(self, copy_id: UUID, values: Mapping[str, object]) -> None:
        async with self.house.database.write() as tx:
            await tx.execute(update(Copy).where(Copy.id == copy_id).values(**values))


async def own_address(tx: Tx, person_id: UUID, channel: Channel) -> str | None:
    """Return where somebody who works here has a test sent: the address or the number that they have proved to be theirs."""
    if channel == Channel.EMAIL:
        return await tx.scalar(select(AccountEmail.address).where(AccountEmail.person_id == person_id))
    proved = (AccountDetails.person_id == person_id) & AccountDetails.phone_confirmed_at.is_not(None)
    return await tx.scalar(select(AccountDetails.phone).where(proved, AccountDetails.phone != ""))


async def begin_round(tx: Tx, house: House, circular_id: UUID) -> int:
    """Queue the next round of what was laid out, or end; returns how many copies this round may take. Text messages wait for the morning.

    The next round is queued in the same transaction. Should one errand be run twice, the second finds that the next round is not due yet,
    and queues none: there is always one line of rounds.
    """
    circular, now = await tx.get(Circular, circular_id, with_for_update=True), house.clock.now()
    if circular is None or not _due(circular, now):
        return 0
    waiting = (Copy.circular_id == circular.id) & (Copy.came == Came.WAITING) & Copy.tested.is_(False)
    if not await tx.scalar(select(func.count()).select_from(Copy).where(waiting)):
        circular.state, circular.settled_at = State.SENT, now
        return 0
    morning = after_night(now, (await tx.get_one(Practice, circular.practice_id)).time_zone)
    if circular.channel == Channel.SMS and morning > now:
        _queue_next(tx, circular, morning)
        return 0
    ready = await tx.scalar(select(func.count()).select_from(Copy).where(waiting, _ready(now)))
    many = max(1, house.settings.newsletters_per_minute // ROUNDS)
    _queue_next(tx, circular, now + (timedelta(minutes=many / house.settings.newsletters_per_minute) if ready else IDLE))
    return many


async def take(tx: Tx, circular_id: UUID, now: datetime) -> UUID | None:
    """Take a copy to hand it on; two workers never get the same one, and it is not taken again unless its sender puts it back."""
    mine = (Copy.circular_id == circular_id) & (Copy.came == Came.WAITING) & Copy.tested.is_(False) & _ready(now)
    first = select(Copy.id).where(mine).order_by(Copy.id).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    return await tx.scalar(update(Copy).where(Copy.id == first).values(came=Came.OUT).returning(Copy.id))


def _queue_next(tx: Tx, circular: Circular, at: datetime) -> None:
    circular.rounds, circular.next_at = circular.rounds + 1, at
    add_errand(tx, SEND, circular.id, f"{SEND}:{circular.id}:round:{circular.rounds}", at)


def _due(circular: Circular, now: datetime) -> bool:
    return circular.state == State.SENDING and (circular.next_at is None or circular.next_at <= now)


def _ready(now: datetime) -> ColumnElement[bool]:
    return or_(Copy.again_at.is_(None), Copy.again_at <= now)


def _later(copy: Copy, now: datetime) -> dict[str, object]:
    """Try again after 5, 10, 20 and 40 minutes."""
    tries = copy.tries + 1
    if tries >= MOST_TRIES:
        return {"came": Came.REFUSED, "tries": tries, "settled_at": now}
    return {"came": Came.WAITING, "tries": tries, "again_at": now + FIRST_RETRY * 2 ** (tries - 1)}
