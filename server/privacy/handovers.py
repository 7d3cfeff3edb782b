"""Links to the answer of a request that was made without an account: with a code to the address that was proved each opens, for an hour."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.house import House
from server.core.ids import token_hash
from server.core.outbox import add_errand
from server.errors import NotFound, TooFast
from server.privacy.outside import GOOD_FOR, MOST_TRIES, code_of, fits
from server.privacy.outside_rows import Handover
from server.privacy.request_rows import RightsRequest

HAND_CODE = "handover_code"
PURPOSE, LINK = "handover-code", "handover-link"
GOOD_DAYS = timedelta(days=14)
MOST_CODES = 5  # of one link


def handover_token(secrets: Secrets, request: RightsRequest) -> str:
    """Return the token of the link in the newest mail about a request; it is stored nowhere."""
    return secrets.mac(LINK, str(request.id), str(request.told)).hex()


async def open_link(tx: Tx, secrets: Secrets, request: RightsRequest, now: datetime) -> str:
    """Make the link of the newest mail, if it is not there yet, and return its token."""
    token = handover_token(secrets, request)
    if await tx.get(Handover, token_hash(token)) is None:
        expires_at = now + GOOD_DAYS
        tx.add(
            Handover(
                token_hash=token_hash(token), request_id=request.id, expires_at=expires_at, codes=0, code_at=None, tries=0, used_at=None
            )
        )
    return token


async def see_handover(tx: Tx, token: str, now: datetime, *, lock: bool = False) -> Handover:
    """Load what a link opens; raises `NotFound` for one that is over, old or unknown."""
    one = select(Handover).where(Handover.token_hash == token_hash(token))
    handover = await tx.scalar(one.with_for_update() if lock else one)
    if handover is None or not handover.open(now):
        raise NotFound
    return handover


async def send_code(tx: Tx, token: str, now: datetime) -> UUID:
    """Have another code sent, which ends the one before; returns for which request. Raises `NotFound`, and `TooFast` after `MOST_CODES`."""
    handover = await see_handover(tx, token, now, lock=True)
    if handover.codes >= MOST_CODES:
        raise TooFast
    handover.codes, handover.code_at, handover.tries = handover.codes + 1, now, 0
    add_errand(tx, HAND_CODE, handover.request_id, f"{HAND_CODE}:{handover.token_hash.hex()}:{handover.codes}", now)
    return handover.request_id


async def use(tx: Tx, house: House, token: str, code: str) -> RightsRequest | None:
    """As `check`, and let the link end soon."""
    found, now = await check(tx, house, token, code), house.clock.now()
    if found is not None:
        handover = await see_handover(tx, token, now)
        handover.used_at = handover.used_at or now
    return found


async def check(tx: Tx, house: House, token: str, code: str) -> RightsRequest | None:
    """Return the request where the code is right; else None, and a try is counted. Raises `NotFound`."""
    now = house.clock.now()
    handover = await see_handover(tx, token, now, lock=True)
    if handover.code_at is None or handover.tries >= MOST_TRIES or now >= handover.code_at + GOOD_FOR:
        return None
    if not fits(handover_code(house.secrets, handover), code):
        handover.tries += 1
        return None
    return await tx.get_one(RightsRequest, handover.request_id)


def handover_code(secrets: Secrets, handover: Handover) -> str:
    return code_of(secrets, PURPOSE, handover.token_hash.hex(), handover.codes)
