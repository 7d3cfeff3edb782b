"""Accounts are opened here, whatever led to them, and say here who their owner is; inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.core.db import Tx
from server.core.mail_addresses import read_mail_address
from server.core.numbers import e164
from server.errors import Invalid
from server.identity.actions import add_person, find_credential, set_password
from server.identity.details_model import AccountDetails
from server.identity.model import Person

LONGEST_NAME, LONGEST_ADDRESS = 200, 500


@dataclass(frozen=True)
class Written:
    """What somebody wrote about themselves, as they wrote it."""

    name: str
    phone: str
    address: str

    def faults(self, region: str) -> dict[str, str]:
        """Return a code for each field that cannot stay as it is."""
        found = {
            "name": "" if 0 < len(self.name) <= LONGEST_NAME and self.name.isprintable() else "name",
            "phone": "phone" if self.phone and e164(self.phone, region) is None else "",
            "address": "address" if len(self.address) > LONGEST_ADDRESS else "",
        }
        return {field: code for field, code in found.items() if code}


def email_fault(email: str) -> dict[str, str]:
    return {} if read_mail_address(email) else {"email": "email"}


async def open_account(tx: Tx, name: str, username: str, password_hash: str, now: datetime) -> UUID:
    """Make an account and return its person; raises `Invalid` with the code `username_taken`."""
    if await find_credential(tx, username) is not None:
        raise _taken()
    person = add_person(tx, name)
    await tx.flush()
    try:
        async with tx.begin_nested():
            set_password(tx, person.id, username, password_hash, now)
    except IntegrityError:  # somebody took it at this very moment
        raise _taken() from None
    return person.id


def _taken() -> Invalid:
    return Invalid("This username is taken.", code="username_taken")


async def keep_details(tx: Tx, person_id: UUID, written: Written, region: str, now: datetime) -> None:
    """Keep what somebody wrote about themselves; whoever calls has seen that it has no faults. Another phone is to be proved anew."""
    person, known = await tx.get_one(Person, person_id), await tx.get(AccountDetails, person_id)
    person.name, phone = " ".join(written.name.split()), e164(written.phone, region) or ""
    confirmed = known.phone_confirmed_at if known and known.phone == phone else None
    details = AccountDetails(
        person_id=person_id, phone=phone, phone_confirmed_at=confirmed, address=written.address, changed_at=now
    )  # fmt: skip
    await tx.merge(details)


async def details_of(tx: Tx, person_id: UUID) -> Written:
    person, kept = await tx.get_one(Person, person_id), await tx.get(AccountDetails, person_id)
    return Written(person.name, kept.phone if kept else "", kept.address if kept else "")
