"""The CRDT document in memory, and how it is read from and packed for the database."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pycrdt import Doc, TransactionEvent, XmlFragment

from server.core.keyring import Sealer, Unreadable, place_of
from server.notes.chain import Broken, Chain, Row
from server.notes.layout import Layout, lay_out
from server.notes.limits import MAX_NOTE_BYTES, MAX_UPDATES
from server.notes.order import Crossed
from server.notes.prose import Prose
from server.notes.reading import read_prose
from server.notes.ypieces import Touched
from server.notes.yproto import Bad, read_state_vector
from server.notes.ywalk import walk_whole

FATAL = (KeyboardInterrupt, SystemExit, MemoryError)
UNPACK_LIMIT = 8 * MAX_NOTE_BYTES


T = TypeVar("T")


class Poisoned(Exception):
    """The CRDT library gave up in the middle of an update; the document must be read again."""


@dataclass(frozen=True)
class Saved:
    """What the database holds of a note, sealed: the cached document at row `seq` (or none), and the rows from that one on."""

    note_id: int
    seq: int
    snapshot: bytes | None
    rows: Sequence[Row]
    sealer: Sealer
    locked: bool = False


class Document:
    """A pycrdt document that takes only checked updates, and knows where everything in it stands."""

    def __init__(self) -> None:
        self._doc: Doc[XmlFragment] = Doc()
        self._found: Mapping[int, int] = {}
        self._layout: Layout | None = None
        self._tangled = False
        self.size = 0

    @property
    def clocks(self) -> Mapping[int, int]:
        """The next clocks by client id."""
        return self._found if self._layout is None else self._layout.clocks

    def full(self, seq: int) -> bool:
        return self.size >= MAX_NOTE_BYTES or seq >= MAX_UPDATES

    def apply(self, author: int, update: bytes, touched: Touched) -> None:
        """Apply an update that `judge` passed. Raises `Bad` or `Crossed`, and has changed nothing, when a piece is out of place or the
        library refuses it; `Poisoned` when the library left some of it behind, or when what is there cannot be laid out.
        """
        known = self.clocks.get(author, 0)
        layout = self._laid_out()
        layout.add(author, touched.pieces.get(author, ()), touched.deletes)
        try:
            _guarded(lambda: self._doc.apply_update(update))
        except (Bad, Poisoned) as error:
            layout.cut(author, known)
            if isinstance(error, Poisoned) and self._untouched():
                raise Bad("update") from None
            raise
        self.size += len(update)

    def _laid_out(self) -> Layout:
        """Lay out what was read from the log at the first update that comes: a note that is only read does not pay for it."""
        if self._tangled:
            raise Crossed
        if self._layout is None:
            try:
                self._layout = lay_out(walk_whole(self._doc.get_update()))
            except Bad as error:
                raise Poisoned from error
            except Crossed:
                self._tangled = True
                raise
        return self._layout

    def _untouched(self) -> bool:
        """After an error: whether nothing of the update went in. Deletions follow the characters, so the clocks tell."""
        return self._state() == self.clocks

    def _state(self) -> dict[int, int]:
        return _guarded(lambda: read_state_vector(self._doc.get_state()))

    def apply_deletions(self, author: int, update: bytes, touched: Touched) -> bool:
        """Apply an update without new characters and tell whether it changed anything."""
        seen: list[TransactionEvent] = []
        subscription = self._doc.observe(seen.append)
        try:
            self.apply(author, update, touched)
        finally:
            self._doc.unobserve(subscription)
        return bool(seen)

    def state_vector(self) -> bytes:
        return self._doc.get_state()

    def since(self, state_vector: bytes) -> bytes:
        """Return what somebody with this state lacks; raises `Bad`."""
        read_state_vector(state_vector)
        return _guarded(lambda: self._doc.get_update(state_vector))

    def prose(self) -> Prose:
        """Read what the note says now, and whose letters they are; raises `Poisoned` where the library gives up."""
        return _guarded(lambda: read_prose(self._doc))

    def pack(self) -> bytes:
        whole = self._doc.get_update()
        self.size = len(whole)
        return zlib.compress(whole)

    def _fill(self, updates: Sequence[bytes]) -> None:
        """Apply many in one transaction, which is twice as fast as one by one."""
        with self._doc.transaction():
            for update in updates:
                self._doc.apply_update(update)
        self._found = self._state()
        self.size = len(self._doc.get_update())


def restore(saved: Saved) -> tuple[Document, Chain]:
    """Build the document and the end of its chain; raises `Broken` when the log does not hold together, or cannot be opened."""
    chain = Chain(saved.note_id)
    rows = saved.rows
    updates: list[bytes] = []
    if saved.snapshot is not None:
        if not rows or rows[0].seq != saved.seq:
            raise Broken(saved.note_id, saved.seq)
        chain.seq, chain.head, rows = saved.seq, rows[0].hash, rows[1:]
        updates.append(_unpack(saved))
    chain.follow(rows)
    updates += [open_row(saved.sealer, row) for row in rows]
    document = Document()
    _guarded(lambda: document._fill(updates))  # noqa: SLF001 - the document's own maker
    return document, chain


def restore_at(saved: Saved, seq: int) -> Document:
    """Build the document exactly as it was after row `seq`, from what was saved then and later.

    Raises `Broken` when the log does not hold together, and when it has no way to that row: it ends before, or the snapshot is newer.
    """
    rows = [row for row in saved.rows if row.seq <= seq]
    document, chain = restore(replace(saved, rows=rows))
    if chain.seq != seq:
        raise Broken(saved.note_id, seq)
    return document


def opened(saved: Saved) -> list[bytes]:
    """Return what its rows hold; raises `Broken` for one that cannot be opened."""
    return [open_row(saved.sealer, row) for row in saved.rows]


def update_place(note_id: int, seq: int) -> bytes:
    return place_of("note_update", note_id, seq)


def snapshot_place(note_id: int, seq: int) -> bytes:
    return place_of("note_snapshot", note_id, seq)


def version_place(note_id: int, number: int) -> bytes:
    return place_of("note_version", note_id, number)


def open_row(sealer: Sealer, row: Row) -> bytes:
    """Return what a row holds; raises `Broken` where it cannot be opened."""
    try:
        return sealer.open(row.payload, update_place(row.note_id, row.seq))
    except Unreadable:
        raise Broken(row.note_id, row.seq) from None


def _unpack(saved: Saved) -> bytes:
    try:
        packed = saved.sealer.open(saved.snapshot or b"", snapshot_place(saved.note_id, saved.seq))
        return zlib.decompressobj().decompress(packed, UNPACK_LIMIT)
    except (Unreadable, zlib.error):
        raise Bad("snapshot") from None


def _guarded(work: Callable[[], T]) -> T:
    """Run the library: `Bad` where it cannot read, `Poisoned` where it stops half-way. Its panics are no `Exception`."""
    try:
        return work()
    except FATAL:
        raise
    except ValueError:
        raise Bad("update") from None
    except BaseException as error:
        raise Poisoned from error
