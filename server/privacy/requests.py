"""Takes in what somebody asks of their data, and what the administrators of the practice do about it."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import case, func, select

from server.access.model import Practice
from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.core.outbox import add_errand
from server.core.paging import Paged, paged
from server.errors import Conflict, Invalid, NotFound
from server.messaging.own_texts import administered
from server.patients.acting_doors import Actor, actor_behind
from server.patients.doors import OwnRecord
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import ANSWERS, OPEN, Kind, Progress, State, fault_of, step

TELL = "request_told"
TELL_ASKER = "request_told_asker"
THING = "request"  # in the audit
MOST_SHOWN = 200


class Opened(NamedTuple):
    """A request as it is read; `words` is None where it cannot be opened any more, `actor` whoever asked for the patient."""

    request: RightsRequest
    words: str | None
    answer: str = ""
    actor: Actor | None = None


async def ask(tx: Tx, keyring: KeyRing, own: OwnRecord, kind: str, words: str, now: datetime) -> RightsRequest:  # noqa: PLR0913, PLR0917
    """Store a request about the asker's own record; raises `Invalid` with `field:fault` as its code."""
    if kind not in set(Kind):
        raise Invalid(code="kind:empty")
    if fault := fault_of(words, "words"):
        raise Invalid(code=f"words:{fault}")
    request = store(tx, keyring, own, Kind(kind), words, now)
    await _note(tx, request, own.reader_id, Act.ASKED, now)
    return request


def store(tx: Tx, keyring: KeyRing, own: OwnRecord, kind: Kind, words: str, now: datetime) -> RightsRequest:  # noqa: PLR0913, PLR0917
    """Add a request, sealed; whoever calls puts it on record."""
    request = _new_request(own, kind, now)
    request.key_id, request.data_key = keyring.new_data_key(request.key_place)
    request.sealed = seal_part(keyring, request, "words", words)
    tx.add(request)
    return request


def _new_request(own: OwnRecord, kind: Kind, now: datetime) -> RightsRequest:
    request = RightsRequest(
        id=new_id(), practice_id=own.practice.id, patient_id=own.patient.id, kind=kind, answer=None, settled_at=None, told=0,
        representation_id=own.acting.id if own.acting else None,
    )  # fmt: skip
    request.take(Progress(State.ASKED, now), own.practice.time_zone)
    return request


async def requests_about(tx: Tx, own: OwnRecord) -> list[RightsRequest]:
    """Return what was asked about the reader's own record, the newest first."""
    mine = select(RightsRequest).where(RightsRequest.patient_id == own.patient.id)
    return list(await tx.scalars(mine.order_by(RightsRequest.asked_at.desc()).limit(MOST_SHOWN)))


async def withdraw(tx: Tx, own: OwnRecord, request_id: UUID, now: datetime) -> None:
    """Take one's own request back; raises `NotFound`, and `Conflict` for one that is settled."""
    mine = select(RightsRequest).where(RightsRequest.id == request_id, RightsRequest.patient_id == own.patient.id)
    request = await tx.scalar(mine.with_for_update())
    if request is None:
        raise NotFound
    request.take(step(request.progress, State.WITHDRAWN, now), own.practice.time_zone)
    request.settled_at = now
    await _note(tx, request, own.reader_id, Act.WITHDREW, now)


async def requests_of(tx: Tx, viewer: Viewer, page: int, *, settled: bool) -> Paged[RightsRequest]:
    """Return a page of the requests to the practice that the viewer administers, what is due first; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    state = RightsRequest.state.not_in(OPEN) if settled else RightsRequest.state.in_(OPEN)
    order = (RightsRequest.settled_at.desc(),) if settled else (RightsRequest.paused_at.is_not(None), RightsRequest.due_at)
    mine = select(RightsRequest).where(RightsRequest.practice_id == practice.id, state)
    return await paged(tx, mine.order_by(*order, RightsRequest.id), page)


async def open_requests(tx: Tx, viewer: Viewer) -> tuple[int, datetime | None]:
    """Return how many are open, and when the first is due whose time does not stand still; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    due_at = case((RightsRequest.paused_at.is_(None), RightsRequest.due_at))
    mine = select(func.count(), func.min(due_at, type_=RightsRequest.due_at.type))
    many, first = (await tx.execute(mine.where(RightsRequest.practice_id == practice.id, RightsRequest.state.in_(OPEN)))).one()
    return many, first


async def see_request(tx: Tx, viewer: Viewer, request_id: UUID, *, lock: bool = False) -> RightsRequest:
    """Load one of them; raises `Forbidden` and `NotFound`."""
    practice = await administered(tx, viewer)
    one = select(RightsRequest).where(RightsRequest.id == request_id, RightsRequest.practice_id == practice.id)
    request = await tx.scalar(one.with_for_update() if lock else one)
    if request is None:
        raise NotFound
    return request


async def look_at(tx: Tx, keyring: KeyRing, viewer: Viewer, request_id: UUID, now: datetime) -> Opened:
    """Open a request for an administrator, on record."""
    request = await see_request(tx, viewer, request_id)
    await _note(tx, request, viewer.person_id, Act.LOOKED, now)
    return await with_actor(tx, opened(keyring, request), now)


async def with_actor(tx: Tx, found: Opened, now: datetime) -> Opened:
    """Add who asked for the patient, where it was not they themself."""
    representation_id = found.request.representation_id
    return found if representation_id is None else found._replace(actor=await actor_behind(tx, representation_id, now))


def opened(keyring: KeyRing, request: RightsRequest) -> Opened:
    """Open what is sealed; a key that is gone hides this request and no other."""
    try:
        words = opened_part(keyring, request, "words", request.sealed)
        answer = opened_part(keyring, request, "answer", request.answer) if request.answer else ""
    except (MissingKey, Unreadable):
        return Opened(request, None)
    return Opened(request, words, answer)


async def change(tx: Tx, viewer: Viewer, request_id: UUID, how: Callable[[Progress, str], Progress], now: datetime) -> None:
    """Move a request on by `how`, which is given the practice's time zone; the person is told where its time changes.

    Raises `Forbidden`, `NotFound`, and `Conflict` for a step that there is not.
    """
    request = await see_request(tx, viewer, request_id, lock=True)
    practice = await tx.get_one(Practice, request.practice_id)
    before = request.progress
    request.take(how(before, practice.time_zone), practice.time_zone)
    if before._replace(state=request.state) != request.progress:
        _tell(tx, request, now)
    await _note(tx, request, viewer.person_id, Act.CHANGED, now)


async def answer_request(tx: Tx, keyring: KeyRing, viewer: Viewer, request_id: UUID, state: str, words: str, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Settle a request with words for the person; raises as `change` does, and `Invalid` with `field:fault` as its code."""
    if state not in ANSWERS:
        raise Invalid(code="state:empty")
    if fault := fault_of(words, "answer"):
        raise Invalid(code=f"answer:{fault}")
    request = await see_request(tx, viewer, request_id, lock=True)
    await settle(tx, keyring, request, State(state), words, now)
    _tell(tx, request, now)
    await _note(tx, request, viewer.person_id, Act.ANSWERED, now)


async def settle(tx: Tx, keyring: KeyRing, request: RightsRequest, state: State, words: str, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Give a request that is locked its end and its answer; raises `Conflict` for a step that there is not, and for a key that is gone."""
    practice = await tx.get_one(Practice, request.practice_id)
    request.take(step(request.progress, state, now), practice.time_zone)
    try:
        request.answer, request.settled_at = seal_part(keyring, request, "answer", words), now
    except (MissingKey, Unreadable):
        raise Conflict from None


def _tell(tx: Tx, request: RightsRequest, now: datetime) -> None:
    """Have the person told that there is something to read, and whoever asked for them, by an errand each: none waits for the other."""
    request.told += 1
    for kind in (TELL,) if request.representation_id is None else (TELL, TELL_ASKER):
        add_errand(tx, kind, request.id, f"{kind}:{request.id}:{request.told}", now)


def seal_part(keyring: KeyRing, request: RightsRequest, part: str, words: str) -> bytes:
    """Seal what belongs to a request under its key; raises `MissingKey` and `Unreadable`."""
    return keyring.sealer(request.key_id, request.data_key, request.key_place).seal(words.encode(), request.place(part))


def opened_part(keyring: KeyRing, request: RightsRequest, part: str, sealed: bytes) -> str:
    """Open what `seal_part` sealed; raises as it does."""
    return keyring.sealer(request.key_id, request.data_key, request.key_place).open(sealed, request.place(part)).decode()


async def request_behind(tx: Tx, request_id: UUID) -> RightsRequest:
    """Load the request that a link or a copy belongs to, whose door was passed; raises `NotFound`."""
    request = await tx.get(RightsRequest, request_id)
    if request is None:
        raise NotFound
    return request


def proved_address(keyring: KeyRing, request: RightsRequest) -> str | None:
    """Return the address from which somebody without an account asked; None in the account, and where it cannot be opened any more."""
    if request.reply_to is None:
        return None
    try:
        return opened_part(keyring, request, "reply_to", request.reply_to)
    except (MissingKey, Unreadable):
        return None


async def _note(tx: Tx, request: RightsRequest, person_id: UUID | None, act: Act, now: datetime) -> None:
    deed = Deed(request.practice_id, person_id, act, THING, request.id, request.patient_id, f"{request.kind}: {request.state}")
    await record(tx, deed, now)
