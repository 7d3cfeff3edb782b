"""Files of which no engine has told are taken in: given an end and an index, and left alone while somebody writes them."""

import fcntl
import io
import os
from pathlib import Path
from uuid import UUID, uuid4

import av
import pytest
from sqlalchemy import select

from server.consultation.recorded import Recording, RecordingTrack
from server.consultation.recording import stop
from server.consultation.recording_actions import TAKE_IN, end
from server.consultation.recording_rescue import rescue, take_in_with
from server.consultation.recording_stretches import note_owners
from server.core.house import House
from server.core.outbox import Errand
from server.core.strongbox import Reader
from server.core.webm_index import CUES
from server.errors import Overloaded
from server.media.depacketise import Frame
from server.media.reel import Reel
from server.notes.recording_files import Film, read_piece
from tests.cast import Meeting
from tests.conftest import StillClock
from tests.tapes import begin_call

pytestmark = [pytest.mark.anyio, pytest.mark.row("V8")]

SECONDS = 30


class Tape:
    """A recording whose recorder was killed in the middle of a piece."""

    def __init__(self, house: House, recording: Recording, key: bytes, by: UUID) -> None:
        self.recording, self.key, self.by = recording, key, by
        self.peer = str(uuid4())
        self.folder = house.settings.recordings_dir / recording.folder
        self.folder.mkdir(parents=True)
        self.begun = recording.began_at.timestamp()

    @property
    def path(self) -> Path:
        return self.folder / f"{self.peer}.1.box"

    def write(self) -> Reel:
        reel = Reel(self.folder, self.path.name, self.peer, self.key, alone=True)
        for second in range(SECONDS):
            at = self.begun + second
            reel.put("opus", at, Frame(0, whole=True, payload=b"\xfc" + bytes(50)), at)
        return reel

    def die(self, reel: Reel) -> None:
        """As the kernel does it for a process that is killed."""
        assert reel._file is not None
        fcntl.flock(reel._file._file, fcntl.LOCK_UN)
        with self.path.open("ab") as file:
            file.write(b"\x00\x00\x40")


@pytest.fixture
async def cut(house: House, meeting: Meeting) -> Tape:
    recording, key, alice = await begin_call(house, meeting)
    cut = Tape(house, recording, key, alice)
    async with house.database.write() as tx:
        await note_owners(tx, recording.id, {cut.peer: meeting.participant_id})
    return cut


async def stored(house: House, cut: Tape) -> tuple[str, list[RecordingTrack]]:
    async with house.database.read() as tx:
        recording = await tx.get_one(Recording, cut.recording.id)
        return recording.state, list(await tx.scalars(select(RecordingTrack).where(RecordingTrack.recording_id == recording.id)))


async def test_a_file_without_an_end_is_given_one_and_is_its_persons(house: House, cut: Tape, meeting: Meeting, clock: StillClock) -> None:
    cut.die(cut.write())
    clock.advance(60)
    await rescue(house, clock.now())
    state, [track] = await stored(house, cut)
    assert (state, track.participant_id) == ("kept", meeting.participant_id)
    assert (track.begun_at.timestamp(), track.ended_at.timestamp()) == pytest.approx((cut.begun, cut.begun + SECONDS - 2), abs=0.01)
    with cut.path.open("rb") as file:
        reader = Reader(file, cut.path.name, cut.key)
        assert reader.verify(track.head.hex()).finished
    film = Film(cut.path, cut.path.name, cut.key, track.head, SECONDS - 1)
    served = read_piece(film, None).content
    assert CUES in served[:200]
    with av.open(io.BytesIO(served)) as container:
        container.seek(20 * av.time_base)
        first = next(packet for packet in container.demux() if packet.size)
        assert float(first.pts * first.time_base) == pytest.approx(20, abs=2.1)


@pytest.mark.parametrize("harm", ["zeros", "half", "torn"])
async def test_a_loss_of_power_costs_the_last_piece_alone(house: House, cut: Tape, clock: StillClock, harm: str) -> None:
    """The last piece may be zeros, as some file systems leave it, begin with them, or have its length and not all of its bytes."""
    reel = cut.write()
    assert reel._file is not None
    fcntl.flock(reel._file._file, fcntl.LOCK_UN)
    with cut.path.open("r+b") as file:
        whole = Reader(file, cut.path.name, cut.key)
        file.seek(-20, os.SEEK_END) if harm == "torn" else file.seek(0, os.SEEK_END)
        file.write({"torn": bytes(20), "zeros": bytes(3000), "half": bytes(2000) + b"a later block"}[harm])
    clock.advance(60)
    await rescue(house, clock.now())
    state, [track] = await stored(house, cut)
    assert state == "kept"
    with cut.path.open("rb") as file:
        reader = Reader(file, cut.path.name, cut.key)
        assert reader.verify(track.head.hex()).finished
    assert reader.chunks == whole.chunks + (harm != "torn")  # the index is the last one


async def test_what_was_changed_before_the_end_is_left_as_it_is(house: House, cut: Tape, clock: StillClock) -> None:
    cut.die(cut.write())
    raw = bytearray(cut.path.read_bytes())
    raw[len(raw) // 2] ^= 1
    cut.path.write_bytes(raw)
    clock.advance(60)
    await rescue(house, clock.now())
    assert await stored(house, cut) == ("failed", [])
    assert cut.path.read_bytes() == raw


async def test_what_is_still_written_is_left_alone_and_looked_at_again(house: House, cut: Tape, clock: StillClock) -> None:
    reel = cut.write()
    async with house.database.write() as tx:
        await end(tx, cut.recording.id, stop(cut.by), clock.now())
    before = cut.path.read_bytes()
    take_in = take_in_with(house)
    with pytest.raises(Overloaded):
        await take_in(cut.recording.id)
    assert cut.path.read_bytes() == before
    assert await stored(house, cut) == ("recording", [])
    cut.die(reel)
    await take_in(cut.recording.id)
    await take_in(cut.recording.id)
    state, tracks = await stored(house, cut)
    assert (state, len(tracks)) == ("kept", 1)


async def test_the_end_asks_for_it_and_what_holds_nothing_has_failed(house: House, cut: Tape, clock: StillClock) -> None:
    async with house.database.write() as tx:
        await end(tx, cut.recording.id, stop(cut.by), clock.now())
    async with house.database.read() as tx:
        [errand] = await tx.scalars(select(Errand).where(Errand.kind == TAKE_IN))
    assert (errand.subject_id, errand.run_at > clock.now()) == (cut.recording.id, True)
    await take_in_with(house)(cut.recording.id)
    assert await stored(house, cut) == ("failed", [])


async def test_what_a_room_has_taken_up_is_not_ended(house: House, cut: Tape, clock: StillClock) -> None:
    started_at = clock.now()
    clock.advance(5)
    async with house.database.write() as tx:
        (await tx.get_one(Recording, cut.recording.id)).resumed_at = clock.now()
    await rescue(house, started_at)
    assert (await stored(house, cut))[0] == "recording"
    await rescue(house, clock.now() + (clock.now() - started_at))
    assert (await stored(house, cut))[0] == "failed"
