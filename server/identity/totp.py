"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, steps of thirty seconds), and codes on paper; pure."""

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
NEVER = -1  # the last step of a secret from which no code was taken yet
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another one on paper
CODE_LENGTH = 10


def new_secret() -> str:
    """Return 160 bits in base 32, as apps expect it."""
    return pyotp.random_base32()


def app_address(secret: str, username: str) -> str:
    """Return what the QR code says to an app."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Consilium")


def step_of(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """Return the step whose code this is, or None; one step early or late is taken, and none up to `last_step`: a code counts once."""
    current = int(now.timestamp()) // STEP_S
    totp, typed = pyotp.TOTP(secret), "".join(code.split()).encode()
    fresh = (step for step in (current, current - 1, current + 1) if step > last_step)
    return next((step for step in fresh if hmac.compare_digest(totp.generate_otp(step).encode(), typed)), None)


def plain_code(typed: str) -> str:
    """Return a code from paper as it is compared: in capitals, without what stands between its halves."""
    return "".join(letter for letter in typed.upper() if letter in CODE_LETTERS)
