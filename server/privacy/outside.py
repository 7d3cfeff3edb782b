"""Requests by somebody without an account: a code to the address on the record proves who asks, and nobody is told whether there is one."""

import hmac
import json
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id, new_token, token_hash
from server.core.keyring import KeyRing
from server.core.outbox import add_errand
from server.errors import NotFound
from server.patients.addresses import Address
from server.patients.doors import OwnRecord, records_called
from server.patients.model import Patient
from server.privacy.objections import NEWS, refuse_news
from server.privacy.outside_rows import OutsideRequest
from server.privacy.request_words import Kind, fault_of
from server.privacy.requests import ask, seal_part
from server.web.i18n import Language

PROVE_OUTSIDE = "prove_outside"
FORGET_OUTSIDE = "forget_outside"
PURPOSE = "outside-proof"
GOOD_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(hours=1)
MOST_TRIES = 5
DIGITS = 6


class Written(NamedTuple):
    """What somebody asks; `address` is an E.164 number or an e-mail address in small letters."""

    kind: str
    name: str
    address: str
    words: str


def faults_of(written: Written) -> list[str]:
    """Return `field:fault` for everything that cannot be taken in, in the order of the form."""
    fault = "" if written.kind == NEWS else fault_of(written.words, "words")
    found = {
        "kind:empty": written.kind not in {*Kind, NEWS},
        "name:empty": not written.name.strip(),
        "address:empty": not written.address,
        f"words:{fault}": bool(fault),
    }
    return [code for code, wrong in found.items() if wrong]


async def take_in(tx: Tx, house: House, practice: Practice, written: Written, language: str) -> str:
    """Keep it for an hour and return the token of its page; whether there is such a record is looked at by the errand."""
    now, token = house.clock.now(), new_token()
    asked = OutsideRequest(
        id=new_id(), practice_id=practice.id, token_hash=token_hash(token), language=language, tries=0, asked_at=now
    )  # fmt: skip
    asked.key_id, asked.data_key = house.keyring.new_data_key(asked.key_place)
    sealer = house.keyring.sealer(asked.key_id, asked.data_key, asked.key_place)
    asked.sealed = sealer.seal(json.dumps(written).encode(), asked.place)
    tx.add(asked)
    await tx.flush()
    add_errand(tx, PROVE_OUTSIDE, asked.id, f"{PROVE_OUTSIDE}:{asked.id}", now)
    add_errand(tx, FORGET_OUTSIDE, asked.id, f"{FORGET_OUTSIDE}:{asked.id}", now + KEPT_FOR)
    return token


def read(keyring: KeyRing, asked: OutsideRequest) -> Written:
    """Open what was written; raises `MissingKey` and `Unreadable`."""
    sealer = keyring.sealer(asked.key_id, asked.data_key, asked.key_place)
    return Written(*json.loads(sealer.open(asked.sealed, asked.place)))


async def see_asked(tx: Tx, token: str, now: datetime, *, lock: bool = False) -> OutsideRequest:
    """Load what the token of a page is about, while its code is good; raises `NotFound`."""
    one = select(OutsideRequest).where(OutsideRequest.token_hash == token_hash(token), OutsideRequest.asked_at > now - GOOD_FOR)
    asked = await tx.scalar(one.with_for_update() if lock else one)
    if asked is None:
        raise NotFound
    return asked


async def meant_by(tx: Tx, practice_id: UUID, written: Written, region: str) -> Patient | None:
    """Return the record of this practice with this name and this address, the oldest if there are several."""
    found = await records_called(tx, practice_id, written.name, Address(written.address, region))
    return found[0] if found else None


async def prove(tx: Tx, house: House, token: str, code: str, language: Language) -> int | None:
    """Turn what was asked into a request where the code is right; else return how many tries are left, and with none it is gone.

    A code that fits where there is no record was guessed, and is as wrong as any other. Raises `NotFound`.
    """
    now = house.clock.now()
    asked = await see_asked(tx, token, now, lock=True)
    written = read(house.keyring, asked)
    patient = await meant_by(tx, asked.practice_id, written, house.settings.phone_region)
    if patient is None or not fits(code_of(house.secrets, PURPOSE, asked.id), code):
        asked.tries += 1
        if asked.tries >= MOST_TRIES:
            await tx.delete(asked)
        return MOST_TRIES - asked.tries
    practice = await tx.get_one(Practice, asked.practice_id)
    await tx.delete(asked)
    own = OwnRecord(patient, practice)
    if written.kind == NEWS:
        await refuse_news(tx, house, own, language, now)
        return None
    request = await ask(tx, house.keyring, own, written.kind, written.words, now)
    request.reply_to = seal_part(house.keyring, request, "reply_to", written.address)
    return None


def fits(code: str, typed: str) -> bool:
    return hmac.compare_digest("".join(typed.split()).encode(), code.encode())


def code_of(secrets: Secrets, purpose: str, *about: object) -> str:
    """Return the code, which is stored nowhere."""
    return f"{int.from_bytes(secrets.mac(purpose, *map(str, about))[:8]) % 10**DIGITS:0{DIGITS}d}"
