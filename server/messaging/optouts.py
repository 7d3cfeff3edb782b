"""Who wants no text messages: a number that answered STOP is never written to by SMS, by any practice of this server."""

from datetime import datetime

from sqlalchemy import delete

from server.core.crypto import Secrets
from server.core.db import Tx
from server.messaging.model import OptOut

PURPOSE = "opt-out"
# The words that Twilio itself knows, in capitals.
STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})


async def hear(tx: Tx, secrets: Secrets, number: str, words: str, now: datetime) -> None:
    """Take down what somebody answered; `number` as E.164. Anything but the words of both lists changes nothing."""
    word = words.strip().upper()
    if word in STOP and not await is_stopped(tx, secrets, number):
        tx.add(OptOut(number_mac=_mac(secrets, number), stopped_at=now))
    elif word in START:
        await tx.execute(delete(OptOut).where(OptOut.number_mac == _mac(secrets, number)))


async def is_stopped(tx: Tx, secrets: Secrets, number: str) -> bool:
    return await tx.get(OptOut, _mac(secrets, number)) is not None


def _mac(secrets: Secrets, number: str) -> bytes:
    return secrets.mac(PURPOSE, number)
