"""What the server needs from outside, as protocols; `adapters/` and the tests hold the implementations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


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


@dataclass(frozen=True)
class RecordedTrack:
    """One peer's stretch in `file` of its folder; `head` ends the chain over the sealed pieces, `size` bytes in all."""

    file: str
    peer: str
    begun: datetime
    ended: datetime
    size: int
    head: bytes


@dataclass(frozen=True)
class Recorded:
    """A recording of `room` has stopped, and these files of `folder` are whole."""

    room: UUID
    folder: str
    tracks: tuple[RecordedTrack, ...]


@dataclass(frozen=True)
class RecordingFailed:
    """Nothing is recorded in `room` any more; `reason` is a code for the log."""

    room: UUID
    reason: str


class Recorder(Protocol):
    """The part of the forwarding engine that records. Nothing here waits; what comes of it is told as `Recorded` and `RecordingFailed`.

    A room that the engine does not have yet is recorded from the moment at which it has it; a pause counts at once.
    """

    @property
    def able(self) -> bool:
        """Whether there is an engine to record with."""
        ...

    def record(self, room: UUID, folder: str, key: bytes) -> None:
        """Write what everybody in the room sends into a folder of this name, sealed under `key` (32 bytes)."""
        ...

    def pause_recording(self, room: UUID) -> None: ...

    def resume_recording(self, room: UUID) -> None: ...

    def stop_recording(self, room: UUID) -> None: ...
