"""Another address for an account that has one: proved by its link, agreed to at the old one, or counting after days without a no."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.identity.actions import find_credential
from server.identity.letters import Wanted, drop_links, find_letter, want_letter
from server.identity.mail_model import AGREE_DAYS, AccountEmail, AccountLetter, EmailChange, Subject
from server.identity.model import Credential

CHANGE_EMAIL = "change_email"


async def begin_change(tx: Tx, house: House, credential: Credential, known: AccountEmail, wanted: tuple[str, str]) -> None:
    """Take in another address that was proved, with the language of the letters, and ask at the old one; an earlier change gives way."""
    (address, language), now = wanted, house.clock.now()
    await drop_links(tx, credential.username)
    counts_at = now + timedelta(days=AGREE_DAYS)
    tx.add(EmailChange(person_id=credential.person_id, address=address, asked_at=now, counts_at=counts_at, language=language))
    await want_letter(tx, house.secrets, Wanted(credential.username, Subject.EMAIL_AGREE, language, known.address), now)
    add_errand(tx, CHANGE_EMAIL, credential.person_id, f"{CHANGE_EMAIL}:{new_id()}", counts_at)


async def asked_at_old(tx: Tx, house: House, token: str, *, lock: bool = False) -> tuple[AccountLetter, EmailChange] | None:
    """Return the letter to the old address whose link this is, and the change that it asks about."""
    letter = await find_letter(tx, token, Subject.EMAIL_AGREE, house.clock.now(), lock=lock)
    change = await change_of(tx, letter.username) if letter else None
    return (letter, change) if letter and change else None


async def change_of(tx: Tx, username: str) -> EmailChange | None:
    credential = await find_credential(tx, username)
    return await tx.get(EmailChange, credential.person_id) if credential else None


async def let_count(tx: Tx, house: House, change: EmailChange) -> None:
    """Let the new address count from now on, and no link that went to the old one; whoever reads that is told."""
    credential, known = await tx.get_one(Credential, change.person_id), await tx.get_one(AccountEmail, change.person_id)
    address, old, language = change.address, known.address, change.language
    await drop_links(tx, credential.username)
    known.address, known.confirmed_at = address, house.clock.now()
    await want_letter(tx, house.secrets, Wanted(credential.username, Subject.EMAIL_CHANGED, language, old), house.clock.now())


def change_with(house: House) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of the errand: a change that nobody refused counts once its days are over."""

    async def run(person_id: UUID) -> None:
        async with house.database.write() as tx:
            change = await tx.get(EmailChange, person_id, with_for_update=True)
            if change is not None and change.counts_at <= house.clock.now():
                await let_count(tx, house, change)

    return run
