"""E-mail addresses as people write them; pure."""

import re

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
LONGEST_EMAIL = 254


def read_mail_address(text: str) -> str | None:
    """Return the address in small letters, which can make it longer; None for what is none."""
    address = text.strip().lower()
    return address if len(address) <= LONGEST_EMAIL and EMAIL.fullmatch(address) else None
