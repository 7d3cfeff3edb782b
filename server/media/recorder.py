"""The process that writes one call's recording: reads the engine's records from standard input, answers on standard output.

It has a process of its own because it encrypts and waits for disks, and nobody's packet may wait for that. When the engine is gone without
a word, it writes down what it has and leaves the files without their end, because nobody will ever be told what they ended with.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from server.core.webm import Coding
from server.media import tape
from server.media.continuity import Instant
from server.media.depacketise import Frame, Pictures, Sound
from server.media.instep import SenderClock, SourceClock
from server.media.reel import Reel
from server.media_control import MOST_FILES, RecordedFile, Source

READ_BYTES = 1 << 18
WISH_S = 0.5  # between two wishes for a whole picture of one source
WHOLE_S = 10.0  # between two whole pictures: whoever seeks waits until all from the one before are decoded
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class TooMany(Exception):
    """More files than can be told on one line."""


class Feed:
    """One source: the packets of one encoding, out of which frames come. At `wished_at` a whole picture was asked for, or was to come; the
    last one came at `whole_at`.
    """

    def __init__(self, new: tape.NewSource, sender: SenderClock, at: float) -> None:
        self.peer, self.source = new.peer, new.source
        self.codec = cast("Coding", new.codec)
        self.frames = Sound() if new.codec == "opus" else Pictures(new.codec)
        self.clock = SourceClock(sender, new.clock_hz)
        self.wished_at = self.whole_at = at

    @property
    def picture(self) -> bool:
        return self.codec != "opus"


class Recorder:
    """Turns records into files. `tell` is told what the engine must know. Raises `OSError`, and `TooMany`."""

    def __init__(self, begin: tape.Begin, tell: Callable[[tape.Told], None]) -> None:
        self._folder, self._key, self._tell = Path(begin.folder), bytes.fromhex(begin.key), tell
        self._wall = begin.wall - begin.monotonic
        self._senders: dict[str, SenderClock] = {}
        self._feeds: dict[int, Feed] = {}
        self._reels: dict[tuple[str, bool], Reel] = {}
        self._whole: list[RecordedFile] = []
        self._names = 0
        self._at = begin.monotonic
        self._folder.mkdir(mode=0o700)

    def take(self, one: tape.Entry) -> None:
        """Do what a record says; one of a source that is gone is passed over."""
        feed, self._at = self._feeds.get(one.source), one.at
        match one.kind:
            case tape.PACKET if feed is not None:
                self._put(feed, feed.frames.put(one.body, one.at), one.at)
                self._wish(one.source, feed, one.at)
            case tape.INSTANT if feed is not None:
                feed.clock.reported(Instant(*tape.read_instant(one.body), one.at))
            case tape.SOURCE:
                self._learn(one.source, tape.NewSource.model_validate_json(one.body), one.at)
            case tape.TIME:
                self._due(one.at)
            case tape.PAUSE:
                self.finish(one.at)
            case tape.GONE:
                self._gone(one.body.decode(), one.at)

    def flush(self) -> None:
        """Write down what is gathered, without completing anything."""
        for feed in self._feeds.values():
            self._put(feed, feed.frames.due(float("inf")), self._at)
        for reel in self._reels.values():
            reel.due(float("inf"))

    def finish(self, at: float) -> list[RecordedFile]:
        """Complete every file, and return all that are complete; what comes later begins others."""
        self._cut(at)
        for key in list(self._reels):
            self._finish(key)
        return self._whole

    def _learn(self, number: int, new: tape.NewSource, at: float) -> None:
        """One peer's camera may come as another encoding from now on; what waits of the one before it is too late."""
        self._feeds = {known: feed for known, feed in self._feeds.items() if (feed.peer, feed.source) != (new.peer, new.source)}
        self._feeds[number] = Feed(new, self._senders.setdefault(new.peer, SenderClock()), at)

    def _put(self, feed: Feed, frames: list[Frame], at: float) -> None:
        for frame in frames:
            if frame.whole:
                feed.whole_at = at
            when = feed.clock.time_of(frame.timestamp, at) + self._wall
            self._reel(feed.peer, feed.source, feed.codec).put(feed.codec, when, frame, at + self._wall)

    def _wish(self, number: int, feed: Feed, at: float) -> None:
        stale = feed.picture and at - feed.whole_at >= WHOLE_S
        if (feed.frames.wants_picture or stale) and at - feed.wished_at >= WISH_S:
            feed.wished_at = at
            self._tell(tape.WantPicture(source=number))

    def _reel(self, peer: str, source: Source, codec: Coding) -> Reel:
        key = (peer, source == "screen")
        reel = self._reels.get(key)
        if reel is not None and not reel.takes(codec):
            self._finish(key)
            reel = None
        if reel is None:
            if self._names == MOST_FILES:
                raise TooMany
            self._names += 1
            reel = self._reels[key] = Reel(self._folder, f"{peer}.{self._names}.box", peer, self._key, alone=source == "screen")
        return reel

    def _due(self, at: float) -> None:
        for feed in self._feeds.values():
            self._put(feed, feed.frames.due(at), at)
        for reel in self._reels.values():
            reel.due(at + self._wall)

    def _cut(self, at: float) -> None:
        """Take what still waits for its turn as it is, and begin every source anew."""
        for feed in self._feeds.values():
            self._put(feed, feed.frames.due(float("inf")), at)
        self._feeds.clear()

    def _gone(self, peer: str, at: float) -> None:
        for number, feed in list(self._feeds.items()):
            if feed.peer == peer:
                self._put(feed, feed.frames.due(float("inf")), at)
                del self._feeds[number]
        self._senders.pop(peer, None)
        for key in [key for key in self._reels if key[0] == peer]:
            self._finish(key)

    def _finish(self, key: tuple[str, bool]) -> None:
        whole = self._reels.pop(key).finish()
        if whole is not None:
            self._whole.append(whole)


def run(read: Callable[[], bytes], tell: Callable[[tape.Told], None]) -> None:
    """Record until the tape says so, or ends. What goes wrong is told, and ends it, too."""
    try:
        _record(read, tell)
    except FileExistsError:
        tell(tape.Failed(reason="folder"))
    except TooMany:
        tell(tape.Failed(reason="files"))
    except OSError as error:
        tell(tape.Failed(reason="full" if error.errno in FULL else "disk"))


def _record(read: Callable[[], bytes], tell: Callable[[tape.Told], None]) -> None:
    cut, recorder = tape.Tape(), None
    while data := read():
        for one in cut.feed(data):
            if recorder is None:
                recorder = Recorder(tape.Begin.model_validate_json(one.body), tell)
            elif one.kind == tape.STOP:
                tell(tape.Whole(tracks=recorder.finish(one.at)))
                return
            else:
                recorder.take(one)
    if recorder is not None:
        recorder.flush()


def main() -> None:
    """It ends when the engine does, or says so: signals to all of its group are not for it."""
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    run(lambda: os.read(0, READ_BYTES), _tell)


def _tell(told: tape.Told) -> None:
    os.write(sys.stdout.fileno(), told.model_dump_json().encode() + b"\n")


if __name__ == "__main__":
    main()
