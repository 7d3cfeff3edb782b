"""What stands in a recorded file: opened, its frames with their times, decoded from the first to the last."""

import io
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import av

from server.core.strongbox import Found, Reader

KEY = bytes(range(32))


class Played(NamedTuple):
    """{payload: when it was, in seconds of Unix} of pictures and sounds, and how many of each could be decoded."""

    found: Found
    begun: float
    pictures: dict[bytes, float]
    sounds: dict[bytes, float]
    shown: int
    heard: int

    @property
    def seconds(self) -> float:
        times = [*self.pictures.values(), *self.sounds.values()]
        return max(times) - min(times)


def play(path: Path) -> Played:
    """Verify and decode a file to its end; raises what the decoder raises."""
    with path.open("rb") as file:
        reader = Reader(file, path.name, KEY)
        found = reader.verify()
        clear = reader.read(0, reader.size)
    with av.open(io.BytesIO(clear)) as container:
        begun = datetime.fromisoformat(container.metadata["creation_time"]).timestamp()
        frames: dict[str, dict[bytes, float]] = {"video": {}, "audio": {}}
        decoded = {"video": 0, "audio": 0}
        for packet in container.demux():
            kind = packet.stream.type
            if packet.size and packet.pts is not None:
                frames[kind][bytes(packet)] = begun + float(packet.pts * packet.time_base)
            decoded[kind] += len(packet.decode())
    return Played(found, begun, frames["video"], frames["audio"], decoded["video"], decoded["audio"])
