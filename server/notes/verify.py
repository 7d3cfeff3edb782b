"""Looks over every chain and says where it was tampered with: rows edited, removed, moved or put in, and ends that were cut off."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from server.core.audit import AuditEntry, AuditHead, first_broken
from server.core.db import Tx
from server.core.keyring import KeyRing, MissingKey, Sealer, Unreadable
from server.errors import Malformed
from server.notes import versions
from server.notes.anchors import FOLDER, anchor_path
from server.notes.chain import Broken, Chain, Row
from server.notes.document import open_row
from server.notes.doors import sealer_of, version_text
from server.notes.far_anchors import ANCHOR
from server.notes.heads import AUDIT, LOG, VERSIONS, Head, read, root_of
from server.notes.model import CLOSING, Note, NoteAnchor, NoteSnapshot, NoteState, NoteUpdate, NoteVersion
from server.notes.plain_audit import FILE, plain_ends
from server.notes.prose import fingerprint

BATCH = 1000
LIMITS = (
    "This finds every change to a row that somebody made without the key ring, and every change before the newest anchor. "
    "It cannot find rows cut from the end of a draft since that anchor, nor a rewriting of everything, database, key ring and anchor "
    "files, by whoever runs the computer: for that let the anchor files be kept elsewhere, too (CONSILIUM_ANCHORS_DIR, which is compared "
    "here), or compare the roots with a copy of the log."
)


@dataclass(frozen=True)
class Places:
    """Where this server keeps its own things, and where its anchors are once more."""

    data_dir: Path
    far: Path | None = None


async def verify_notes(tx: Tx, keyring: KeyRing, places: Places) -> AsyncIterator[str]:
    """Yield a line for every fault of logs, versions, snapshots and anchors, with the note's public id and the row."""
    for note in await tx.scalars(select(Note).order_by(Note.id)):
        for fault in await _of_note(tx, keyring, note):
            yield f"note {note.public_id} {fault}"
    async for fault in _of_anchors(tx, places, (LOG, VERSIONS)):
        yield fault


async def verify_audit(tx: Tx, places: Places) -> AsyncIterator[str]:
    """Yield a line for every fault of the audits and of what the anchors say of them."""
    ends = await plain_ends(places.data_dir)
    if ends is None:
        yield f"audit: {FILE} is missing from the data folder, so that no entry without a key can be trusted: put it back from its backup"
    plain = {head.id: head for head in ends or ()}
    for practice_id in await tx.scalars(select(AuditEntry.practice_id).union(select(AuditHead.practice_id))):
        broken = await first_broken(tx, practice_id, plain[practice_id].number if practice_id in plain else 0)
        if broken is not None:
            yield f"audit {practice_id} entry {broken}: does not follow from the one before"
    for head in plain.values():
        fault = await _of_head(tx, head)
        if fault:
            yield f"audit {head.id} {fault} since entries have a key"
    async for fault in _of_anchors(tx, places, (AUDIT,)):
        yield fault


async def _of_note(tx: Tx, keyring: KeyRing, note: Note) -> list[str]:
    try:
        sealer = sealer_of(keyring, note)
    except MissingKey as error:
        return [f"row 0: the key {error.key_id} is not in the key ring"]
    except Unreadable:
        return ["row 0: its own key was changed"]
    chain = Chain(note.id)
    faults = await _of_log(tx, sealer, chain)
    fixed = list(await tx.scalars(select(NoteVersion).where(NoteVersion.note_id == note.id).order_by(NoteVersion.number)))
    faults += _of_versions(keyring, note, fixed)
    faults += [fault async for fault in _of_texts(tx, note, fixed, chain, whole=not faults)]
    snapshot = await tx.get(NoteSnapshot, note.id)
    if snapshot is not None and await _hash_at(tx, note.id, snapshot.seq) is None:
        faults.append(f"row {snapshot.seq}: missing, though a snapshot was made there")
    return faults


async def _of_log(tx: Tx, sealer: Sealer, chain: Chain) -> list[str]:
    """Follow a log in pieces; the first fault is told, for every row behind it rests on that one."""
    columns = (NoteUpdate.note_id, NoteUpdate.seq, NoteUpdate.session_id, NoteUpdate.ts_ms, NoteUpdate.payload, NoteUpdate.hash)
    while True:
        query = (
            select(*columns).where(NoteUpdate.note_id == chain.note_id, NoteUpdate.seq > chain.seq).order_by(NoteUpdate.seq).limit(BATCH)
        )
        rows = [Row(*row) for row in await tx.execute(query)]
        if not rows:
            return []
        for row in rows:
            expected = chain.seq + 1
            if row.seq != expected:
                return [f"row {expected}: missing"]
            try:
                chain.follow([row])
                open_row(sealer, row)
            except Broken:
                return [f"row {row.seq}: was changed, moved or put in"]


def _of_versions(keyring: KeyRing, note: Note, fixed: Sequence[NoteVersion]) -> Iterator[str]:
    broken = versions.first_broken(fixed)
    if broken is not None:
        yield f"version {broken}: does not follow from the one before"
    for one in fixed:
        try:
            sound = fingerprint(version_text(keyring, note, one)) == one.content_sha256
        except (Unreadable, Malformed):
            sound = False
        if not sound:
            yield f"version {one.number}: its text is not the one that was fixed"


async def _of_texts(tx: Tx, note: Note, fixed: Sequence[NoteVersion], chain: Chain, *, whole: bool) -> AsyncIterator[str]:
    """Compare versions with the rows that they stand on; `whole` says that the log has no fault of its own."""
    for one in fixed:
        stored = await _hash_at(tx, note.id, one.seq)
        if stored is None and one.seq:
            yield f"row {one.seq}: missing, though version {one.number} stands on it"
        elif stored != one.head_hash:
            yield f"row {one.seq}: is not the one that version {one.number} stands on"
    locked = [one for one in fixed if one.kind in CLOSING]
    if bool(locked) != (note.state == NoteState.LOCKED):
        yield "row 0: its state does not agree with its versions"
    if locked and whole and chain.seq > locked[0].seq:
        yield f"row {locked[0].seq + 1}: put in after the note was locked"


async def _of_anchors(tx: Tx, places: Places, kinds: Sequence[str]) -> AsyncIterator[str]:
    """Compare every anchor's file with its root, and each head in it with the row that is there now."""
    known = {anchor.day: anchor for anchor in await tx.scalars(select(NoteAnchor).order_by(NoteAnchor.day))}
    for anchor in known.values():
        async for fault in _of_anchor(tx, places.data_dir, anchor, kinds):
            yield fault
    for path in sorted((places.data_dir / FOLDER).glob("*.txt")):
        if path.stem not in {day.isoformat() for day in known}:
            yield f"anchor {path.stem}: its row is missing"
    if places.far is not None:
        for fault in _of_far(places.far, {day.isoformat(): anchor.root for day, anchor in known.items()}):
            yield fault


async def _of_anchor(tx: Tx, data_dir: Path, anchor: NoteAnchor, kinds: Sequence[str]) -> AsyncIterator[str]:
    path = anchor_path(data_dir, anchor.day)
    content = _content_of(path)
    if content is None:
        yield f"anchor {anchor.day}: its file " + ("cannot be read" if path.exists() else "is missing")
        return
    if root_of(content) != anchor.root:
        yield f"anchor {anchor.day}: its file was changed"
        return
    for head in read(content):
        fault = await _of_head(tx, head) if head.kind in kinds else None
        if fault:
            yield f"{head.kind if head.kind == AUDIT else 'note'} {head.id} {fault} since the anchor of {anchor.day}"


def _of_far(far: Path, roots: Mapping[str, bytes]) -> Iterator[str]:
    """Compare what is kept elsewhere with the roots: whoever rewrote everything here contradicts it."""
    try:
        kept = sorted(path for path in far.iterdir() if ANCHOR.fullmatch(path.name))
    except OSError:
        yield f"anchors kept elsewhere: {far} cannot be reached"
        return
    for path in kept:
        if path.stem not in roots:
            yield f"anchor {path.stem}: its row is missing, and it is kept elsewhere"
        elif (content := _content_of(path)) is None:
            yield f"anchor {path.stem}: what is kept elsewhere cannot be read"
        elif root_of(content) != roots[path.stem]:
            yield f"anchor {path.stem}: is not the one that is kept elsewhere"


def _content_of(path: Path) -> bytes | None:
    """Read a file of an anchor; None for what cannot be read, as a folder."""
    try:
        return path.read_bytes()
    except OSError:
        return None


async def _of_head(tx: Tx, head: Head) -> str | None:
    place = {LOG: "row", VERSIONS: "version", AUDIT: "entry"}[head.kind]
    stored = await _stored(tx, head.kind, head.id, head.number)
    if stored == head.hash:
        return None
    return f"{place} {head.number}: " + ("missing" if stored is None else "changed")


async def _stored(tx: Tx, kind: str, thing_id: UUID, number: int) -> bytes | None:
    if kind == AUDIT:
        return await tx.scalar(select(AuditEntry.hash).where(AuditEntry.practice_id == thing_id, AuditEntry.number == number))
    note_id = await tx.scalar(select(Note.id).where(Note.public_id == thing_id))
    if note_id is None:
        return None
    if kind == LOG:
        return await _hash_at(tx, note_id, number)
    return await tx.scalar(select(NoteVersion.hash).where(NoteVersion.note_id == note_id, NoteVersion.number == number))


async def _hash_at(tx: Tx, note_id: int, seq: int) -> bytes | None:
    return await tx.scalar(select(NoteUpdate.hash).where(NoteUpdate.note_id == note_id, NoteUpdate.seq == seq))
