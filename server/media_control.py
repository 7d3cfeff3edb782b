"""The protocol between the application and an engine: typed lines of JSON, strict and bounded both ways.

docs/WIRE.md describes it. It stands outside of both, because neither may import the other: `server/media/control_server.py` and
`server/adapters/engines.py` speak it on a socket.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from server.errors import Malformed, TooBig

VERSION = 1
LONGEST_ANSWER = 48 * 1024  # characters; thirty lines of a chatty browser are about half of it
MOST_LINES = 24  # of media in one connection: eight others with three tracks each
LOAD_S = 2.0  # how often an engine tells its load
LONGEST_LINE = 64 * 1024  # bytes of one message; a longer one ends the connection
LONGEST_OFFER = 60 * 1024
MOST_FILES = 128  # of one recording, so that all of them can be told on one line

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Of a room or a peer: chosen by the application, and never a person's name, because it stands in session descriptions."""
Side = Literal["publish", "subscribe"]
"""Which of a peer's two connections: the one on which its browser sends, or the one on which it receives."""
Layer = Literal["l", "m", "h"]
Source = Literal["audio", "camera", "screen"]
Proof = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Challenge = Annotated[str, Field(pattern=r"^[0-9a-f]{32,64}$")]
Count = Annotated[int, Field(ge=0)]
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", repr=False)]
Head = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Greeting(Strict):
    """The engine's first line. A challenge is set where a secret is shared: the answer to it lets the application in."""

    t: Literal["greeting"] = "greeting"
    version: int
    challenge: Challenge | None


class Hello(Strict):
    """The application's first line; `challenge` and `proof` are set if the greeting held a challenge."""

    t: Literal["hello"] = "hello"
    version: int
    challenge: Challenge | None = None
    proof: Proof | None = None


class Welcome(Strict):
    """The engine's answer: the proof that it knows the secret, too."""

    t: Literal["welcome"] = "welcome"
    proof: Proof | None


class OpenRoom(Strict):
    t: Literal["open_room"] = "open_room"
    id: Count
    room: Name
    codecs: Annotated[list[Literal["VP8", "VP9", "H264", "AV1"]], Field(min_length=1, max_length=4)] = ["VP8"]
    """What cameras and screens may be sent in, the favourite first; everybody in the room must be able to show them all."""


class CloseRoom(Strict):
    t: Literal["close_room"] = "close_room"
    id: Count
    room: Name


class Join(Strict):
    """Let a peer in. `publishes` may be empty for somebody who only looks on, `subscribes` false for somebody who only sends."""

    t: Literal["join"] = "join"
    id: Count
    room: Name
    peer: Name
    publishes: Annotated[list[Source], Field(max_length=3)] = ["audio", "camera", "screen"]
    subscribes: bool = True
    simulcast: bool = True


class AnswerOffer(Strict):
    t: Literal["answer"] = "answer"
    id: Count
    room: Name
    peer: Name
    side: Side
    offer: Count
    """The number of the offer that it answers; the answer to one that was overtaken is passed over."""
    sdp: Annotated[str, Field(max_length=LONGEST_ANSWER)]


class Leave(Strict):
    t: Literal["leave"] = "leave"
    id: Count
    room: Name
    peer: Name


class RestartIce(Strict):
    """The browser's network has changed: make a new offer with new credentials."""

    t: Literal["restart_ice"] = "restart_ice"
    id: Count
    room: Name
    peer: Name
    side: Side


class Wish(Strict):
    """What a peer wants to see of one track: at most this layer, or nothing if it is null; a pinned one is served first."""

    publisher: Name
    source: Source
    layer: Layer | None
    pinned: bool = False


class Watch(Strict):
    """Replace a peer's wishes; tracks that are not named are wanted in full."""

    t: Literal["watch"] = "watch"
    id: Count
    room: Name
    peer: Name
    wishes: Annotated[list[Wish], Field(max_length=MOST_LINES)]


class Record(Strict):
    """Write what everybody in the room sends into a new folder of this name, sealed under `key` (32 bytes in hexadecimal)."""

    t: Literal["record"] = "record"
    id: Count
    room: Name
    folder: Name
    key: Key


class PauseRecording(Strict):
    """Write nothing of what is sent from now on."""

    t: Literal["pause_recording"] = "pause_recording"
    id: Count
    room: Name


class ResumeRecording(Strict):
    t: Literal["resume_recording"] = "resume_recording"
    id: Count
    room: Name


class StopRecording(Strict):
    t: Literal["stop_recording"] = "stop_recording"
    id: Count
    room: Name


class Done(Strict):
    """The answer to the command `re`: nothing more, since what follows from a command are events."""

    t: Literal["ok"] = "ok"
    re: Count


class Refused(Strict):
    """The answer to a command that was not carried out; the connection goes on."""

    t: Literal["error"] = "error"
    re: Count
    code: Annotated[str, Field(max_length=64)]


class Stream(Strict):
    """Whose track stands on a line of a subscriber's offer."""

    mid: Annotated[str, Field(max_length=16)]
    publisher: Name
    source: Source


class Offer(Strict):
    """Hand this to the peer's browser and its answer back. `streams` is empty for the publishing side."""

    t: Literal["offer"] = "offer"
    room: Name
    peer: Name
    side: Side
    number: Count
    sdp: Annotated[str, Field(max_length=LONGEST_OFFER)]
    streams: Annotated[list[Stream], Field(max_length=MOST_LINES)]


class Connected(Strict):
    t: Literal["connected"] = "connected"
    room: Name
    peer: Name
    side: Side


class Gone(Strict):
    """A peer is out of its room without having left: one of its connections ended."""

    t: Literal["gone"] = "gone"
    room: Name
    peer: Name
    side: Side
    reason: Annotated[str, Field(max_length=32)]


class Speaking(Strict):
    """Who speaks now; null when nobody has for a while."""

    t: Literal["speaking"] = "speaking"
    room: Name
    peer: Name | None


class Quality(Strict):
    """How well a peer is served, every few seconds."""

    t: Literal["quality"] = "quality"
    room: Name
    peer: Name
    budget_bps: Count
    """The estimated way to this peer."""
    lost: Annotated[float, Field(ge=0, le=1)]
    """The fraction that this peer reported as lost, of what it was sent."""
    paused: Annotated[list[Name], Field(max_length=MOST_LINES)]
    """Publishers whose camera is not sent for want of bandwidth."""


class Load(Strict):
    """How busy the engine is, every two seconds: an application that hears nothing for three times as long takes it for dead."""

    t: Literal["load"] = "load"
    rooms: Count
    peers: Count
    packets: Count
    """Datagrams sent since the last time."""
    dropped: Count
    """Those of them that the kernel did not take."""
    cpu: Annotated[float, Field(ge=0)]
    """The share of one processor since the last time."""


class RecordedFile(Strict):
    """One stretch of what one peer sent, from the first to the last thing in it. `bytes` and `head` are of the sealed file: see
    `server/core/strongbox.py`.
    """

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
    peer: Name
    begun: datetime
    ended: datetime
    bytes: Count
    head: Head


class RecordingBegun(Strict):
    """A recorder is at work: from now on what is sent is written, unless it is paused."""

    t: Literal["recording_begun"] = "recording_begun"
    room: Name
    folder: Name


class Recorded(Strict):
    """A recording has stopped, and these files are whole."""

    t: Literal["recorded"] = "recorded"
    room: Name
    folder: Name
    tracks: Annotated[list[RecordedFile], Field(max_length=MOST_FILES)]


class RecordingFailed(Strict):
    """Nothing is recorded in this room any more; the call goes on. What was written before is in the folder, unfinished."""

    t: Literal["recording_failed"] = "recording_failed"
    room: Name
    reason: Annotated[str, Field(max_length=32)]


class NotRecorded(Strict):
    """What this peer sends there comes in a `codec` that a file does not hold; everything else is recorded."""

    t: Literal["not_recorded"] = "not_recorded"
    room: Name
    folder: Name
    peer: Name
    source: Source
    codec: Annotated[str, Field(max_length=8)]


Recording = Record | PauseRecording | ResumeRecording | StopRecording
Command = OpenRoom | CloseRoom | Join | AnswerOffer | Leave | RestartIce | Watch | Recording
Event = Offer | Connected | Gone | Speaking | Quality | Load | RecordingBegun | Recorded | RecordingFailed | NotRecorded
Down = Greeting | Welcome | Done | Refused | Event
Up = Hello | Command

_UP: TypeAdapter[Up] = TypeAdapter(Annotated[Up, Field(discriminator="t")])
_DOWN: TypeAdapter[Down] = TypeAdapter(Annotated[Down, Field(discriminator="t")])


def read_up(line: bytes) -> Up:
    """Read a line of the application. Raises `Malformed` or `TooBig`."""
    return cast("Up", _read(_UP, line))


def read_down(line: bytes) -> Down:
    """Read a line of the engine. Raises `Malformed` or `TooBig`."""
    return cast("Down", _read(_DOWN, line))


def write(message: Up | Down) -> bytes:
    """Return the message as one line, with its end. Raises `TooBig`."""
    line = message.model_dump_json().encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise TooBig(code="control_line")
    return line


def prove(secret: bytes, who: Literal["app", "engine"], greeting: str, hello: str) -> str:
    """Return the proof that `who` knows the secret, over both challenges: neither side can hand on the other's proof as its own."""
    return hmac.new(secret, f"consilium media {VERSION} {who} {greeting} {hello}".encode(), hashlib.sha256).hexdigest()


def is_proof(proof: str | None, expected: str) -> bool:
    return hmac.compare_digest((proof or "").encode(), expected.encode())


def _read(adapter: TypeAdapter[Any], line: bytes) -> Any:
    if len(line) > LONGEST_LINE:
        raise TooBig(code="control_line")
    try:
        return adapter.validate_json(line)
    except ValidationError:
        raise Malformed(code="control_line") from None
