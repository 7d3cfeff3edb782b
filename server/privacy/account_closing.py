"""The end of an account that its owner asked for: what goes with it, what keeps it open, and doing it once it can be undone no more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import exists, or_, select

from server.access.actions import change_rights, person_topic
from server.access.model import Practice, Professional, Staff, working
from server.access.policy import Viewer
from server.access.representation import Representation
from server.core.audit import Act, Deed, record
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.holdings import Class, Holding, Subject, count_of, erase
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import Errand, add_errand
from server.errors import Conflict
from server.identity.holdings import ACCOUNT
from server.identity.letters import Wanted, account_email, drop_letters, want_letter
from server.identity.mail_model import CLOSING_DAYS
from server.identity.mail_model import Subject as About
from server.identity.model import Credential
from server.messaging.own_texts import administered
from server.patients.doors import own_records
from server.patients.holdings import ACTING_HOLDING
from server.patients.representing import end
from server.privacy.account_requests import open_account_requests
from server.privacy.account_rows import ZONE, AccountClosing
from server.privacy.erasure_list import Erased, account_erased
from server.privacy.erasure_plan import Facts, Line, Said, Thing, fingerprint, going, plan
from server.privacy.registry import HOLDINGS
from server.privacy.request_words import MONTHS, months_after

CLOSE = "close_account"
LOOKS_AGAIN = timedelta(days=1)
NAMED_IN = frozenset({"identity.account", ACTING_HOLDING})  # the holdings in which whoever is named in records stays so
REACHED = {"mobile": None, "email": None}  # what goes of whoever is named in records


class Keeps(StrEnum):
    """Why an account is not closed yet: somebody works here, or reads a record with it."""

    WORK = "work"
    RECORD = "record"


async def what_keeps(tx: Tx, person_id: UUID) -> list[Keeps]:
    works = or_(
        exists().where(Professional.person_id == person_id, working()),
        exists().where(Staff.person_id == person_id, Staff.ended_at.is_(None)),
    )
    found = {Keeps.WORK: await tx.scalar(select(works)), Keeps.RECORD: await own_records(tx, person_id)}
    return [one for one, is_so in found.items() if is_so]


async def is_named(tx: Tx, person_id: UUID) -> bool:
    """Whether records say who this is: whoever ever worked here, or took on to act for a patient."""
    ways = (Professional.person_id, Staff.person_id, Representation.person_id)
    return bool(await tx.scalar(select(or_(*(exists().where(way == person_id) for way in ways)))))


async def named_in(tx: Tx, person_id: UUID) -> frozenset[str]:
    """Return the holdings that keep the name of an account when they go."""
    return NAMED_IN if await is_named(tx, person_id) else frozenset()


async def closing_plan(tx: Tx, person_id: UUID, now: datetime) -> tuple[Line, ...]:
    """Return what becomes of each holding. What belongs to a patient's record stays: the practice answers for it."""
    things = [await _thing(tx, holding, Subject(person_id)) for holding in HOLDINGS]
    return plan(things, Facts({}, held=False, said=Said.GOES, named=await named_in(tx, person_id)), now)


async def _thing(tx: Tx, holding: Holding, subject: Subject) -> Thing:
    kept_as = Class.RECORD if holding.clinical else holding.kept_as
    return Thing(holding.name, kept_as.value, await count_of(tx, holding, subject))


async def closing_of(tx: Tx, person_id: UUID, *, lock: bool = False) -> AccountClosing | None:
    """Return what was asked for one's own account, if it was."""
    query = select(AccountClosing).where(AccountClosing.person_id == person_id)
    found: AccountClosing | None = await tx.scalar(query.with_for_update() if lock else query)
    return found


async def ask_to_close(tx: Tx, house: House, person_id: UUID, seen: str, language: str) -> None:
    """Say yes to the plan that the page showed. Asked for twice it is asked for once.

    Raises `Conflict` with the code `moved` where the plan is another one by now, and `record` while the account reads a record.
    """
    now = house.clock.now()
    credential = await tx.get_one(Credential, person_id, with_for_update=True)
    if await closing_of(tx, person_id) is not None:
        return
    if Keeps.RECORD in await what_keeps(tx, person_id):
        raise Conflict(code="record")
    if seen != fingerprint(await closing_plan(tx, person_id, now)):
        raise Conflict(code="moved")
    closing = AccountClosing(
        person_id=person_id, asked_at=now, due_at=months_after(now, MONTHS, ZONE), closes_at=now + timedelta(days=CLOSING_DAYS),
        closed_at=None, listed_at=None, language=language, goes="",
    )  # fmt: skip
    tx.add(closing)
    add_errand(tx, CLOSE, person_id, f"{CLOSE}:{new_id()}", closing.closes_at)
    await want_letter(tx, house.secrets, Wanted(credential.username, About.CLOSING, language), now)


async def keep_account(tx: Tx, person_id: UUID) -> None:
    """Take it back, as long as the account is there."""
    closing = await closing_of(tx, person_id, lock=True)
    if closing is not None and closing.closed_at is None:
        await tx.delete(closing)


async def leaving_of(tx: Tx, practice_id: UUID) -> Sequence[AccountClosing]:
    """Return what those who work in a practice asked for, which waits for the end of their place; whoever calls looks after it."""
    gives = select(Professional.person_id).where(Professional.practice_id == practice_id, working())
    helps = select(Staff.person_id).where(Staff.practice_id == practice_id, Staff.ended_at.is_(None))
    here = AccountClosing.person_id.in_(gives.union(helps)) & AccountClosing.closed_at.is_(None)
    return list(await tx.scalars(select(AccountClosing).where(here).order_by(AccountClosing.due_at, AccountClosing.person_id)))


async def accounts_waiting(tx: Tx, viewer: Viewer) -> tuple[int, datetime | None]:
    """Return how much about accounts waits for whoever looks after a practice, and when the first is due; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    many, first = await open_account_requests(tx, viewer)
    leaving = await leaving_of(tx, practice.id)
    return many + len(leaving), min([one.due_at for one in leaving] + ([first] if first else []), default=None)


async def close_due(tx: Tx, house: House, person_id: UUID) -> None:
    """Close an account whose days are over; while something keeps it, it is looked at again a day later."""
    now = house.clock.now()
    credential = await tx.get(Credential, person_id, with_for_update=True)
    closing = await closing_of(tx, person_id, lock=True)
    if closing is None or credential is None or closing.closed_at is not None or closing.closes_at > now:
        return
    if await what_keeps(tx, person_id):
        await _look_again(tx, closing, now + LOOKS_AGAIN)
        return
    username, address = credential.username, await account_email(tx, credential.username)
    names = going(await closing_plan(tx, person_id, now))
    await erase_account(tx, names, person_id, now)
    if address is not None:  # which is gone by now
        await want_letter(tx, house.secrets, Wanted(username, About.CLOSED, closing.language, address), now)
    closing.closed_at, closing.goes = now, " ".join(sorted(names))
    await change_rights(tx, person_topic(person_id))
    for practice_id in await _noted_in(tx, person_id):
        await record(tx, Deed(practice_id, None, Act.DELETED, "account", person_id, None), now)


async def erase_account(tx: Tx, names: frozenset[str], person_id: UUID, now: datetime) -> None:
    """End that an account acts for anybody, and let these holdings of it go, the letters about it that are on their way, and the address
    at which it was asked to act.

    Of whoever is named in records the name stays. A second time it finds nothing more.
    """
    for one in await tx.scalars(select(Representation).where(Representation.person_id == person_id, Representation.ended_at.is_(None))):
        await end(tx, one, person_id, now)
    await drop_letters(tx, person_id)
    named = await is_named(tx, person_id)
    holdings = [holding for holding in HOLDINGS if holding.name in names | {ACTING_HOLDING}]
    await erase(tx, [_without_name(one) for one in holdings] if named else holdings, Subject(person_id))


def _without_name(holding: Holding) -> Holding:
    return replace(holding, parts=tuple(replace(part, blanks=REACHED) if part is ACCOUNT else part for part in holding.parts))


async def listed_line(tx: Tx, secrets: Secrets, person_id: UUID) -> Erased | None:
    """Return the line for the list that is replayed after a backup was put back, None where it is there already or nothing went."""
    closing = await closing_of(tx, person_id)
    if closing is None or closing.closed_at is None or closing.listed_at is not None:
        return None
    return account_erased(secrets, person_id, closing.names, closing.closed_at)


async def _noted_in(tx: Tx, person_id: UUID) -> set[UUID]:
    """Return in whose audit it stands: that of the only practice there is, else of those where they worked."""
    only = set(await tx.scalars(select(Practice.id).limit(2)))
    gives = select(Professional.practice_id).where(Professional.person_id == person_id)
    helps = select(Staff.practice_id).where(Staff.person_id == person_id)
    return only if len(only) == 1 else set(await tx.scalars(gives.union(helps)))


async def _look_again(tx: Tx, closing: AccountClosing, at: datetime) -> None:
    """Ask for one more look on that day, however often it is asked for."""
    key = f"{CLOSE}:{closing.person_id}:{closing.asked_at.isoformat()}:{at.date()}"
    if await tx.scalar(select(Errand.id).where(Errand.dedupe_key == key)) is None:
        add_errand(tx, CLOSE, closing.person_id, key, at)
