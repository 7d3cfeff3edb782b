"""What is to be recorded of a call, whichever of the engine's rooms the call is in: each room writes into a folder of its own.

A room in which something was recorded is closed only once the engine has said what became of that, or has had time enough to say it.
"""

from collections import deque
from dataclasses import dataclass

from server.media_control import Event, PauseRecording, Record, Recorded, RecordingFailed, ResumeRecording, StopRecording
from server.ports import MediaRoom

COMPLETES_WITHIN_S = 25.0  # for an engine to complete the files of a recording that was stopped


@dataclass(slots=True)
class Reel:
    """What one room of the engine writes; `stopped_at` once it was told to stop. A `parted` room is closed when its files are whole."""

    room: MediaRoom
    stopped_at: float | None = None
    parted: bool = False


class Deck:
    """Says to the engine's rooms what the call wants, as soon as there is one. `told` holds what the engine has said of it."""

    def __init__(self) -> None:
        self.told: deque[Recorded | RecordingFailed] = deque()
        self._folder: str | None = None
        self._key = ""
        self._paused = False
        self._count = 0
        self._room: MediaRoom | None = None
        self._reels: list[Reel] = []

    @property
    def busy(self) -> bool:
        """Whether the call must stay on the engine."""
        return self._folder is not None or any(not reel.parted for reel in self._reels)

    def record(self, folder: str, key: bytes) -> None:
        """Record from now on, or from when there is a room; further rooms write into `folder-1`, `folder-2` and so on."""
        self._folder, self._key, self._paused, self._count = folder, key.hex(), False, 0
        self._begin()

    def pause(self) -> None:
        self._paused = True
        self._do(PauseRecording)

    def resume(self) -> None:
        self._paused = False
        self._do(ResumeRecording)

    def stop(self, now: float) -> None:
        """End it in every room."""
        self._folder = None
        for reel in self._reels:
            self._stop(reel, now)

    def enter(self, room: MediaRoom, now: float) -> None:
        """The call is in another room from now on."""
        for reel in self._reels:
            self._stop(reel, now)
        self._room = room
        self._begin()

    def part(self, room: MediaRoom, now: float) -> None:
        """Close a room that the call needs no more, at once or once its files are whole."""
        if room is self._room:
            self._room = None
        reel = self._of(room)
        if reel is None:
            room.close()
            return
        self._stop(reel, now)
        reel.parted = True

    def hear(self, room: MediaRoom | None, event: Event | None) -> None:
        """Take what the engine says of a room, None for one that is lost with what was not complete."""
        reel = None if room is None else self._of(room)
        if isinstance(event, Recorded | RecordingFailed):
            if isinstance(event, Recorded) or (reel is not None and reel.stopped_at is None):
                self.told.append(event)
            self._forget(reel)
        elif event is None and reel is not None:
            self._reels.remove(reel)

    def tick(self, now: float) -> None:
        """Wait no longer for an engine that does not say what became of a recording."""
        for reel in [reel for reel in self._reels if reel.stopped_at is not None and now - reel.stopped_at >= COMPLETES_WITHIN_S]:
            self._forget(reel)

    def close(self) -> None:
        """Close what was only kept for its files; the engine completes them all the same."""
        for reel in [reel for reel in self._reels if reel.parted]:
            self._forget(reel)

    def _begin(self) -> None:
        if self._folder is None or self._room is None:
            return
        self._room.do(Record, folder=self._folder if self._count == 0 else f"{self._folder}-{self._count}", key=self._key)
        self._count += 1
        self._reels.append(Reel(self._room))
        if self._paused:
            self._room.do(PauseRecording)

    def _do(self, kind: type[PauseRecording | ResumeRecording]) -> None:
        for reel in self._reels:
            if reel.stopped_at is None:
                reel.room.do(kind)

    def _stop(self, reel: Reel, now: float) -> None:
        if reel.stopped_at is None:
            reel.stopped_at = now
            reel.room.do(StopRecording)

    def _of(self, room: MediaRoom) -> Reel | None:
        return next((reel for reel in self._reels if reel.room is room), None)

    def _forget(self, reel: Reel | None) -> None:
        if reel is not None:
            self._reels.remove(reel)
            if reel.parted:
                reel.room.close()
