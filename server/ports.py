"""What the server needs from outside, as protocols; `adapters/` and the tests hold the implementations."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from server.media_control import Command, Event


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


class MediaRoom(Protocol):
    """A room on a forwarding engine, until it is closed or lost. Nothing here waits."""

    def do(self, kind: type[Command], **fields: Any) -> None:
        """Send a command for this room; the room's `id` and `room` are filled in. What it leads to is heard as events."""
        ...

    def close(self) -> None:
        """End it, and hear nothing of it any more."""
        ...


class MediaEngines(Protocol):
    """The forwarding engines that this server can reach (docs/WIRE.md 5). `tasks` are to be kept running."""

    @property
    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]: ...

    async def close(self) -> None:
        """End what was started here."""
        ...

    @property
    def available(self) -> bool:
        """Whether a room could be opened now."""
        ...

    def open(self, name: str, hear: Callable[[Event | None], None]) -> MediaRoom | None:
        """Open a room on the engine with the least load; None where there is none.

        `hear` is called with each event of the room, and with None once when the room is lost: its engine died, fell silent or refused it.
        It must not wait.
        """
        ...
