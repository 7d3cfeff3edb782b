"""Which keys of the ring the letters need, and how they come under the current one."""

from sqlalchemy import func, select

from server.core.db import Database
from server.core.keyring import KeyRing
from server.privacy.letter_rows import Letter

BATCH = 100  # rows of one transaction: others write in between


async def letter_keys(database: Database) -> dict[str, int]:
    """Return how many letters each key encrypts."""
    async with database.read() as tx:
        rows = await tx.execute(select(Letter.key_id, func.count()).group_by(Letter.key_id))
        return {str(key_id): count for key_id, count in rows}


async def rotate_letters(database: Database, keyring: KeyRing) -> int:
    """Bring every letter under the current key, and return how many were not; raises `MissingKey` and `Unreadable`."""
    done, current, count = 0, keyring.current, BATCH
    while count:
        async with database.write() as tx:
            older = list(await tx.scalars(select(Letter).where(Letter.key_id != current).limit(BATCH).with_for_update()))
            for letter in older:
                letter.key_id, letter.data_key = keyring.rewrap(letter.key_id, letter.data_key, letter.key_place)
        count = len(older)
        done += count
    return done
