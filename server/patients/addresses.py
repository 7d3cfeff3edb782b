"""Addresses as people write them, in the one form in which two of them can be compared; pure."""

from typing import NamedTuple, Protocol

from server.core.mail_addresses import read_mail_address
from server.core.numbers import e164


class Address(NamedTuple):
    """An E.164 number, or an e-mail address in small letters; `region` is where a number without a country is at home."""

    text: str
    region: str

    @property
    def by_mail(self) -> bool:
        return "@" in self.text


class Reachable(Protocol):
    """Who has addresses, just as they were written."""

    @property
    def mobile(self) -> str | None: ...

    @property
    def email(self) -> str | None: ...


def read_address(text: str, region: str) -> Address | None:
    """Return what somebody wrote as an address; None for what is none."""
    written = text.strip()
    if "@" in written:
        address = read_mail_address(written)
        return Address(address, region) if address else None
    number = e164(written, region)
    return Address(number, region) if number else None


def addresses_of(whom: Reachable, region: str) -> set[Address]:
    return {address for text in (whom.mobile, whom.email) if text and (address := read_address(text, region))}
