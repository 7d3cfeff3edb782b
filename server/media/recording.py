"""A recording, as the engine sees it: taps on what is sent, and a pipe to the process that writes.

A tap takes its place among those who are sent a layer, so a call that is not recorded has nothing to ask on the way of a packet. It only
keeps a copy; all copies go into the pipe at the next tick. A pipe that is full ends the recording, never the call.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from server.core.supervise import Supervisor
from server.errors import Overloaded
from server.media import tape
from server.media.continuity import Instant
from server.media.depacketise import RECORDABLE
from server.media.layer import Layer
from server.media.outlets import Track as Place
from server.media.payloads import Vp8
from server.media.publisher import Track
from server.media.rtp import Header
from server.media.run import Run
from server.media_control import LONGEST_LINE, Event, NotRecorded, Record, Recorded, RecordingBegun, RecordingFailed
from server.ports import Clock

log = structlog.get_logger(__name__)

MOST_WAITING = 16 << 20  # bytes that a recorder has not read: ten seconds of a full room; with more the recording has failed
MOST_RECORDINGS = 64  # of one engine; a further one is refused
LAYER_HELD_S = 2.0  # before a tap changes to a better layer
WRITING_S = 20.0  # for a recorder to complete its files once it was told to stop


class Recordings:
    """Where recordings go, and those that run or are being completed. `folder` is the parent of theirs."""

    def __init__(self, supervisor: Supervisor, clock: Clock, folder: Path) -> None:
        self._supervisor, self._clock, self._folder = supervisor, clock, folder
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, asked: Record, tell: Callable[[Event], None]) -> "Recording":
        """Start a recorder; what becomes of it is told later. Raises `Overloaded`."""
        if len(self._running) >= MOST_RECORDINGS:
            raise Overloaded(code="recordings")
        now = self._clock.monotonic()
        begin = tape.Begin(folder=str(self._folder / asked.folder), key=asked.key, wall=self._clock.now().timestamp(), monotonic=now)
        recording = Recording(asked, begin, tell)
        task = self._supervisor.spawn(recording.run(), name="media recording", on_crash=lambda _: recording.fail("crashed"))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return recording

    async def ended(self, seconds: float) -> None:
        """Wait until all that were stopped are complete, at most so long."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)


class Tap:
    """One track on its way to the recorder: the best of its layers, from a whole picture on."""

    outgoing = None

    def __init__(self, recording: "Recording", place: Place, track: Track) -> None:
        self.track = track
        self._recording, self._place = recording, place
        self._layer: Layer | None = None
        self._target: Layer | None = None
        self._told: Instant | None = None
        self._number = 0
        self._since = 0.0
        track.takers.append(self)

    def tick(self, now: float) -> None:
        """Aim at the best layer that is sent, and tell the recorder the sender's last report."""
        best = max((rank for rank, layer in self.track.layers.items() if not layer.is_silent(now)), default=None)
        if best is not None and self.track.layers[best] is not self._target and (self._target is None or now - self._since > LAYER_HELD_S):
            self._aim(self.track.layers[best], now)
        layer = self._layer
        if layer is not None and layer.instant is not None and layer.instant is not self._told:
            self._told = layer.instant
            self._recording.put(tape.instant(self._number, now, layer.instant.ntp, layer.instant.timestamp))

    def begin(self, layer: Layer, header: Header, vp8: Vp8 | None, now: float) -> None:
        """Here is the whole picture that was waited for."""
        del header, vp8
        self._leave()
        if layer.codec.name not in RECORDABLE:
            self._recording.miss(self._place, layer)
            return
        self._layer, self._told = layer, None
        layer.join(self)
        self._number = self._recording.new_source(self._place, layer, now)

    def forward(self, run: Run, now: float) -> None:
        """Keep copies."""
        for packet in run.packets:
            self._recording.put(tape.entry(tape.PACKET, self._number, now, packet.data[: packet.size]))

    def replaced(self, old: Layer, new: Layer, now: float) -> None:
        """The browser sends a layer under another SSRC from now on."""
        if self._target is old:
            self._aim(new, now)

    def renew(self, number: int, now: float) -> None:
        """Ask for a whole picture, if this is still what that source is."""
        if self._layer is not None and self._number == number:
            self._layer.ask(now)

    def end(self) -> None:
        """Take no more packets."""
        self._stop_waiting()
        self._leave()
        self.track.takers.remove(self)

    def _aim(self, layer: Layer, now: float) -> None:
        self._stop_waiting()
        self._target, self._since = layer, now
        if layer is not self._layer:
            layer.wait(self, now)

    def _stop_waiting(self) -> None:
        if self._target is not None:
            self._target.wait_no_more(self)
        self._target = None

    def _leave(self) -> None:
        if self._layer is not None:
            self._layer.leave(self)
            self._layer = None


class Recording:
    """One call's recording. `tick` it with what everybody sends; `pause`, `resume` and `stop` it."""

    def __init__(self, asked: Record, begin: tape.Begin, tell: Callable[[Event], None]) -> None:
        self.ended = False
        self.paused = asked.paused
        self._room, self._folder, self._tell = asked.room, asked.folder, tell
        self._taps: dict[Place, Tap] = {}
        self._missed: set[Place] = set()
        self._sources = 0
        self._waiting = [tape.entry(tape.BEGIN, 0, begin.monotonic, begin.model_dump_json().encode())]
        self._bytes = 0
        self._at = begin.monotonic
        self._wishes: list[int] = []
        self._process: Process | None = None
        self._given_up = False
        self._patience: asyncio.Timeout | None = None

    def put(self, record: bytes) -> None:
        """Keep a record for the pipe."""
        self._waiting.append(record)
        self._bytes += len(record)

    def new_source(self, place: Place, layer: Layer, now: float) -> int:
        """Tell the recorder of a source, and return the number that its packets are to have."""
        self._sources += 1
        new = tape.NewSource(peer=place.publisher, source=place.source, codec=layer.codec.name, clock_hz=layer.codec.clock_hz)
        self.put(tape.entry(tape.SOURCE, self._sources, now, new.model_dump_json().encode()))
        return self._sources

    def miss(self, place: Place, layer: Layer) -> None:
        """Tell, once, that this is left out: a file does not hold its codec."""
        if place not in self._missed:
            self._missed.add(place)
            codec = layer.codec.name
            self._tell(NotRecorded(room=self._room, folder=self._folder, peer=place.publisher, source=place.source, codec=codec))

    def tick(self, sent: Mapping[Place, Track], now: float) -> None:
        """Tap what is sent now, and hand on what was kept since the last time."""
        self._at = now
        if self.ended:
            return
        self._follow({} if self.paused else sent, now)
        for number in self._wishes:
            for tap in self._taps.values():
                tap.renew(number, now)
        self._wishes.clear()
        self.put(tape.entry(tape.TIME, 0, now))
        self._write()

    def pause(self) -> None:
        """Record nothing from this moment on."""
        if not self.paused:
            self.paused = True
            self._end_taps()
            self.put(tape.entry(tape.PAUSE, 0, self._at))

    def resume(self) -> None:
        self.paused = False

    def stop(self) -> None:
        """Complete the files; `Recorded` is told when that is done."""
        if not self.ended:
            self.ended = True
            self._end_taps()
            self.put(tape.entry(tape.STOP, 0, self._at))
            self._write()
            self._hurry()

    def fail(self, reason: str) -> None:
        """Give up: nothing more is written, and the application is told, once."""
        self.ended = self._given_up = True
        self._tell_once(RecordingFailed(room=self._room, folder=self._folder, reason=reason))
        self._waiting.clear()
        self._kill()
        self._end_taps()

    async def run(self) -> None:
        """Start the recorder, and hear it until it has ended."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.media.recorder", stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE
        )
        try:
            async with asyncio.timeout(None) as self._patience:
                self._begin()
                await self._hear(self._process)
        except (TimeoutError, ValueError, OSError):
            self.fail("recorder")
        finally:
            self._kill()
            await self._process.wait()

    def _begin(self) -> None:
        """Do what was to be done while there was no process yet."""
        if self._given_up:
            self._kill()
        else:
            self._tell(RecordingBegun(room=self._room, folder=self._folder))
        self._write()
        if self.ended:
            self._hurry()

    def _hurry(self) -> None:
        """From now on the recorder has a moment to complete its files."""
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + WRITING_S)

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _hear(self, process: Process) -> None:
        """Raises `ValueError` for a line that is none, and `OSError` when nothing was told at the end."""
        while line := await _output(process).readline():
            match tape.read_told(line):
                case tape.WantPicture() as wish:
                    self._wishes.append(wish.source)
                case tape.Whole() as whole:
                    self._tell_once(Recorded(room=self._room, folder=self._folder, tracks=whole.tracks))
                    return
                case tape.Failed() as failed:
                    self.fail(failed.reason)
                    return
        raise ConnectionError

    def _follow(self, sent: Mapping[Place, Track], now: float) -> None:
        """Tap new tracks, let go of those that are gone, and end the files of peers of whom nothing is left."""
        peers = {place.publisher for place in self._taps}
        for place, tap in list(self._taps.items()):
            if sent.get(place) is not tap.track:
                self._taps.pop(place).end()
        for place, track in sent.items():
            if place not in self._taps:
                self._taps[place] = Tap(self, place, track)
            self._taps[place].tick(now)
        for peer in peers - {place.publisher for place in self._taps}:
            self.put(tape.entry(tape.GONE, 0, now, peer.encode()))

    def _end_taps(self) -> None:
        for tap in self._taps.values():
            tap.end()
        self._taps.clear()

    def _write(self) -> None:
        """Hand on what was kept. The pipe takes it all at once or later; what it has not taken is bounded."""
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(b"".join(self._waiting))
            self._waiting.clear()
            self._bytes = 0
        unread = process.stdin.transport.get_write_buffer_size() if process is not None and process.stdin is not None else 0
        if self._bytes + unread > MOST_WAITING:
            self.fail("slow")

    def _tell_once(self, event: Recorded | RecordingFailed) -> None:
        tell, self._tell = self._tell, _nobody
        tell(event)


def _output(process: Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise ConnectionError
    return process.stdout


def _nobody(event: Event) -> None:
    del event
