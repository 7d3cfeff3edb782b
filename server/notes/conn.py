"""One connection to a live note: whose it is, what it may do, and what each of its messages leads to."""

from dataclasses import dataclass

from server.core.supervise import Supervisor
from server.errors import ConsiliumError, Overloaded, TooBig, TooFast
from server.notes.awareness import Who, read_own, told
from server.notes.guard import Verdict, judge
from server.notes.limits import (
    AWARENESS_BURST,
    AWARENESS_PER_S,
    BYTES_BURST,
    BYTES_PER_S,
    FRAMES_BURST,
    FRAMES_PER_S,
    MAX_AWARENESS,
    MAX_STATE_VECTOR,
    MAX_STEP2,
    MAX_UPDATE,
    SCHEMA_VERSION,
    STEP1_BURST,
    STEP1_PER_S,
)
from server.notes.live import LiveNote
from server.notes.order import Crossed
from server.notes.outlet import Outlet
from server.notes.subject import NoteSubject
from server.notes.ypieces import Touched
from server.notes.yproto import (
    AWARENESS,
    EMPTY_UPDATE,
    EVENT,
    HELLO,
    REJECT,
    STEP1,
    STEP2,
    SYNC,
    UPDATE,
    Bad,
    ack_message,
    awareness_message,
    json_message,
    read_last,
    sync_message,
    wire_frame,
)
from server.notes.ywalk import walk
from server.ports import Clock
from server.web.bucket import Bucket

LIMITS = {STEP1: MAX_STATE_VECTOR, STEP2: MAX_STEP2, UPDATE: MAX_UPDATE}

REASONS = {
    "read_only": "You may read this note, but not write in it.",
    "locked": "This note is locked. What you wrote is kept here: add it as an addendum.",
    "full": "This note has reached its greatest length.",
    "gap": "A part is missing; it is being sent again.",
    "order": "This step could not be taken, because somebody wrote in the same place. The note is loaded afresh.",
}


@dataclass
class Tab:
    """Who sits at the other end, and under which client id; `keep` is the secret with which their computer may keep unsent text."""

    subject: NoteSubject
    session_id: int
    client_id: int
    writable: bool
    keep: str | None = None


class Conn:
    """Reads messages (docs/WIRE.md, section 3) and raises what must close the socket; rights are looked at for every message."""

    def __init__(self, live: LiveNote, tab: Tab, outlet: Outlet, clock: Clock, supervisor: Supervisor) -> None:
        self.tab = tab
        self.closed = False
        self._who = Who(str(tab.subject.viewer.person_id), tab.subject.viewer.name)
        self._live = live
        self._outlet = outlet
        self._clock = clock
        self._supervisor = supervisor
        self._heard = 0  # sync messages with content that came in
        self._stored = 0  # of them, how many are on disk
        self._confirmed = 0  # of them, how many the browser knows of
        self._refusing = False  # since a refusal: what follows rests on it, and must not be acknowledged before it
        now = clock.monotonic()
        self._frames = Bucket.full(FRAMES_PER_S, FRAMES_BURST, now)
        self._bytes = Bucket.full(BYTES_PER_S, BYTES_BURST, now)
        self._asks = Bucket.full(STEP1_PER_S, STEP1_BURST, now)
        self._states = Bucket.full(AWARENESS_PER_S, AWARENESS_BURST, now)

    @property
    def client_id(self) -> int:
        return self.tab.client_id

    @property
    def session_id(self) -> int:
        return self.tab.session_id

    @property
    def subject(self) -> NoteSubject:
        return self.tab.subject

    @property
    def writable(self) -> bool:
        return self.tab.writable

    def greet(self) -> None:
        """Say hello, show who else is here, and ask a writer for what we lack."""
        self._push(json_message(HELLO, self._hello()))
        if self._live.presence.states:
            self._push(awareness_message(self._live.presence.states))
        if self.tab.writable:
            self._ask()

    def allow(self, *, writable: bool) -> None:
        """Change the right and say so. A browser that may write from now on is asked for what it holds."""
        if writable == self.tab.writable:
            return
        self.tab.writable = writable
        self.tell_standing()
        if writable:
            self._ask()

    def tell_standing(self) -> None:
        self._push(json_message(EVENT, {"rights": self._rights(), "state": self._state()}))

    def push(self, message: bytes, wire: bytes) -> None:
        if not self.closed and not self._outlet.push(message, wire):
            self.end(Overloaded(code="slow"))

    def end(self, error: ConsiliumError) -> None:
        """Close with the error's code; a connection says goodbye once."""
        if self.closed:
            return
        self.closed = True
        self._supervisor.spawn(self._outlet.close(error.close_code, error.code), name="note farewell")

    def take(self, data: bytes) -> None:
        """Take one binary frame; raises `Bad`, `TooBig` or `TooFast`. A connection that said goodbye listens no more."""
        if self.closed:
            return
        now = self._clock.monotonic()
        if not self._frames.take(now):
            raise TooFast
        if len(data) < 2:
            raise Bad("truncated")
        if data[0] == SYNC:
            self._sync(data[1], data)
        elif data[0] == AWARENESS:
            self._aware(data, now)
        else:
            raise Bad("kind")

    def confirm(self) -> None:
        if self._stored > self._confirmed:
            self._confirmed = self._stored
            self._push(ack_message(self._confirmed))

    def _sync(self, kind: int, data: bytes) -> None:
        if kind not in LIMITS:
            raise Bad("kind")
        if len(data) > LIMITS[kind]:
            raise TooBig
        if not self._bytes.take(self._clock.monotonic(), len(data)):
            raise TooFast
        payload = read_last(data, 2)
        if kind == STEP1:
            if not self._asks.take(self._clock.monotonic()):
                raise TooFast
            self._answer(payload)
            return
        self._heard += 1
        if kind == STEP2:
            self._refusing = False
        self._write(payload, self._heard, resent=kind == STEP2)

    def _answer(self, state_vector: bytes) -> None:
        """Send what the browser lacks as it is now, once all of that is on disk."""
        message = sync_message(STEP2, self._live.document.since(state_vector))
        self._live.when_stored(lambda: self._push(message))

    def _write(self, update: bytes, number: int, *, resent: bool) -> None:
        if self._refusing:
            return
        if update == EMPTY_UPDATE:
            self._live.when_stored(lambda: self._done(number))
            self.confirm()
            return
        if not self.tab.writable:
            self._reject(number, "locked" if self._live.locked else "read_only")
            return
        touched = walk(update)
        verdict = judge(touched, self.client_id, self._live.document.clocks)
        if verdict is Verdict.GAP and resent:
            raise Bad("gap")
        if verdict is Verdict.GAP:
            self._reject(number, "gap")
            self._ask()
        elif verdict is Verdict.NEW and self._live.document.full(self._live.chain.seq):
            self._reject(number, "full")
        else:
            self._accept(update, touched, verdict, number)

    def _accept(self, update: bytes, touched: Touched, verdict: Verdict, number: int) -> None:
        try:
            self._live.accept(self, update, touched, verdict, lambda: self._done(number))
        except Crossed:
            self._reject(number, "order")
        else:
            self.confirm()

    def _done(self, number: int) -> None:
        self._stored = number
        self._live.owe(self)

    def _reject(self, number: int, code: str) -> None:
        """Refuse an update; all later ones are refused in silence until the browser sends step 2, which holds them all."""
        self._refusing = True
        self._push(json_message(REJECT, {"n": number, "code": code, "message": REASONS[code]}))

    def _aware(self, data: bytes, now: float) -> None:
        """Tell the others after the letters that were typed before it: a caret behind a letter that they do not have stands nowhere."""
        if len(data) > MAX_AWARENESS:
            raise TooBig
        clock, state = read_own(data, self.client_id)
        if not self._states.take(now):
            return
        shown = told(state, self._who)
        if self._live.presence.hear(self.client_id, clock, shown):
            message = awareness_message({self.client_id: (clock, shown)})
            self._live.when_stored(lambda: self._live.tell(message, self))

    def _ask(self) -> None:
        self._push(sync_message(STEP1, self._live.document.state_vector()))

    def _push(self, message: bytes) -> None:
        self.push(message, wire_frame(message))

    def _hello(self) -> dict[str, object]:
        return {
            "client_id": self.client_id,
            "schema": SCHEMA_VERSION,
            "rights": self._rights(),
            "state": self._state(),
            "keep": self.tab.keep,
        }

    def _state(self) -> str:
        return "locked" if self._live.locked else "draft"

    def _rights(self) -> str:
        return "write" if self.tab.writable else "read"
