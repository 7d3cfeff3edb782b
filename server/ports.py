"""What the server needs from outside, as protocols; `adapters/` and the tests hold the implementations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time is a parameter, so that a test can move it."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        ...


class Bus(Protocol):
    """Lossy hints between parts of the server: "look again", never content; the database is the truth."""

    def publish(self, topic: str) -> None: ...

    def subscribe(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` at each hint, without waiting; it must not block. Returns the function that ends it."""
        ...


@dataclass(frozen=True)
class Letter:
    """A message ready to go: plain text, to one address; `subject` is used by e-mail only."""

    to: str
    subject: str
    body: str


class Carrier(Protocol):
    """One way to carry a `Letter` (SMS, e-mail). Running twice with the same `dedupe_key` must do no harm."""

    async def carry(self, letter: Letter, dedupe_key: str) -> str:
        """Return the status in a word: `sent`, or `not_sent` where no provider is set up."""
        ...


class Tickets(Protocol):
    """Single-use permissions to open one socket; held where every process that serves sockets can redeem them."""

    def issue(self, purpose: str, subject: object) -> str: ...

    def redeem(self, purpose: str, ticket: str) -> object:
        """Return the subject, once; raises `NotSignedIn` for a ticket that is used, old, unknown or of another purpose."""
        ...


class Limiter(Protocol):
    """Counts attempts; the caller decides what a key is and never puts a person's data in clear into it."""

    async def hit(self, rule: str, *key: str) -> None:
        """Count one attempt; raises `TooFast` once the rule's number for its window is passed."""
        ...

    async def forget(self, rule: str, *key: str) -> None:
        """Forget the attempts that were counted: they have led to a success."""
        ...

    async def take_back(self, rule: str, *key: str) -> None:
        """Uncount one attempt, and leave the others."""
        ...
