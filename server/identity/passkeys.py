"""Passkeys (WebAuthn level 2), inside the caller's transaction: asked for, added, used, removed.

The device must have verified its user, by finger, face or PIN: a passkey stands for both factors. No attestation is asked for, as it
would name the make of the device and keep people's own ones out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json, parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.core.db import Tx
from server.core.ids import new_bytes, new_id
from server.errors import Invalid, NotFound
from server.identity.model import Credential, Person
from server.identity.passkey_model import ANSWER_WITHIN, LONGEST_NAME, Passkey, PasskeyChallenge, Purpose

HANDLE_BYTES = CHALLENGE_BYTES = 32
MOST = 20  # passkeys of one person
UNFIT = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, RecursionError)  # what the library says of an answer that is none
VERIFIED = UserVerificationRequirement.REQUIRED


class Site(NamedTuple):
    """The address that people open, to which every passkey is bound."""

    origin: str

    @property
    def rp_id(self) -> str:
        return urlsplit(self.origin).hostname or ""


class Asked(NamedTuple):
    """Which answer is waited for, from whom, and when."""

    purpose: Purpose
    person_id: UUID | None
    now: datetime


async def passkeys_of(tx: Tx, person_id: UUID) -> Sequence[Passkey]:
    """Return this person's passkeys, oldest first."""
    return list(await tx.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.created_at, Passkey.id)))


async def ask_to_add(tx: Tx, site: Site, person_id: UUID, now: datetime) -> str:
    """Return the options for `navigator.credentials.create` as JSON; raises `Invalid` where there are many already."""
    known = await passkeys_of(tx, person_id)
    if len(known) >= MOST:
        raise Invalid("You have many passkeys already. Please remove one first.", code="many")
    person, credential = await tx.get_one(Person, person_id), await tx.get_one(Credential, person_id)
    handle = known[0].handle if known else new_bytes(HANDLE_BYTES)
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name="Consilium",
        user_id=handle,
        user_name=credential.username,
        user_display_name=person.name,
        challenge=await _challenge(tx, Asked(Purpose.ADD, person_id, now), handle),
        authenticator_selection=AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    return options_to_json(options)


async def ask_to_use(tx: Tx, site: Site, asked: Asked) -> str:
    """Return the options for `navigator.credentials.get` as JSON. Nobody's passkeys are listed: the device knows which ones it has."""
    challenge = await _challenge(tx, asked)
    return options_to_json(generate_authentication_options(rp_id=site.rp_id, challenge=challenge, user_verification=VERIFIED))


async def _challenge(tx: Tx, asked: Asked, handle: bytes | None = None) -> bytes:
    await tx.execute(delete(PasskeyChallenge).where(PasskeyChallenge.asked_at <= asked.now - ANSWER_WITHIN))
    challenge = new_bytes(CHALLENGE_BYTES)
    row = PasskeyChallenge(
        challenge=challenge, purpose=asked.purpose, person_id=asked.person_id, handle=handle, asked_at=asked.now
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    return challenge


async def add_passkey(tx: Tx, site: Site, asked: Asked, name: str, answer: str) -> Passkey | None:
    """Store what the device answered, or return None for an answer that is none. Its challenge is used up in either case."""
    try:
        given = parse_registration_credential_json(answer)
        waiting = await _take(tx, parse_client_data_json(given.response.client_data_json).challenge, asked)
        if waiting is None:
            return None
        fit = verify_registration_response(
            credential=given,
            expected_challenge=waiting.challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except UNFIT:
        return None
    if await _find(tx, fit.credential_id) is not None:
        return None
    passkey = Passkey(
        id=new_id(),
        person_id=asked.person_id,
        handle=waiting.handle,
        credential_id=fit.credential_id,
        public_key=fit.credential_public_key,
        count=fit.sign_count,
        name=" ".join(name.split())[:LONGEST_NAME],
        created_at=asked.now,
        used_at=None,
    )
    tx.add(passkey)
    return passkey


async def use_passkey(tx: Tx, site: Site, asked: Asked, answer: str) -> UUID | None:
    """Return whose passkey answered, or None for an answer that is none; a counter that went back means that somebody has a copy.

    The challenge is used up in either case, so whoever overhears an answer has nothing.
    """
    try:
        given = parse_authentication_credential_json(answer)
        waiting = await _take(tx, parse_client_data_json(given.response.client_data_json).challenge, asked)
        passkey = await _find(tx, given.raw_id, lock=True)
        if waiting is None or passkey is None or given.response.user_handle != passkey.handle:
            return None
        fit = verify_authentication_response(
            credential=given,
            expected_challenge=waiting.challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.count,
            require_user_verification=True,
        )
    except UNFIT:
        return None
    if asked.person_id not in {None, passkey.person_id}:
        return None
    passkey.count, passkey.used_at = fit.new_sign_count, asked.now
    return passkey.person_id


async def _take(tx: Tx, challenge: bytes, asked: Asked) -> PasskeyChallenge | None:
    """Use up a challenge; of two who answer the same, one gets it. It must be for this purpose and person, and not too old."""
    gone = delete(PasskeyChallenge).where(PasskeyChallenge.challenge == challenge).returning(PasskeyChallenge)
    row = (await tx.execute(gone)).scalar_one_or_none()
    if row is None or row.asked_at <= asked.now - ANSWER_WITHIN:
        return None
    return row if (row.purpose, row.person_id) == (asked.purpose, asked.person_id) else None


async def _find(tx: Tx, credential_id: bytes, *, lock: bool = False) -> Passkey | None:
    query = select(Passkey).where(Passkey.credential_id == credential_id)
    return await tx.scalar(query.with_for_update() if lock else query)


async def remove_passkey(tx: Tx, person_id: UUID, passkey_id: UUID) -> None:
    """Forget one passkey of this person; raises `NotFound` for any other."""
    gone = delete(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == person_id).returning(Passkey.id)
    if not (await tx.execute(gone)).all():
        raise NotFound
