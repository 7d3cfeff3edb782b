"""What belongs to a professional's registration beside their qualifications: how they are reached and paid, and how they treat data.

Each has a page of its own, so here it is only looked up: for the professional, for the reviewer, and for the directory.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from server.access.model import Professional
from server.billing.doors import merchant_of
from server.core.db import Tx
from server.core.house import House
from server.identity.accounts import details_of
from server.identity.mail_model import AccountEmail
from server.web.i18n import Language


class Piece(StrEnum):
    """In the order in which they are asked for."""

    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    POLICY = "policy"
    PAYMENT = "payment"


PATHS = {
    Piece.ADDRESS: "/my/details?from=registration",
    Piece.PHONE: "/my/details?from=registration",
    Piece.EMAIL: "/account/email",
    Piece.POLICY: "/policies",
    Piece.PAYMENT: "/money/account",
}


class Told(NamedTuple):
    """A piece with what was told of it, which is empty where nothing was; `path` is where its professional tells it.

    Of a policy `words` are its lawful bases, for the catalogue.
    """

    piece: Piece
    words: tuple[str, ...]
    path: str


@dataclass
class PolicyAsked:
    """Whether a professional has a privacy policy of their own, and on which lawful bases: filled in by whoever keeps policies.

    `bases` are sentences for the catalogue; none are there without a policy that names one.
    """

    professional_id: UUID
    now: datetime
    bases: tuple[str, ...] = ()


async def pieces_of(tx: Tx, house: House, professional: Professional) -> list[Told]:
    """Return every piece that this server asks for: an account to be paid on only where patients can pay online."""
    details, email = await details_of(tx, professional.person_id), await tx.get(AccountEmail, professional.person_id)
    asked = PolicyAsked(professional.id, house.clock.now())
    await tx.emit(asked)
    told = {
        Piece.ADDRESS: _words(details.address),
        Piece.PHONE: _words(details.phone),
        Piece.EMAIL: _words(email.address if email else ""),
        Piece.POLICY: asked.bases,
    }
    if house.settings.payments == "stripe":
        merchant = await merchant_of(tx, professional.id, "stripe")
        told[Piece.PAYMENT] = _words(merchant.account if merchant else "")
    return [Told(piece, words, PATHS[piece]) for piece, words in told.items()]


def _words(text: str) -> tuple[str, ...]:
    return (text.strip(),) if text.strip() else ()


def in_language(pieces: Iterable[Told], language: Language) -> list[Told]:
    """Return the pieces as somebody reads them: the lawful bases are sentences of ours."""
    return [one._replace(words=tuple(language.text(words) for words in one.words)) if one.piece is Piece.POLICY else one for one in pieces]


def missing_in(pieces: Iterable[Told]) -> list[Told]:
    return [one for one in pieces if not one.words]
