"""Identities and secrets: the one home of randomness."""

import hashlib
import secrets
import uuid


def new_id() -> uuid.UUID:
    return uuid.uuid4()


def new_token() -> str:
    """Return 256 bits from the system's generator, in 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def new_bytes(count: int) -> bytes:
    return secrets.token_bytes(count)


def new_code(letters: str, length: int) -> str:
    """Return a secret that people can copy by hand: so many of these letters, each as likely as any other."""
    return "".join(secrets.choice(letters) for _ in range(length))


def token_hash(token: str) -> bytes:
    """Return the 32 bytes to store in place of the token; a plain hash suffices because the token has 256 bits."""
    return hashlib.sha256(token.encode()).digest()
