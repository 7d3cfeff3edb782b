"""How an operator lets somebody in again who has lost every way to sign in."""

from datetime import datetime

from sqlalchemy import delete

from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id, token_hash
from server.errors import NotFound
from server.identity.actions import end_all_logins, find_credential
from server.identity.devices import forget_devices
from server.identity.letters import drop_links, letter_token
from server.identity.mail_model import AccountLetter, Subject
from server.identity.passkey_model import Passkey
from server.identity.passwords import NOBODY
from server.identity.second import drop_second
from server.web.i18n import SOURCE_TAG


async def readmit(tx: Tx, secrets: Secrets, username: str, now: datetime) -> str:
    """Take every way in from an account, and return the token of a link by which its owner chooses a password; raises `NotFound`.

    The link is the one of a forgotten password, handed on by whoever has made sure who asks: the password, the second factor, the
    passkeys and earlier links may be in the hands of somebody else, who without this would be first to set up a second factor.
    """
    credential = await find_credential(tx, username)
    if credential is None:
        raise NotFound
    credential.password_hash, credential.changed_at = NOBODY, now
    await drop_links(tx, credential.username)
    await drop_second(tx, credential.person_id)
    await tx.execute(delete(Passkey).where(Passkey.person_id == credential.person_id))
    await forget_devices(tx, credential.person_id)
    await end_all_logins(tx, credential.person_id, now)
    letter_id = new_id()
    token = letter_token(secrets, letter_id)
    tx.add(
        AccountLetter(
            id=letter_id, username=credential.username, subject=Subject.RESET, address=None, token_hash=token_hash(token),
            language=SOURCE_TAG, asked_at=now,
        )
    )  # fmt: skip
    return token
