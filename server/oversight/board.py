"""What is known of each part of the server, since when it is so, and what its last test said. Of this process; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Light(StrEnum):
    """`unknown` is set up and was not tested yet, `off` is not set up and not missed."""

    BAD = "bad"
    WARN = "warn"
    UNKNOWN = "unknown"
    GOOD = "good"
    OFF = "off"


class Thing(StrEnum):
    """What can be looked at, in the order of the page."""

    DATABASE = "database"
    WORK = "work"
    BUS = "bus"
    MEDIA = "media"
    RELAY = "relay"
    MAIL = "mail"
    SMS = "sms"
    PAYMENTS = "payments"
    SCANNER = "scanner"
    DISK = "disk"
    BACKUP = "backup"
    ANCHORS = "anchors"
    KEYS = "keys"
    CERTIFICATE = "certificate"
    CLOCK = "clock"


class State(NamedTuple):
    """A light, and a marked sentence with the values that belong into it; `at` is a time that it names as `{when}`."""

    light: Light
    sentence: str
    values: Mapping[str, str | int] = {}
    at: datetime | None = None


class Proof(NamedTuple):
    """What a test came to, and when it was made."""

    state: State
    at: datetime


@dataclass
class Line:
    """`state` has had its light since `since`, as far as this process has seen."""

    state: State
    since: datetime
    proof: Proof | None = None

    @property
    def light(self) -> Light:
        """A test that failed counts until one has succeeded; one that succeeded answers for what only a test can tell."""
        if self.proof is None:
            return self.state.light
        if self.state.light is Light.UNKNOWN:
            return self.proof.state.light
        return min(self.proof.state.light, self.state.light, key=list(Light).index)


@dataclass
class Board:
    """One line for each thing, once somebody has looked."""

    lines: dict[Thing, Line] = field(default_factory=dict)

    def look(self, states: Mapping[Thing, State], now: datetime) -> None:
        """Take in how everything is; what has kept its light has it since before."""
        for thing, state in states.items():
            line = self.lines.get(thing)
            if line is None:
                self.lines[thing] = Line(state, now)
                continue
            line.since = line.since if line.state.light is state.light else now
            line.state = state

    def prove(self, thing: Thing, state: State, now: datetime) -> None:
        """Take in what a test came to, of something that was looked at."""
        self.lines[thing].proof = Proof(state, now)

    @property
    def bad(self) -> int:
        """Return how many things do not work."""
        return sum(line.light is Light.BAD for line in self.lines.values())
