"""Short codes that somebody reads on one device and types on another: derived, so that they are stored nowhere."""

import hmac
from uuid import UUID

from server.core.crypto import Secrets

DIGITS = 6


def code_of(secrets: Secrets, purpose: str, row_id: UUID) -> str:
    return f"{int.from_bytes(secrets.mac(purpose, str(row_id))[:8]) % 10**DIGITS:0{DIGITS}d}"


def is_code(code: str, typed: str) -> bool:
    """Whether it is what was typed, with or without spaces."""
    return hmac.compare_digest("".join(typed.split()).encode(), code.encode())
