"""Accounts that nobody uses: who has one is told a month before, and then it goes; a sign-in saves it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from server.access.model import Practice, Professional, Staff
from server.circulars.consents import withdraw_all
from server.consultation.testimonials import take_back_all
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.holdings import Class
from server.core.house import House
from server.identity.letters import Wanted, want_letter
from server.identity.mail_model import AccountEmail
from server.identity.mail_model import Subject as About
from server.identity.model import Credential, LoginSession
from server.patients.acting_doors import Reader, taken_on
from server.patients.model import Patient
from server.privacy.account_closing import erase_account
from server.privacy.account_requests import restricts_account
from server.privacy.registry import HOLDINGS
from server.privacy.retention import NOTICE, account_until, is_noticed_enough
from server.privacy.retention_choices import longest_rules
from server.privacy.retention_facts import PAGE, Calendar, facts_of
from server.privacy.retention_rows import AccountNotice, RetentionRun

GOES = frozenset(holding.name for holding in HOLDINGS if holding.kept_as in {Class.ACCOUNT, Class.CHOICE})


class Account(NamedTuple):
    """What decides about an account: its last day by the rules, what keeps it, and when they were told.

    `kept`: a record of theirs is held or waits, they asked that it be kept and not used, or they act for a patient, also while that rests.
    """

    person_id: UUID
    last_used: date
    until: date
    kept: bool
    told_on: date | None

    @property
    def saved(self) -> bool:
        """Whether somebody signed in after they were told."""
        return self.told_on is not None and self.told_on <= self.last_used

    def is_to_be_told(self, today: date) -> bool:
        return not self.kept and self.told_on is None and self.until - NOTICE < today

    def goes_on(self, today: date) -> date | None:
        """Return the first day on which it may go if nothing happens; None for one that something keeps."""
        if self.kept:
            return None
        told = today if self.told_on is None or self.saved else self.told_on
        return max(told + NOTICE, self.until + timedelta(days=1))

    def may_go(self, today: date) -> bool:
        told = self.told_on is not None and is_noticed_enough(self.told_on, today)
        return told and not self.kept and not self.saved and self.until < today


async def page_of_accounts(tx: Tx, practice_id: UUID, unused_since: datetime, after: UUID | None) -> list[UUID]:
    """Return the next people with an account that was not used since then, at most `PAGE`.

    They never worked here, and have a record of this practice, or none at all.
    """
    works = or_(_exists(Professional.person_id), _exists(Staff.person_id))
    here = _exists(Patient.person_id, Patient.practice_id == practice_id)
    used = _exists(LoginSession.person_id, LoginSession.seen_at >= unused_since)
    wanted = ~works & ~used & or_(here, ~_exists(Patient.person_id)) & (Credential.changed_at < unused_since)
    if after is not None:
        wanted &= Credential.person_id > after
    return list(await tx.scalars(select(Credential.person_id).where(wanted).order_by(Credential.person_id).limit(PAGE)))


def _exists(column: InstrumentedAttribute[Any], *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return Credential.person_id.in_(select(column).where(column.is_not(None), *more))


async def accounts_of(tx: Tx, house: House, person_ids: Iterable[UUID], calendar: Calendar) -> list[Account]:
    return [await _account(tx, house, person_id, calendar) for person_id in person_ids]


async def _account(tx: Tx, house: House, person_id: UUID, calendar: Calendar) -> Account:
    credential = await tx.get_one(Credential, person_id)
    seen = await tx.scalar(select(func.max(LoginSession.seen_at)).where(LoginSession.person_id == person_id))
    last_used = calendar.day(max(filter(None, (credential.changed_at, seen))))
    records = list(await tx.scalars(select(Patient).where(Patient.person_id == person_id)))
    practices = {one.practice_id for one in records} or set(await tx.scalars(select(Practice.id)))
    rules = await longest_rules(tx, practices, calendar.now)
    facts = await facts_of(tx, house.keyring, [one.id for one in records], calendar) if records else {}
    kept = any(one.held or one.pending for one in facts.values()) or await restricts_account(tx, person_id)
    kept = kept or bool(await taken_on(tx, Reader(person_id, calendar.now)))
    notice = await tx.get(AccountNotice, person_id)
    return Account(person_id, last_used, account_until(rules, last_used), kept, notice.told_on if notice else None)


async def see_to(house: House, run_id: UUID, person_id: UUID, calendar: Calendar) -> None:
    """Tell somebody, take back what they were told, or let their account go: whatever is due today."""
    async with house.database.write() as tx:
        credential = await tx.get(Credential, person_id, with_for_update=locked())
        if credential is None:
            return
        account = await _account(tx, house, person_id, calendar)
        if account.saved:
            await tx.delete(await tx.get_one(AccountNotice, person_id))
        elif account.may_go(calendar.today):
            run = await tx.get_one(RetentionRun, run_id, with_for_update=True)
            run.count("accounts", 1)
            await _close(tx, run, person_id, calendar)
        elif account.is_to_be_told(calendar.today):
            run = await tx.get_one(RetentionRun, run_id, with_for_update=True)
            run.count("told", 1)
            tx.add(AccountNotice(person_id=person_id, told_on=calendar.today))
            await _write(tx, house, credential, run.practice_id)


def worth_a_look(account: Account, today: date) -> bool:
    """Whether `see_to` would do anything, so that nobody opens a transaction for it in vain."""
    return account.saved or account.may_go(today) or account.is_to_be_told(today)


async def _write(tx: Tx, house: House, credential: Credential, practice_id: UUID) -> None:
    """Have the letter written to the confirmed address, else to one on a record; who has none is told by nothing."""
    practice = await tx.get_one(Practice, practice_id)
    confirmed = await tx.get(AccountEmail, credential.person_id)
    others = select(Patient.email).where(Patient.person_id == credential.person_id, Patient.email.is_not(None))
    address = None if confirmed else await tx.scalar(others.order_by(Patient.created_at.desc()).limit(1))
    await want_letter(tx, house.secrets, Wanted(credential.username, About.UNUSED, practice.language, address), house.clock.now())


async def _close(tx: Tx, run: RetentionRun, person_id: UUID, calendar: Calendar) -> None:
    """With the account goes what could only be taken back in it: words that everybody reads, and news."""
    records = list(await tx.scalars(select(Patient).where(Patient.person_id == person_id)))
    patient_ids = {one.id for one in records}
    await take_back_all(tx, patient_ids, calendar.now)
    await withdraw_all(tx, patient_ids, calendar.now)
    await erase_account(tx, GOES, person_id, calendar.now)
    await tx.execute(update(Patient).where(Patient.person_id == person_id).values(person_id=None))
    deeds = [Deed(one.practice_id, None, Act.DELETED, "account", person_id, one.id) for one in records]
    for deed in deeds or [Deed(run.practice_id, None, Act.DELETED, "account", person_id, None)]:
        await record(tx, deed, calendar.now)
