"""What the application and an engine say to each other (docs/WIRE.md 5); `server/media_lines.py` makes lines of it.

It stands outside of both, because neither may import the other.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION = 2
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


class Told(Strict):
    """What stands on a line; `t` says which of all it is."""

    t: str


class Ordered(Told):
    """A command about one room, with the number under which it is answered."""

    id: Count
    room: Name


class OrderedOfPeer(Ordered):
    peer: Name


class Happened(Told):
    """An event in one room."""

    room: Name


class HappenedToPeer(Happened):
    peer: Name


class Greeting(Told):
    """The engine's first line. A challenge is set where a secret is shared: the answer to it lets the application in."""

    t: Literal["greeting"] = "greeting"
    version: int
    challenge: Challenge | None


class Hello(Told):
    """The application's first line; `challenge` and `proof` are set if the greeting held a challenge."""

    t: Literal["hello"] = "hello"
    version: int
    challenge: Challenge | None = None
    proof: Proof | None = None


class Welcome(Told):
    """The engine's answer: the proof that it knows the secret, too."""

    t: Literal["welcome"] = "welcome"
    proof: Proof | None


class OpenRoom(Ordered):
    t: Literal["open_room"] = "open_room"
    codecs: Annotated[list[Literal["VP8", "VP9", "H264", "AV1"]], Field(min_length=1, max_length=4)] = ["VP8"]
    """What cameras and screens may be sent in, the favourite first; everybody in the room must be able to show them all."""


class CloseRoom(Ordered):
    t: Literal["close_room"] = "close_room"


class Join(OrderedOfPeer):
    """Let a peer in. `publishes` may be empty for somebody who only looks on, `subscribes` false for somebody who only sends."""

    t: Literal["join"] = "join"
    publishes: Annotated[list[Source], Field(max_length=3)] = ["audio", "camera", "screen"]
    subscribes: bool = True
    simulcast: bool = True


class AnswerOffer(OrderedOfPeer):
    t: Literal["answer"] = "answer"
    side: Side
    offer: Count
    """The number of the offer that it answers; the answer to one that was overtaken is passed over."""
    sdp: Annotated[str, Field(max_length=LONGEST_ANSWER)]


class Leave(OrderedOfPeer):
    t: Literal["leave"] = "leave"


class RestartIce(OrderedOfPeer):
    """The browser's network has changed: make a new offer with new credentials."""

    t: Literal["restart_ice"] = "restart_ice"
    side: Side


class Wish(Strict):
    """What a peer wants to see of one track: at most this layer, or nothing if it is null; a pinned one is served first."""

    publisher: Name
    source: Source
    layer: Layer | None
    pinned: bool = False


class Watch(OrderedOfPeer):
    """Replace a peer's wishes; tracks that are not named are wanted in full."""

    t: Literal["watch"] = "watch"
    wishes: Annotated[list[Wish], Field(max_length=MOST_LINES)]


class Record(Ordered):
    """Write what everybody in the room sends into a new folder of this name, sealed under `key` (32 bytes in hexadecimal).

    With `paused` nothing is written before `ResumeRecording`: of a pause that is said afterwards a packet could be ahead.
    """

    t: Literal["record"] = "record"
    folder: Name
    key: Key
    paused: bool = False


class PauseRecording(Ordered):
    """Write nothing of what is sent from now on."""

    t: Literal["pause_recording"] = "pause_recording"


class ResumeRecording(Ordered):
    t: Literal["resume_recording"] = "resume_recording"


class StopRecording(Ordered):
    t: Literal["stop_recording"] = "stop_recording"


class Done(Told):
    """The answer to the command `re`: nothing more, since what follows from a command are events."""

    t: Literal["ok"] = "ok"
    re: Count


class Refused(Told):
    """The answer to a command that was not carried out; the connection goes on."""

    t: Literal["error"] = "error"
    re: Count
    code: Annotated[str, Field(max_length=64)]


class Stream(Strict):
    """Whose track stands on a line of a subscriber's offer."""

    mid: Annotated[str, Field(max_length=16)]
    publisher: Name
    source: Source


class Offer(HappenedToPeer):
    """Hand this to the peer's browser and its answer back. `streams` is empty for the publishing side."""

    t: Literal["offer"] = "offer"
    side: Side
    number: Count
    sdp: Annotated[str, Field(max_length=LONGEST_OFFER)]
    streams: Annotated[list[Stream], Field(max_length=MOST_LINES)]


class Connected(HappenedToPeer):
    t: Literal["connected"] = "connected"
    side: Side


class Gone(HappenedToPeer):
    """A peer is out of its room without having left: one of its connections ended."""

    t: Literal["gone"] = "gone"
    side: Side
    reason: Annotated[str, Field(max_length=32)]


class Speaking(Happened):
    """Who speaks now; null when nobody has for a while."""

    t: Literal["speaking"] = "speaking"
    peer: Name | None


class Quality(HappenedToPeer):
    """How well a peer is served, every few seconds."""

    t: Literal["quality"] = "quality"
    budget_bps: Count
    """The estimated way to this peer."""
    lost: Annotated[float, Field(ge=0, le=1)]
    """The fraction that this peer reported as lost, of what it was sent."""
    paused: Annotated[list[Name], Field(max_length=MOST_LINES)]
    """Publishers whose camera is not sent for want of bandwidth."""


class Load(Told):
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
    lost: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The mean of what browsers say they were sent and never had."""
    queued: Count = 0
    """Bytes that the kernel holds and the engine has not read yet."""
    overrun: Count = 0
    """Datagrams since the last time that came while that queue was full."""
    oversize: Count = 0
    """Packets since the last time that were dropped because they are longer than one may be."""
    excess: Count = 0
    """Packets since the last time that were dropped because one browser sent more than it may."""
    waiting: Count = 0
    """Browsers whose handshake has had no turn yet."""


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


class RecordingBegun(Happened):
    """A recorder is at work: from now on what is sent is written, unless it is paused."""

    t: Literal["recording_begun"] = "recording_begun"
    folder: Name


class Recorded(Happened):
    """A recording has stopped, and these files are whole."""

    t: Literal["recorded"] = "recorded"
    folder: Name
    tracks: Annotated[list[RecordedFile], Field(max_length=MOST_FILES)]


class RecordingFailed(Happened):
    """Nothing is recorded in this room any more; the call goes on. What was written before is in the folder, unfinished."""

    t: Literal["recording_failed"] = "recording_failed"
    folder: Name
    reason: Annotated[str, Field(max_length=32)]


class NotRecorded(HappenedToPeer):
    """What this peer sends there comes in a `codec` that a file does not hold; everything else is recorded."""

    t: Literal["not_recorded"] = "not_recorded"
    folder: Name
    source: Source
    codec: Annotated[str, Field(max_length=8)]


Recording = Record | PauseRecording | ResumeRecording | StopRecording
Command = OpenRoom | CloseRoom | Join | AnswerOffer | Leave | RestartIce | Watch | Recording
Event = Offer | Connected | Gone | Speaking | Quality | Load | RecordingBegun | Recorded | RecordingFailed | NotRecorded
Down = Greeting | Welcome | Done | Refused | Event
Up = Hello | Command
