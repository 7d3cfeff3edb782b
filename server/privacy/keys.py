"""Which keys of the ring are needed by what is sealed, and how everything comes under the current one while the server runs."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, inspect, select

from server.consultation.recorded import Recording
from server.consultation.recording_actions import THING
from server.core.audit import proves_key
from server.core.db import Database, Tx
from server.core.keyring import FILE, KeyRing, MissingKey, Unreadable, place_of
from server.identity.second import key_place as factor_place
from server.identity.second_model import SecondFactor
from server.notes.model import Note
from server.patients import answer_doors, background_doors, file_doors
from server.patients.background import BackgroundEntry
from server.patients.files import RecordFile
from server.patients.merge_rows import RecordMerge
from server.patients.questionnaire import AnswerSet
from server.privacy.account_rows import AccountRequest
from server.privacy.copy_rows import DataCopy
from server.privacy.letter_rows import Letter
from server.privacy.outside_rows import OutsideRequest
from server.privacy.request_rows import RightsRequest
from server.settings import BadSettings

ERASED = ""  # the key of a note that was erased: it has none
BATCH = 100  # rows of one transaction: others write in between


class Keyed(NamedTuple):
    """A table whose rows have a `data_key` each, under the key `key_id` of the ring; `place` is where that of a row opens.

    A row that is emptied (a recording, a document) has neither, and is passed over.
    """

    table: type[Any]
    words: str
    place: Callable[[Any], bytes]

    @property
    def row_id(self) -> Any:
        return inspect(self.table).primary_key[0]


KEYED: Sequence[Keyed] = (
    Keyed(Note, "notes", lambda note: place_of("note", note.public_id)),
    Keyed(Recording, "recordings", lambda recording: place_of(THING, recording.id)),
    Keyed(AnswerSet, "sets of answers", lambda answers: answer_doors.key_place(answers.id)),
    Keyed(BackgroundEntry, "lines of background", lambda entry: background_doors.key_place(entry.id)),
    Keyed(RecordFile, "documents", lambda file: file_doors.key_place(file.id)),
    Keyed(Letter, "letters", lambda letter: letter.key_place),
    Keyed(RightsRequest, "requests of patients", lambda request: request.key_place),
    Keyed(AccountRequest, "requests about accounts", lambda request: request.key_place),
    Keyed(OutsideRequest, "requests that are to be proved", lambda asked: asked.key_place),
    Keyed(RecordMerge, "merges of records", lambda merged: merged.key_place),
    Keyed(DataCopy, "copies of data", lambda copy: copy.key_place),
    Keyed(SecondFactor, "second factors", lambda factor: factor_place(factor.person_id)),
)


async def check_keys(database: Database, keyring: KeyRing) -> None:
    """Open one row of each kind under each key that is in use.

    Raises `BadSettings` with one line for a key that is missing or another one.
    """
    async with database.read() as tx:
        for keyed in KEYED:
            for key_id, count in (await _counts(tx, keyed)).items():
                one = (await tx.scalars(select(keyed.table).where(keyed.table.key_id == key_id).limit(1))).one()
                _try_key(keyring, key_id, one.data_key, keyed.place(one), f"{count} {keyed.words}")


async def check_audit_key(database: Database) -> None:
    """Raise `BadSettings` for another `secret.key` than the one by which the newest entries of the audit are chained.

    What is derived from another one finds nothing: not the records of an erasure that is to be done again, nor anybody's link.
    """
    async with database.read() as tx:
        if not await proves_key(tx):
            raise BadSettings("secret.key is not the one by which the audit was chained: put it back from its backup")


def _try_key(keyring: KeyRing, key_id: str, data_key: bytes, place: bytes, needing: str) -> None:
    try:
        keyring.sealer(key_id, data_key, place)
    except MissingKey:
        raise BadSettings(f"{FILE} lacks the key {key_id}, which {needing} need: put it back from its backup") from None
    except Unreadable:
        raise BadSettings(f"{FILE} holds another key {key_id} than the one of {needing}: put it back from its backup") from None


async def keys_in_use(database: Database) -> dict[str, int]:
    """Return how many rows each key encrypts."""
    counts: dict[str, int] = {}
    async with database.read() as tx:
        for keyed in KEYED:
            for key_id, count in (await _counts(tx, keyed)).items():
                counts[key_id] = counts.get(key_id, 0) + count
    return counts


async def rotate(database: Database, keyring: KeyRing) -> AsyncIterator[tuple[int, int]]:
    """Bring every data key under the current key, and yield how many of how many are done; raises `MissingKey` and `Unreadable`.

    Only data keys change: the rows and files stay, and with them the chains that cover them. Open notes go on, for they hold their key
    already.
    """
    current = keyring.current
    async with database.read() as tx:
        counts = [await _counts(tx, keyed) for keyed in KEYED]
    total = sum(count for each in counts for key_id, count in each.items() if key_id != current)
    done = 0
    for keyed in KEYED:
        count = BATCH
        while count:
            async with database.write() as tx:
                count = await _rewrap_some(tx, keyed, keyring, current)
            done += count
            if count:
                yield done, max(total, done)


async def _rewrap_some(tx: Tx, keyed: Keyed, keyring: KeyRing, current: str) -> int:
    older = select(keyed.table).where(keyed.table.key_id.not_in((current, ERASED))).order_by(keyed.row_id).limit(BATCH)
    rows = list(await tx.scalars(older.with_for_update(key_share=True)))
    for row in rows:
        row.key_id, row.data_key = keyring.rewrap(row.key_id, row.data_key, keyed.place(row))
    return len(rows)


async def _counts(tx: Tx, keyed: Keyed) -> dict[str, int]:
    """Return for each key how many rows need it; there are few keys, and may be many rows."""
    key_id = keyed.table.key_id
    rows = await tx.execute(select(key_id, func.count()).where(key_id != ERASED).group_by(key_id).order_by(key_id))
    return dict(rows.all())
