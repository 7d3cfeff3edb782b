"""An hour of a call, as the recorder writes it, laid beside a running server: real pictures and sound, which repeat every ten seconds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import anyio
import av
from sqlalchemy import select

from server.adapters.memory_bus import MemoryBus
from server.consultation.model import Participant, Role
from server.core.clock import SystemClock
from server.core.db import Database, Events
from server.core.keyring import load_keyring
from server.media.depacketise import Frame
from server.media.reel import Reel
from server.media_control import RecordedFile
from tests.cast import Meeting
from tests.live.media.performer import Camera
from tests.site import Booked, Site
from tests.tapes import begin_call, end_call

HOUR_S = 3600
PICTURES_S = 4
LOOP_S = 10
SIZE = 320, 240


def sounds() -> list[bytes]:
    """Ten seconds of a tone, 20 ms each."""
    codec = cast("av.AudioCodecContext", av.CodecContext.create("libopus", "w"))
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = 48_000, "stereo", "s16", 16_000
    made: list[bytes] = []
    for number in range(LOOP_S * 50 + 5):
        frame = av.AudioFrame("s16", "stereo", 960)
        frame.planes[0].update(bytes((number * 7 % 200, 1)) * 1920)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 960 * number, Fraction(1, 48_000)
        made += [bytes(packet) for packet in codec.encode(frame)]
    return made[: LOOP_S * 50]


def frames() -> Iterator[tuple[float, str, Frame]]:
    """Yield second, codec and frame, in the order of their times."""
    camera = Camera(*SIZE)
    pictures = [camera.picture(key=number == 0) for number in range(LOOP_S * PICTURES_S)]
    tone = sounds()
    for tick in range(HOUR_S * 50 + 5):
        at = tick / 50
        yield at, "opus", Frame(0, whole=True, payload=tone[tick % len(tone)])
        if tick * PICTURES_S % 50 < PICTURES_S:
            number = int(at * PICTURES_S) % len(pictures)
            yield at, "VP8", Frame(0, number == 0, pictures[number], *(SIZE if number == 0 else (0, 0)))


def write(folder: Path, peer: str, key: bytes, begun: float) -> RecordedFile:
    folder.mkdir(parents=True)
    reel = Reel(folder, f"{peer}.1.box", peer, key, alone=False)
    for at, codec, frame in frames():
        reel.put(cast("Any", codec), begun + at, frame, begun + at)
    whole = reel.finish()
    assert whole is not None
    return whole


def lay_an_hour(site: Site, booked: Booked) -> str:
    """Store it for this consultation; returns the recording's page. It runs a loop of its own, because a test may have one."""
    data = Path(site.server.settings["DATA_DIR"])

    async def lay() -> str:
        database = Database(site.server.settings["DATABASE_URL"], MemoryBus(), Events())
        settings = SimpleNamespace(recordings_dir=data / "recordings")
        house: Any = SimpleNamespace(database=database, clock=SystemClock(), keyring=load_keyring(data), settings=settings)
        async with database.read() as tx:
            mine = (Participant.consultation_id == UUID(booked.id)) & (Participant.role == Role.PATIENT)
            patient = (await tx.scalars(select(Participant.id).where(mine))).one()
        meeting = cast("Meeting", SimpleNamespace(consultation_id=UUID(booked.id), participant_id=patient))
        recording, key, alice = await begin_call(house, meeting)
        peer = str(uuid4())
        track = write(settings.recordings_dir / recording.folder, peer, key, recording.began_at.timestamp())
        await end_call(house, recording, alice, [track], {peer: patient})
        await database.close()
        return f"/recordings/{recording.id}"

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, lay).result()
