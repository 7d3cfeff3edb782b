"""What people ask of their account, of which whoever runs the server is the controller; and who that is on the pages of this server."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select, update

from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.circulars.consents import withdraw_all
from server.core.audit import Act, Deed, record
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.core.paging import Paged, paged
from server.directory.model import Profile
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.identity.letters import Wanted, want_letter
from server.identity.mail_model import Subject
from server.identity.model import Credential, Person
from server.messaging.own_texts import administered
from server.patients.doors import own_records
from server.privacy.account_rows import ZONE, AccountRequest
from server.privacy.request_words import ANSWERS, MONTHS, NEXT, OPEN, Kind, State, fault_of, months_after

THING = "account"  # in the audit
KINDS = (Kind.CORRECTION, Kind.RESTRICTION, Kind.OBJECTION, Kind.ACCESS)  # the rest has ways of its own: a copy, and the end of the account
STANDS = (State.ASKED, State.IN_WORK, State.DONE)
HIDING = frozenset({Kind.RESTRICTION, Kind.OBJECTION})
MOST_SHOWN = 200


class OpenedRequest(NamedTuple):
    """A request as it is read; `words` is None where it cannot be opened any more."""

    request: AccountRequest
    words: str | None
    answer: str = ""


class Desk(NamedTuple):
    """What an answer is given with."""

    keyring: KeyRing
    secrets: Secrets
    now: datetime


class Asker(NamedTuple):
    """Whose account it is about."""

    name: str
    username: str


async def ask_of_account(tx: Tx, keyring: KeyRing, person_id: UUID, form: tuple[str, str], now: datetime) -> None:
    """Take in a kind and words; a restriction or an objection counts at once. Raises `Invalid` with `field:fault` as its code."""
    kind, words = form
    if kind not in set(KINDS):
        raise Invalid(code="kind:empty")
    if fault := fault_of(words, "words"):
        raise Invalid(code=f"words:{fault}")
    request = AccountRequest(
        id=new_id(), person_id=person_id, kind=Kind(kind), state=State.ASKED, answer=None, asked_at=now,
        due_at=months_after(now, MONTHS, ZONE), settled_at=None,
    )  # fmt: skip
    request.key_id, request.data_key = keyring.new_data_key(request.key_place)
    request.sealed = _seal(keyring, request, "words", words)
    tx.add(request)
    if request.kind in HIDING:
        await _take_effect(tx, person_id, now)


async def _take_effect(tx: Tx, person_id: UUID, now: datetime) -> None:
    """Take them out of the public directory, and let no news go to them."""
    theirs = select(Professional.id).where(Professional.person_id == person_id)
    await tx.execute(update(Profile).where(Profile.professional_id.in_(theirs), Profile.listed).values(listed=False, changed_at=now))
    await withdraw_all(tx, {own.patient.id for own in await own_records(tx, person_id)}, now)


async def restricts_account(tx: Tx, person_id: UUID) -> bool:
    """Whether somebody asked for their account to be kept and not used, and that was neither refused nor taken back."""
    mine = (AccountRequest.person_id == person_id) & (AccountRequest.kind == Kind.RESTRICTION)
    return await tx.scalar(select(AccountRequest.id).where(mine, AccountRequest.state.in_(STANDS)).limit(1)) is not None


async def own_account_requests(tx: Tx, keyring: KeyRing, person_id: UUID) -> list[OpenedRequest]:
    mine = select(AccountRequest).where(AccountRequest.person_id == person_id)
    return [opened(keyring, one) for one in await tx.scalars(mine.order_by(AccountRequest.asked_at.desc()).limit(MOST_SHOWN))]


async def take_back(tx: Tx, person_id: UUID, request_id: UUID, now: datetime) -> None:
    """Take one's own request back, or end one's restriction; raises `NotFound`, and `Conflict` for what is settled."""
    mine = select(AccountRequest).where(AccountRequest.id == request_id, AccountRequest.person_id == person_id)
    request = await tx.scalar(mine.with_for_update())
    if request is None:
        raise NotFound
    if not may_take_back(request):
        raise Conflict
    request.state, request.settled_at = State.WITHDRAWN, now


def may_take_back(request: AccountRequest) -> bool:
    return request.state in OPEN or (request.kind == Kind.RESTRICTION and request.state == State.DONE)


async def runs_server(tx: Tx, viewer: Viewer) -> bool:
    """Whether the viewer looks after the only practice there is; of a server with several nobody's pages show what accounts ask."""
    await administered(tx, viewer)
    return await tx.scalar(select(func.count()).select_from(Practice)) == 1


async def requests_of_accounts(tx: Tx, viewer: Viewer, page: int, *, settled: bool) -> Paged[AccountRequest]:
    """Return a page of them, what is due first; raises `Forbidden`."""
    await _insist(tx, viewer)
    return await paged(tx, queued(settled=settled), page)


def queued(*, settled: bool) -> Select[AccountRequest]:
    """Select what is open, or settled; whoever calls is the operator, or has asked `runs_server`."""
    state = AccountRequest.state.not_in(OPEN) if settled else AccountRequest.state.in_(OPEN)
    order = AccountRequest.settled_at.desc() if settled else AccountRequest.due_at
    return select(AccountRequest).where(state).order_by(order, AccountRequest.id)


async def open_account_requests(tx: Tx, viewer: Viewer) -> tuple[int, datetime | None]:
    """Return how many are open, and when the first is due; none for whoever does not run the server."""
    if not await runs_server(tx, viewer):
        return 0, None
    mine = select(func.count(), func.min(AccountRequest.due_at, type_=AccountRequest.due_at.type))
    many, first = (await tx.execute(mine.where(AccountRequest.state.in_(OPEN)))).one()
    return many, first


async def see_account_request(tx: Tx, viewer: Viewer, request_id: UUID, *, lock: bool = False) -> AccountRequest:
    """Load one of them; raises `Forbidden` and `NotFound`."""
    await _insist(tx, viewer)
    return await account_request(tx, request_id, lock=lock)


async def account_request(tx: Tx, request_id: UUID, *, lock: bool = False) -> AccountRequest:
    """Load one for the operator; raises `NotFound`."""
    query = select(AccountRequest).where(AccountRequest.id == request_id)
    request = await tx.scalar(query.with_for_update() if lock else query)
    if request is None:
        raise NotFound
    return request


async def _insist(tx: Tx, viewer: Viewer) -> None:
    if not await runs_server(tx, viewer):
        raise Forbidden


async def look_at_account(tx: Tx, keyring: KeyRing, viewer: Viewer, request_id: UUID, now: datetime) -> OpenedRequest:
    """Open one for whoever runs the server, on record; raises `Forbidden` and `NotFound`."""
    request = await see_account_request(tx, viewer, request_id)
    await _note(tx, viewer, Act.LOOKED, request, now)
    return opened(keyring, request)


async def answer_as_viewer(tx: Tx, house: House, viewer: Viewer, request_id: UUID, answer: tuple[str, str]) -> None:
    """Settle one with a state and words, on record; raises as `settle_account` does, and `Forbidden` and `NotFound`."""
    request = await see_account_request(tx, viewer, request_id, lock=True)
    await settle_account(tx, Desk(house.keyring, house.secrets, house.clock.now()), request, answer)
    await _note(tx, viewer, Act.ANSWERED, request, house.clock.now())


async def settle_account(tx: Tx, desk: Desk, request: AccountRequest, answer: tuple[str, str]) -> None:
    """Settle a request that is locked with a state and words, and have the person told.

    Raises `Invalid` with `field:fault` as its code, and `Conflict` for one that is settled, or whose key is gone.
    """
    state, words = answer
    if state not in ANSWERS:
        raise Invalid(code="state:empty")
    if fault := fault_of(words, "answer"):
        raise Invalid(code=f"answer:{fault}")
    if State(state) not in NEXT[State(request.state)]:
        raise Conflict
    try:
        request.answer = _seal(desk.keyring, request, "answer", words)
    except (MissingKey, Unreadable):
        raise Conflict from None
    request.state, request.settled_at = State(state), desk.now
    await _tell(tx, desk, request.person_id)


async def _tell(tx: Tx, desk: Desk, person_id: UUID) -> None:
    """Have a letter written that there is an answer, in the language of the only practice, or the source language."""
    credential = await tx.get(Credential, person_id)
    if credential is not None:
        languages = set(await tx.scalars(select(Practice.language)))
        language = languages.pop() if len(languages) == 1 else ""
        await want_letter(tx, desk.secrets, Wanted(credential.username, Subject.ANSWERED, language), desk.now)


def opened(keyring: KeyRing, request: AccountRequest) -> OpenedRequest:
    """Open what is sealed; a key that is gone hides this request and no other."""
    try:
        sealer = keyring.sealer(request.key_id, request.data_key, request.key_place)
        words = sealer.open(request.sealed, request.place("words")).decode()
        return OpenedRequest(request, words, sealer.open(request.answer, request.place("answer")).decode() if request.answer else "")
    except (MissingKey, Unreadable):
        return OpenedRequest(request, None)


async def askers(tx: Tx, requests: Sequence[AccountRequest]) -> dict[UUID, Asker]:
    """Return whose accounts they are about, by the person's id."""
    named = select(Person.id, Person.name, Credential.username).join(Credential, Credential.person_id == Person.id)
    rows = await tx.execute(named.where(Person.id.in_({one.person_id for one in requests})))
    return {person_id: Asker(name, username) for person_id, name, username in rows}


def _seal(keyring: KeyRing, request: AccountRequest, part: str, words: str) -> bytes:
    return keyring.sealer(request.key_id, request.data_key, request.key_place).seal(words.encode(), request.place(part))


async def _note(tx: Tx, viewer: Viewer, act: Act, request: AccountRequest, now: datetime) -> None:
    practice = await administered(tx, viewer)
    await record(tx, Deed(practice.id, viewer.person_id, act, THING, request.id, None, f"{request.kind}: {request.state}"), now)
