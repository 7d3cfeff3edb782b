"""Recordings for tests: rows as the room stores them, and files as the engine seals them."""

from datetime import timedelta
from uuid import UUID, uuid4

from server.consultation import recording as pure
from server.consultation.actions import take_place
from server.consultation.changes import Answer
from server.consultation.recorded import Recording
from server.consultation.recording_actions import begin, end, keep_answer, keep_tracks
from server.consultation.recording_stretches import note_owners
from server.core.house import House
from server.core.strongbox import Writer
from server.media_control import Recorded, RecordedFile
from tests.cast import ALICE, Meeting

CHUNK = 1 << 16


def sealed(name: str, key: bytes, plain: bytes) -> tuple[bytes, bytes]:
    """Return a whole file, and the head of its chain."""
    writer = Writer(name, key)
    pieces = [plain[at : at + CHUNK] for at in range(0, len(plain), CHUNK)]
    raw = b"".join(writer.seal(piece, last=number == len(pieces) - 1) for number, piece in enumerate(pieces))
    return raw, bytes.fromhex(writer.head)


async def begin_call(house: House, meeting: Meeting) -> tuple[Recording, bytes, UUID]:
    """Begin a recording of alice's call with dana, to which both agreed; returns it with its key and alice's place."""
    now = house.clock.now()
    async with house.database.write() as tx:
        alice = await take_place(tx, ALICE.viewer, meeting.consultation_id)
        for who in (alice.id, meeting.participant_id):
            await keep_answer(tx, Answer(who, yes=True), None, now)
        both = frozenset({alice.id, meeting.participant_id})
        state = pure.Recording(pure.RecordingState.ON, alice.id, both, now, now)
        recording, key = await begin(tx, house.keyring, meeting.consultation_id, state)
    return recording, key, alice.id


async def end_call(house: House, recording: Recording, by: UUID, tracks: list[RecordedFile], owners: dict[str, UUID]) -> Recording:
    now = house.clock.now()
    async with house.database.write() as tx:
        await end(tx, recording.id, pure.stop(by), now)
    async with house.database.write() as tx:
        await note_owners(tx, recording.id, owners)
        await keep_tracks(tx, Recorded(room="room", folder=recording.folder, tracks=tracks), now)
        return await tx.get_one(Recording, recording.id)


async def record_call(house: House, meeting: Meeting, contents: list[tuple[UUID | None, bytes, float, float]]) -> Recording:
    """Store a recording of alice's call with dana: whose, what, and from which second to which."""
    recording, key, alice_id = await begin_call(house, meeting)
    folder = house.settings.recordings_dir / recording.folder
    folder.mkdir(parents=True)
    owners, tracks = {}, []
    for owner, plain, since, until in contents:
        peer = str(uuid4())
        name = f"{peer}.1.box"
        raw, head = sealed(name, key, plain)
        (folder / name).write_bytes(raw)
        if owner is not None:
            owners[peer] = owner
        begun, ended = (recording.began_at + timedelta(seconds=at) for at in (since, until))
        tracks.append(RecordedFile(file=name, peer=peer, begun=begun, ended=ended, bytes=len(raw), head=head.hex()))
    return await end_call(house, recording, alice_id, tracks, owners)
