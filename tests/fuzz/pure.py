"""Hostile frames in this process: through the product's connection, walker, guard and layout into its document, with nothing else around.

A round is one session of the real editor up to some point and then a number of hostile frames of its people. Each round has its own
seed, so `--seed` of a finding begins with the round that it was found in.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from server.errors import ConsiliumError, Malformed, TooBig
from server.notes.ws import Hello
from server.notes.yproto import AWARENESS, UPDATE, read_state_vector, sync_message
from server.web.endpoint import parse_model
from tests.fuzz.anatomy import Field, take_apart
from tests.fuzz.frames import Message, Seat, hello, hostile, sessions
from tests.fuzz.reading import read_anew, read_presence
from tests.fuzz.table import Table

ROUND = 50  # frames
LONGEST_S = 1.0  # of processor time for one frame
REFUSALS = (Malformed, TooBig)
MALFORMED = Malformed.close_code


@dataclass(frozen=True)
class Finding:
    """What went wrong at which frame; the round's seed makes it again."""

    seed: int
    frame: bytes
    what: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.what}\n{self.frame.hex()}"


@dataclass
class PureResult:
    """How many frames went which way; `answered_no` were refused with 103. `slowest_s` is processor time."""

    frames: int = 0
    refused: int = 0
    answered_no: int = 0
    accepted: int = 0
    slowest_s: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        ways = f"refused {self.refused} answered_no {self.answered_no} accepted {self.accepted}"
        return f"frames {self.frames} {ways} slowest_ms {1000 * self.slowest_s:.0f} findings {len(self.findings)}"


SESSIONS = sessions()
PARTS = [[take_apart(update) for _, update in session] for session in SESSIONS]


def run_pure(frames: int, seed: int, told: Callable[[PureResult], None] = lambda _: None) -> PureResult:
    """Send `frames` frames, and call `told` after each round."""
    result = PureResult()
    number = seed
    while result.frames < frames:
        _Round(number, result).play(min(ROUND, frames - result.frames))
        number += 1
        told(result)
    return result


class _Round:
    def __init__(self, seed: int, result: PureResult) -> None:
        self._seed = seed
        self._result = result
        self._dice = Random(seed)
        chosen = self._dice.randrange(len(SESSIONS))
        self._session, self._parts = SESSIONS[chosen], PARTS[chosen]
        self._at = self._dice.randrange(len(self._session))
        self._people = {author for author, _ in self._session}
        self._table = _played(self._people, self._session[: self._at])
        self._whole = self._table.live.document.since(b"\x00")

    def play(self, frames: int) -> None:
        for _ in range(frames):
            self._result.frames += 1
            frame = b""
            try:
                author, frame = self._next()
                self._send(author, frame)
                self._greet()
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding; the library's panics are no `Exception`
                self._find(frame, f"{type(error).__name__}: {error}")
                return

    def _find(self, frame: bytes, what: str) -> None:
        self._result.findings.append(Finding(self._seed, frame, what))

    def _next(self) -> tuple[int, bytes]:
        """Mostly spoil what comes next in the session; a twentieth is sent as it is."""
        at = min(len(self._session) - 1, self._at + self._dice.choice((0, 0, 0, 1, -1, -5)))
        author, update = self._session[at]
        if self._dice.random() < 0.05:
            return author, sync_message(UPDATE, update)
        other: list[Field] = self._dice.choice(self._parts)
        return author, hostile(self._dice, Seat(author, self._parts[at], other, dict(self._table.live.document.clocks)))

    def _send(self, author: int, frame: bytes) -> None:
        table, result = self._table, self._result
        before = dict(table.live.document.clocks)
        began = time.thread_time()
        error = table.take(author, frame)
        spent = time.thread_time() - began
        result.slowest_s = max(result.slowest_s, spent)
        _must(spent <= LONGEST_S, f"took {spent:.1f} s")
        _must(not table.live.dead and not table.supervisor.farewells, "somebody else was closed")
        if error is not None:
            result.refused += 1
            result.codes[error.code] += 1
            _must(isinstance(error, REFUSALS), f"closed with {error.code}")
            self._unchanged()
            table.seat(author)
        elif table.told_no(author):
            result.answered_no += 1
            self._unchanged()
            _must(table.answers_still(author), "does not listen after a refusal")
        else:
            result.accepted += 1
            self._accepted(author, before)

    def _unchanged(self) -> None:
        document = self._table.live.document
        _must(document.since(b"\x00") == self._whole, "a refused frame changed the document")
        _must(read_state_vector(document.state_vector()) == document.clocks, "a refused frame left a clock behind")

    def _accepted(self, author: int, before: dict[int, int]) -> None:
        document = self._table.live.document
        clocks = dict(document.clocks)
        _must(clocks.pop(author, 0) >= before.pop(author, 0) and clocks == before, "a clock of somebody else moved")
        for client in self._people - {author}:
            for message in self._table.heard(client):
                if message[0] == AWARENESS:
                    read_presence(message, author)
        _must(read_state_vector(document.state_vector()) == document.clocks, "the library has other clocks than the layout")
        if (whole := document.since(b"\x00")) != self._whole:
            self._whole = whole
            read_anew(document)

    def _greet(self) -> None:
        """A first frame now and then: it has no note yet, so all that it can do is be refused."""
        if self._dice.random() < 0.02:
            raw = hello(self._dice)
            try:
                parse_model(raw.encode(errors="surrogatepass") if isinstance(raw, str) else raw, Hello)
            except ConsiliumError as error:
                _must(error.close_code == MALFORMED, f"a hello closed with {error.code}")


def _played(people: set[int], messages: list[Message]) -> Table:
    """Return a note in which everything up to now was honest."""
    table = Table()
    for author in people:
        table.seat(author)
    for author, update in messages:
        error = table.take(author, sync_message(UPDATE, update))
        _must(error is None and not table.told_no(author), "an honest message was refused")
    return table


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)
