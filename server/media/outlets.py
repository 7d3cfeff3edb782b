"""Which track stands on which line of a subscriber's connection. Pure: the caller makes the SSRCs."""

from typing import NamedTuple

from server.errors import Overloaded
from server.media.codecs import KIND_OF, Kind
from server.media.sdp import Outlet
from server.media_control import MOST_LINES, Source


class Track(NamedTuple):
    """One thing that one peer sends."""

    publisher: str
    source: Source


class Outlets:
    """The lines of one subscriber, in the order of its offers. A line keeps its place and its mid; only what stands on it changes."""

    def __init__(self, video: tuple[str, ...]) -> None:
        self._codecs = {"audio": ("opus",), "video": video}
        self._lines: list[Outlet] = []
        self._tracks: dict[Track, int] = {}

    @property
    def lines(self) -> list[Outlet]:
        return self._lines

    @property
    def tracks(self) -> dict[str, Track]:
        """The mid of each line that somebody's track stands on."""
        return {self._lines[at].mid: track for track, at in self._tracks.items()}

    def line_of(self, track: Track) -> Outlet | None:
        at = self._tracks.get(track)
        return None if at is None else self._lines[at]

    def put(self, track: Track, ssrc: int, rtx_ssrc: int) -> None:
        """Give the track a line: a free one of its kind, else a new one. Raises `Overloaded` when there are as many as may be.

        A line that is used again has SSRCs of its own again: what is late of the one before cannot be taken for the one after.
        """
        at = self._free(track)
        line = self._lines[at]
        self._lines[at] = line._replace(ssrc=ssrc, rtx_ssrc=rtx_ssrc, stream=track.publisher, track=track.source)
        self._tracks[track] = at

    def take(self, track: Track) -> None:
        """Free the track's line, if it has one."""
        at = self._tracks.pop(track, None)
        if at is not None:
            line = self._lines[at]
            self._lines[at] = Outlet(line.mid, line.kind, line.codecs)

    def _free(self, track: Track) -> int:
        kind, used = KIND_OF[track.source], set(self._tracks.values())
        free = [at for at, line in enumerate(self._lines) if line.kind == kind and at not in used]
        return free[0] if free else self._more(kind)

    def _more(self, kind: Kind) -> int:
        at = len(self._lines)
        if at == MOST_LINES:
            raise Overloaded(code="room_lines")
        self._lines.append(Outlet(str(at), kind, self._codecs[kind]))
        return at
