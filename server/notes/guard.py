"""May this update go into this document? The walker says what it touches; this says whether that is this author's to touch."""

from collections.abc import Iterable, Mapping
from enum import Enum

from server.notes.ypieces import Touched
from server.notes.yproto import Bad


class Verdict(Enum):
    NEW = "new"  # holds characters that the document does not have
    OLD = "old"  # at most deletions, which may or may not be known
    GAP = "gap"  # rests on something that we do not have: the author must send all that we lack


def judge(touched: Touched, author: int, clocks: Mapping[int, int]) -> Verdict:
    """Compare with the document's next clocks by client id; raises `Bad` for characters under anybody else's client id.

    Somebody else's id is never honest: text is told to others only once it is stored, so nobody can hold what the server lacks.
    A CRDT would park an update that rests on the unknown, without a word, so no such update is let through.
    """
    if not touched.structs.keys() <= {author}:
        raise Bad("foreign_client")
    known = clocks.get(author, 0)
    start, end = touched.structs.get(author, (0, 0))
    if start > known:
        return Verdict.GAP
    if touched.refers and any(clock >= clocks.get(client, 0) for client, clock in touched.refers.items()):
        return Verdict.GAP
    if touched.deletes and any(
        _furthest(ranges) > (max(known, end) if client == author else clocks.get(client, 0)) for client, ranges in touched.deletes.items()
    ):
        return Verdict.GAP
    return Verdict.NEW if end > known else Verdict.OLD


def _furthest(ranges: Iterable[tuple[int, int]]) -> int:
    return max((end for _, end in ranges), default=0)
