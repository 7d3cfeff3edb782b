"""Somebody in a room who sends real pictures and sound, at the time that they are due, and remembers when that was."""

import random
from collections.abc import Callable
from fractions import Fraction
from struct import pack

import av

from server.core.clock import SystemClock
from server.media.rtcp import PictureLoss, SenderReport, read_compound, write_sender_report
from tests.live.media.app_side import Member
from tests.pure.media.net import rtp

PICTURES_S, SOUNDS_S = 20, 50
PIECE = 300  # bytes of a picture in one packet, so that every picture has several
EPOCH = 2_208_988_800  # seconds, from 1900 to 1970
CLOCK = SystemClock()


class Camera:
    """Encodes pictures as they are asked for; each differs from the one before."""

    def __init__(self, width: int = 128, height: int = 96) -> None:
        self._made = 0
        self._size = width, height
        self._codec = av.CodecContext.create("libvpx", "w")
        self._codec.width, self._codec.height = width, height
        self._codec.pix_fmt, self._codec.time_base, self._codec.bit_rate = "yuv420p", Fraction(1, PICTURES_S), 300_000
        self._codec.thread_count = 1
        self._codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "9999"}
        self._dice = random.Random(1)

    def picture(self, *, key: bool) -> bytes:
        frame = av.VideoFrame(*self._size, "yuv420p")
        for plane in frame.planes:
            plane.update((self._dice.randbytes(16) * (plane.buffer_size // 16 + 1))[: plane.buffer_size])
        frame.pts, frame.time_base = self._made, Fraction(1, PICTURES_S)
        frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        self._made += 1
        (packet,) = self._codec.encode(frame)
        return bytes(packet)


class Microphone:
    """Encodes 20 ms of noise at a time."""

    def __init__(self) -> None:
        self._made = 0
        self._codec = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate, self._codec.layout, self._codec.format = 48_000, "stereo", "s16"
        self._codec.open()
        self._dice = random.Random(2)
        self._ready: list[bytes] = []

    def sound(self) -> bytes:
        while not self._ready:
            frame = av.AudioFrame("s16", "stereo", 960)
            frame.planes[0].update(self._dice.randbytes(frame.planes[0].buffer_size))
            frame.pts, frame.sample_rate, frame.time_base = 960 * self._made, 48_000, Fraction(1, 48_000)
            self._made += 1
            self._ready += [bytes(packet) for packet in self._codec.encode(frame)]
        return self._ready.pop(0)


class Performer:
    """Sends as `camera` and `audio`. `pictures` and `sounds` are {payload: when it was sent}; their own clock is wrong by `wrong_s`.

    `bend(packet)` returns what becomes of a packet on its way: itself, nothing, or several.
    """

    def __init__(self, member: Member, *, wrong_s: float = 0.0, shows: bool = True, reports: bool = True) -> None:
        self.member = member
        self.pictures: dict[bytes, float] = {}
        self.sounds: dict[bytes, float] = {}
        self.keys: list[bytes] = []
        self.bend: Callable[[bytes], list[bytes]] = lambda packet: [packet]
        self.shows = shows
        self._wrong_s, self._reports = wrong_s, reports
        self._camera, self._microphone = Camera(), Microphone()
        self._began = CLOCK.monotonic()
        self._shown = self._said = 0
        self._dice = random.Random(member.name)
        self._sequences = {"camera": 65_500, "audio": 65_530}
        self._stamps = {"camera": self._dice.randrange(2**32), "audio": self._dice.randrange(2**32)}
        self._ssrcs = {"camera": self._dice.randrange(2**31), "audio": self._dice.randrange(2**31)}
        self._heard = 0
        self._wants_key = True
        self._reported = -1.0

    def play(self) -> None:
        """Send what is due by now."""
        elapsed = CLOCK.monotonic() - self._began
        while self._said / SOUNDS_S <= elapsed:
            self._say()
        while self._shown / PICTURES_S <= elapsed:
            if self.shows:
                self._show()
            self._shown += 1
        if self._reports and elapsed - self._reported >= 0.5:
            self._reported = elapsed
            self._report(elapsed)

    def _say(self) -> None:
        sound = self._microphone.sound()
        self.sounds[sound] = self._wall(self._said / SOUNDS_S)
        self._send("audio", 111, self._said * 960, sound, marker=False)
        self._said += 1

    def _show(self) -> None:
        asked = self.member.callers["publish"].rtcp[self._heard :]
        self._heard += len(asked)
        self._wants_key |= any(isinstance(one, PictureLoss) for packet in asked for one in read_compound(packet))
        picture = self._camera.picture(key=self._wants_key)
        if self._wants_key:
            self.keys.append(picture)
        self._wants_key = False
        self.pictures[picture] = self._wall(self._shown / PICTURES_S)
        number = pack("!H", 0x8000 | self._shown & 0x7FFF)
        for at in range(0, len(picture), PIECE):
            piece = bytes((0x90 if at == 0 else 0x80, 0x80)) + number + picture[at : at + PIECE]
            self._send("camera", 96, self._shown * 90_000 // PICTURES_S, piece, marker=at + PIECE >= len(picture))

    def _send(self, source: str, kind: int, elapsed: int, payload: bytes, *, marker: bool) -> None:
        packet = rtp(
            payload, kind=kind, ssrc=self._ssrcs[source], sequence=self._sequences[source], timestamp=self._stamps[source] + elapsed,
            marker=marker, mid=source.encode(),
        )  # fmt: skip
        self._sequences[source] += 1
        for one in self.bend(packet):
            self.member.callers["publish"].send_rtp(one)

    def _report(self, elapsed: float) -> None:
        ntp = int((self._wall(elapsed) + self._wrong_s + EPOCH) * 2**32)
        for source, hz in (("camera", 90_000), ("audio", 48_000)):
            shown = self._stamps[source] + int(elapsed * hz) & 0xFFFFFFFF
            self.member.callers["publish"].send_rtcp(write_sender_report(SenderReport(self._ssrcs[source], ntp, shown, 1, 1)))

    def _wall(self, elapsed: float) -> float:
        return CLOCK.now().timestamp() - CLOCK.monotonic() + self._began + elapsed
