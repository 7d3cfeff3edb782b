"""Letters about accounts, inside the caller's transaction: asked for here, written by an errand of `server/messaging/account_letters.py`.

Whether there is such an account and an address to write to is looked at by the errand: here nothing may differ, not even how long it takes.
"""

from base64 import urlsafe_b64encode
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id, token_hash
from server.core.outbox import add_errand
from server.identity.actions import normalise
from server.identity.mail_model import GOOD_FOR, LINKED, TOLD_WITHIN, WITH_LINK, AccountEmail, AccountLetter, EmailChange, Subject
from server.identity.model import Credential

WRITE = "account_letter"
PURPOSE = "account-letter"


class Wanted(NamedTuple):
    """A letter to be written, in which language, and to which address if not to the confirmed one."""

    username: str
    subject: Subject
    language: str
    address: str | None = None


def letter_token(secrets: Secrets, letter_id: UUID) -> str:
    """Return the token of a letter's link; derived, as join links are, so that the errand can write it again."""
    return urlsafe_b64encode(secrets.mac(PURPOSE, str(letter_id))).rstrip(b"=").decode()


async def want_letter(tx: Tx, secrets: Secrets, wanted: Wanted, now: datetime) -> None:
    """Have a letter written. What is too old goes; what others asked for before stays good, or a stranger could void it."""
    username = normalise(wanted.username)[:100]
    over = AccountLetter.subject.in_(WITH_LINK) & (AccountLetter.asked_at <= now - GOOD_FOR)
    await tx.execute(delete(AccountLetter).where(over | (AccountLetter.asked_at <= now - TOLD_WITHIN)))
    letter_id = new_id()
    row = AccountLetter(
        id=letter_id, username=username, subject=wanted.subject, address=wanted.address,
        token_hash=token_hash(letter_token(secrets, letter_id)), language=wanted.language, asked_at=now,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    add_errand(tx, WRITE, letter_id, f"{WRITE}:{letter_id}", now)


async def tell_person(tx: Tx, house: House, person_id: UUID, subject: Subject, language: str) -> None:
    """Have a letter written to somebody who is known to have an account."""
    credential = await tx.get_one(Credential, person_id)
    await want_letter(tx, house.secrets, Wanted(credential.username, subject, language), house.clock.now())


async def find_letter(tx: Tx, token: str, subject: Subject, now: datetime, *, lock: bool = False) -> AccountLetter | None:
    """Return the letter whose link this is, while it is good; with `lock` a second one who follows it waits, and finds nothing."""
    query = select(AccountLetter).where(AccountLetter.token_hash == token_hash(token), AccountLetter.subject == subject)
    letter = await tx.scalar(query.with_for_update() if lock else query)
    return letter if letter is not None and letter.alive(now) else None


async def drop_links(tx: Tx, username: str) -> None:
    """Void every link that was sent for this account, and a change of its address: who asked may be the one who is being kept out."""
    await tx.execute(delete(AccountLetter).where(AccountLetter.username == username, AccountLetter.subject.in_(LINKED)))
    whose = select(Credential.person_id).where(Credential.username == username)
    await tx.execute(delete(EmailChange).where(EmailChange.person_id.in_(whose)))


async def drop_letters(tx: Tx, person_id: UUID) -> None:
    """Let every letter about an account go that was not sent or whose link was not followed: they name it, and an address."""
    whose = select(Credential.username).where(Credential.person_id == person_id)
    await tx.execute(delete(AccountLetter).where(AccountLetter.username.in_(whose)))


async def account_email(tx: Tx, username: str) -> str | None:
    """Return the confirmed address of this account, if there is one."""
    mine = select(AccountEmail.address).join(Credential, Credential.person_id == AccountEmail.person_id)
    return await tx.scalar(mine.where(Credential.username == username))
