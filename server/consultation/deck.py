"""What is to be recorded of a call, whichever of the engine's rooms the call is in: each room writes into a folder of its own.

A room in which something was recorded is closed only once the engine has said what became of that, or has had time enough to say it.
A recorder that dies is followed by another one in the same room; one that dies again and again ends the recording.
"""

from collections import deque
from dataclasses import dataclass

from server.media_control import (
    Event,
    NotRecorded,
    PauseRecording,
    Record,
    Recorded,
    RecordingBegun,
    RecordingFailed,
    ResumeRecording,
    StopRecording,
)
from server.ports import MediaRoom

COMPLETES_WITHIN_S = 25.0  # for an engine to complete the files of a recording that was stopped
AGAIN_S = 2.0  # before another recorder follows one that died
LASTED_S = 30.0  # of writing, after which the failures before it count no more
MOST_FAILURES = 3  # one after the other; then it has ended
HOPELESS = frozenset({"no_recordings"})  # reasons that another recorder would have, too

Told = Recorded | RecordingFailed | NotRecorded


@dataclass(slots=True)
class Reel:
    """What one room of the engine is to write into `folder`, and does once it says so; `stopped_at` once it was told to stop. A `parted`
    room is closed when its files are whole.
    """

    room: MediaRoom
    folder: str
    begun_at: float
    writes: bool = False
    stopped_at: float | None = None
    parted: bool = False


class Deck:
    """Says to the engine's rooms what the call wants, as soon as there is one. `told` holds what the engine has said of it."""

    def __init__(self) -> None:
        self.told: deque[Told] = deque()
        self._folder: str | None = None
        self._key = ""
        self._paused = False
        self._count = 0
        self._failures = 0
        self._again_at = 0.0
        self._room: MediaRoom | None = None
        self._lacks: MediaRoom | None = None  # a room that the call may still be in, and whose recorder died
        self._reels: list[Reel] = []

    @property
    def busy(self) -> bool:
        """Whether the call must stay on the engine."""
        return self._folder is not None or any(not reel.parted for reel in self._reels)

    @property
    def writes(self) -> bool:
        """Whether a recorder is at work where the call is, and where it still is while it changes, or only paused."""
        return self._lacks is None and any(reel.writes and reel.stopped_at is None for reel in self._reels)

    def record(self, folder: str, key: bytes, now: float, count: int = 0) -> None:
        """Record from now on, or from when there is a room; further recorders write into `folder-1`, `folder-2` and so on.

        `count` is where that begins for a recording that goes on: no earlier process may have come so far. One that was paused before
        begins so.
        """
        self._folder, self._key, self._count = folder, key.hex(), count
        self._failures, self._again_at = 0, now
        self._begin(now)

    def pause(self) -> None:
        self._paused = True
        self._do(PauseRecording)

    def resume(self) -> None:
        self._paused = False
        self._do(ResumeRecording)

    def stop(self, now: float) -> None:
        """End it in every room."""
        self._folder, self._paused = None, False
        for reel in self._reels:
            self._stop(reel, now)

    def enter(self, room: MediaRoom, now: float) -> None:
        """The call changes to another room. The one before is recorded until the call needs it no more: nothing is lost in between."""
        self._room = room
        self._begin(now)

    def part(self, room: MediaRoom, now: float) -> None:
        """Close a room that the call needs no more, at once or once its files are whole."""
        if room is self._room:
            self._room = None
        if room is self._lacks:
            self._lacks = None
        reels = [reel for reel in self._reels if reel.room is room]
        for reel in reels:
            self._stop(reel, now)
            reel.parted = True
        if not reels:
            room.close()

    def hear(self, room: MediaRoom | None, event: Event | None, now: float) -> None:
        """Take what the engine says of a room, None for one that is lost with what was not complete."""
        match event:
            case NotRecorded():
                self.told.append(event)
            case RecordingBegun() if (reel := self._of(room, event.folder)) is not None:
                reel.writes = True
            case Recorded():
                self.told.append(event)
                self._forget(self._of(room, event.folder))
            case RecordingFailed():
                self._fail(self._of(room, event.folder), event, now)
            case None:
                self._reels = [reel for reel in self._reels if reel.room is not room]
                self._room = None if room is self._room else self._room
                self._lacks = None if room is self._lacks else self._lacks

    def tick(self, now: float) -> None:
        """Let another recorder follow one that died, and wait no longer for one that does not say what became of it."""
        for reel in [reel for reel in self._reels if reel.stopped_at is not None and now - reel.stopped_at >= COMPLETES_WITHIN_S]:
            self._forget(reel)
        if self._reel_here() is None and now >= self._again_at:
            self._begin(now)

    def close(self) -> None:
        """Close what was only kept for its files; the engine completes them all the same."""
        for reel in [reel for reel in self._reels if reel.parted]:
            self._forget(reel)

    def _fail(self, reel: Reel | None, event: RecordingFailed, now: float) -> None:
        """What fails while it stops, or where the call no longer is, has stopped; what fails while it writes is tried again, unless that is
        of no use.
        """
        self._forget(reel)
        if reel is None or reel.stopped_at is not None:
            return
        if reel.room is not self._room:
            self._lacks = reel.room
            return
        self._failures = 1 if now - reel.begun_at >= LASTED_S else self._failures + 1
        self._again_at = now + AGAIN_S
        if self._failures >= MOST_FAILURES or event.reason in HOPELESS:
            self.told.append(event)

    def _begin(self, now: float) -> None:
        if self._folder is None or self._room is None:
            return
        folder = self._folder if self._count == 0 else f"{self._folder}-{self._count}"
        self._count += 1
        self._reels.append(Reel(self._room, folder, now))
        self._room.do(Record, folder=folder, key=self._key, paused=self._paused)

    def _do(self, kind: type[PauseRecording | ResumeRecording]) -> None:
        for reel in self._reels:
            if reel.stopped_at is None:
                reel.room.do(kind)

    def _stop(self, reel: Reel, now: float) -> None:
        if reel.stopped_at is None:
            reel.stopped_at = now
            reel.room.do(StopRecording)

    def _reel_here(self) -> Reel | None:
        return next((reel for reel in self._reels if reel.room is self._room and reel.stopped_at is None), None)

    def _of(self, room: MediaRoom | None, folder: str) -> Reel | None:
        return next((reel for reel in self._reels if reel.room is room and reel.folder == folder), None)

    def _forget(self, reel: Reel | None) -> None:
        if reel is not None:
            self._reels.remove(reel)
            if reel.parted and all(other.room is not reel.room for other in self._reels):
                reel.room.close()
