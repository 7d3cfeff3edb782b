"""How a recording hangs together over its stretches, inside the caller's transaction: whose browser wrote what, and that it goes on.

An engine may die in the middle of it, and the server, too. Neither changes what was agreed to, so neither ends it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.consultation import recording as pure
from server.consultation.recorded import Recording, RecordingPeer, RecordingTrack, Standing
from server.consultation.recording_actions import consented, fail, key_of
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing
from server.media_control import NotRecorded

NO_FILE = bytes(32)


class TakenUp(NamedTuple):
    """A recording that an earlier room did not end, as it stood, with its data key and the peers that are known."""

    row: Recording
    key: bytes
    state: pure.Recording
    owners: dict[str, UUID]


async def find_unended(tx: Tx, consultation_id: UUID) -> UUID | None:
    """Return the recording of this call that a process which stopped has not ended, if there is one."""
    unended = (Recording.consultation_id == consultation_id) & (Recording.state == Standing.RECORDING) & Recording.ended_at.is_(None)
    return await tx.scalar(select(Recording.id).where(unended).order_by(Recording.began_at.desc()).limit(1))


async def take_up(tx: Tx, keyring: KeyRing, recording_id: UUID, now: datetime) -> TakenUp | None:
    """Go on with it: those who had agreed have agreed. None where it was ended meanwhile, or its key does not open any more."""
    row = await tx.get_one(Recording, recording_id, with_for_update=True)
    if row.state != Standing.RECORDING or row.ended_at is not None:
        return None
    key = key_of(keyring, row)
    if key is None:
        await fail(tx, recording_id, now)
        return None
    row.resumed_at = now
    agreed = frozenset(await tx.scalars(consented(recording_id)))
    state = pure.Recording(pure.RecordingState.PAUSED, row.asked_by, agreed, row.asked_at, row.began_at, interrupted=True)
    return TakenUp(row, key, state, await owners_of(tx, recording_id))


async def owners_of(tx: Tx, recording_id: UUID) -> dict[str, UUID]:
    """Return whose browser each peer is."""
    rows = await tx.execute(select(RecordingPeer.peer, RecordingPeer.participant_id).where(RecordingPeer.recording_id == recording_id))
    return dict(iter(rows))


async def note_owners(tx: Tx, recording_id: UUID, owners: Mapping[str, UUID]) -> None:
    """Store whose browsers are recorded, before the engine writes anything of them."""
    known = await owners_of(tx, recording_id)
    fresh = {peer: owner for peer, owner in owners.items() if peer not in known}
    tx.add_all(RecordingPeer(recording_id=recording_id, peer=peer, participant_id=owner) for peer, owner in fresh.items())


async def note_unseen(tx: Tx, recording_id: UUID, missed: NotRecorded, now: datetime) -> UUID | None:
    """Store that something of a person is not in the recording, once for each stretch; returns whose it is."""
    owner = (await owners_of(tx, recording_id)).get(missed.peer)
    file = f"{missed.folder}/{missed.peer}.{missed.source}"
    same = (RecordingTrack.recording_id == recording_id) & (RecordingTrack.file == file)
    if await tx.scalar(select(RecordingTrack.id).where(same)) is None:
        tx.add(
            RecordingTrack(
                id=new_id(),
                recording_id=recording_id,
                participant_id=owner,
                file=file,
                begun_at=now,
                ended_at=now,
                size=0,
                head=NO_FILE,
                unseen=missed.source,
            )
        )
    return owner
