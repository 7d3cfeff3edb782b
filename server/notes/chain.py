"""The hash chain of a note's log: a row that was changed, dropped or moved breaks it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

START = bytes(32)
FACTS = Struct(">4Q")


class Row(NamedTuple):
    """One stored update; `ts_ms` is Unix time in milliseconds, `hash` covers everything before it."""

    note_id: int
    seq: int
    session_id: int
    ts_ms: int
    payload: bytes
    hash: bytes


class Broken(Exception):
    """The log does not follow from itself at `seq`."""

    def __init__(self, note_id: int, seq: int) -> None:
        super().__init__(f"note {note_id} at {seq}")
        self.note_id, self.seq = note_id, seq


@dataclass(slots=True)
class Chain:
    """The end of one note's log; only the single writer moves it."""

    note_id: int
    seq: int = 0
    head: bytes = START

    def fork(self) -> "Chain":
        """Return another end of the same log, to be moved before it is known whether the rows are stored."""
        return Chain(self.note_id, self.seq, self.head)

    def link(self, session_id: int, ts_ms: int, payload: bytes) -> Row:
        """Return the next row and move to it."""
        self.seq += 1
        facts = FACTS.pack(self.note_id, self.seq, session_id, ts_ms)
        self.head = hashlib.sha256(self.head + facts + payload).digest()
        return Row(self.note_id, self.seq, session_id, ts_ms, payload, self.head)

    def follow(self, rows: Iterable[Row]) -> None:
        """Move over stored rows; raises `Broken` at the first that is not the next one."""
        for row in rows:
            if self.link(row.session_id, row.ts_ms, row.payload) != row:
                raise Broken(self.note_id, row.seq)
