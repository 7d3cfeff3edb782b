"""Which keys of the ring the notes need, and how they all come under the current one while the server runs."""

from collections.abc import AsyncIterator

from sqlalchemy import func, select, update

from server.core.db import Database, Tx
from server.core.keyring import FILE, KeyRing, MissingKey, Unreadable, place_of
from server.notes.model import Note
from server.settings import BadSettings

BATCH = 100  # notes of one transaction: others write in between


async def check_keys(database: Database, keyring: KeyRing) -> None:
    """Open one note under each key that is in use; raises `BadSettings` with one line for a key that is missing or another one."""
    async with database.read() as tx:
        for key_id, (count, newest) in (await _in_use(tx)).items():
            note = await tx.get_one(Note, newest)
            try:
                keyring.sealer(key_id, note.data_key, place_of("note", note.public_id))
            except MissingKey:
                raise BadSettings(f"{FILE} lacks the key {key_id}, which {count} notes need: put it back from its backup") from None
            except Unreadable:
                raise BadSettings(f"{FILE} holds another key {key_id} than the one of {count} notes: put it back from its backup") from None


async def keys_in_use(database: Database) -> dict[str, int]:
    """Return how many notes each key encrypts."""
    async with database.read() as tx:
        return {key_id: count for key_id, (count, _) in (await _in_use(tx)).items()}


async def rotate(database: Database, keyring: KeyRing) -> AsyncIterator[tuple[int, int]]:
    """Bring every data key under the current key, and yield how many of how many are done; raises `MissingKey` and `Unreadable`.

    Only data keys change: the rows stay, and with them the chain that covers them. Open notes go on, for they hold their key already.
    """
    current = keyring.current
    async with database.read() as tx:
        total = await tx.scalar(select(func.count(Note.id)).where(Note.key_id != current)) or 0
    done = 0
    while True:
        async with database.write() as tx:
            count = await _rewrap_some(tx, keyring, current)
        if not count:
            return
        done += count
        yield done, max(total, done)


async def _rewrap_some(tx: Tx, keyring: KeyRing, current: str) -> int:
    older = list(await tx.scalars(select(Note).where(Note.key_id != current).order_by(Note.id).limit(BATCH)))
    for note in older:
        key_id, data_key = keyring.rewrap(note.key_id, note.data_key, place_of("note", note.public_id))
        await tx.execute(update(Note).where(Note.id == note.id).values(key_id=key_id, data_key=data_key))
    return len(older)


async def _in_use(tx: Tx) -> dict[str, tuple[int, int]]:
    rows = await tx.execute(select(Note.key_id, func.count(Note.id), func.max(Note.id)).group_by(Note.key_id).order_by(Note.key_id))
    return {key_id: (count, newest) for key_id, count, newest in rows}
