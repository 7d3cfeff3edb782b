"""Proves by a code that the phone of an account is its owner's; inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select

from server.core.codes import code_of, is_code
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.identity.details_model import AccountDetails
from server.identity.phone_model import GOOD_FOR, PhoneProof

PROVE_PHONE = "prove_phone"
PURPOSE = "phone-proof"
MOST_TRIES = 5


async def ask_code(tx: Tx, person_id: UUID, phone: str, language: str, now: datetime) -> None:
    """Have a code sent there by text message; an earlier one of this person counts no more, and old rows go."""
    over = PhoneProof.asked_at <= now - GOOD_FOR
    await tx.execute(delete(PhoneProof).where(or_(PhoneProof.person_id == person_id, over)))
    proof = PhoneProof(id=new_id(), person_id=person_id, phone=phone, language=language, tries=0, asked_at=now)
    tx.add(proof)
    await tx.flush()
    add_errand(tx, PROVE_PHONE, proof.id, f"{PROVE_PHONE}:{proof.id}", now)


async def open_proof(tx: Tx, person_id: UUID, now: datetime, *, lock: bool = False) -> PhoneProof | None:
    """Return what this person is proving; with `lock` other tries wait, so that none goes uncounted."""
    newest = select(PhoneProof).where(PhoneProof.person_id == person_id).order_by(PhoneProof.asked_at.desc()).limit(1)
    proof = await tx.scalar(newest.with_for_update() if lock else newest)
    return proof if proof is not None and proof.alive(now) else None


def proof_code(secrets: Secrets, proof: PhoneProof) -> str:
    return code_of(secrets, PURPOSE, proof.id)


async def try_code(tx: Tx, secrets: Secrets, person_id: UUID, typed: str, now: datetime) -> str:
    """Confirm the phone; returns "" for the right code of the number that the account has still, else `wrong` or `over`."""
    proof = await open_proof(tx, person_id, now, lock=True)
    details = await tx.get(AccountDetails, person_id)
    if proof is None or details is None or details.phone != proof.phone:
        return "over"
    if not is_code(proof_code(secrets, proof), typed):
        proof.tries += 1
        if proof.tries < MOST_TRIES:
            return "wrong"
        await tx.delete(proof)
        return "over"
    details.phone_confirmed_at = now
    await tx.delete(proof)
    return ""
