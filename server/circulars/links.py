"""The link in a newsletter, by which news are stopped or asked for without signing in; pure but for the server's key.

Its token is the record's id, a mark of the address that it was sent to, and a MAC over both. It never runs out, because a newsletter lies
in a mailbox for years; an erasure leaves nothing that it could change.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import NamedTuple
from uuid import UUID

from server.core.crypto import Secrets
from server.errors import NotFound

PURPOSE, ADDRESS = "news-link", "news-address"
MARK, MAC = 8, 16  # bytes


class Opened(NamedTuple):
    """Whose news a link is about, and the mark of the address that it went to."""

    patient_id: UUID
    mark: bytes


def mark_of(secrets: Secrets, address: str) -> bytes:
    """Return what a link knows its address by; it names nobody."""
    return secrets.mac(ADDRESS, address)[:MARK]


def news_token(secrets: Secrets, patient_id: UUID, address: str) -> str:
    """Return 54 letters that are safe in a URL."""
    content = patient_id.bytes + mark_of(secrets, address)
    return _letters(content + _mac(secrets, content))


def news_url(base_url: str, secrets: Secrets, patient_id: UUID, address: str) -> str:
    return f"{base_url}/news/{news_token(secrets, patient_id, address)}"


def open_token(secrets: Secrets, token: str) -> Opened:
    """Raises `NotFound` for a token that was not made here, or was changed."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise NotFound from None
    content, mac = raw[:-MAC], raw[-MAC:]
    if len(content) != MARK + 16 or not compare_digest(mac, _mac(secrets, content)) or _letters(raw) != token:
        raise NotFound
    return Opened(UUID(bytes=content[:16]), content[16:])


def _letters(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(secrets: Secrets, content: bytes) -> bytes:
    return secrets.mac(PURPOSE, content.hex())[:MAC]
