"""The ends of every chain that there is, as one file of text that stands for all of them on one day."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

LOG, VERSIONS, AUDIT = "note", "versions", "audit"
LINE = re.compile(r"(note|versions|audit) ([0-9a-f-]{36}) ([0-9]{1,18}) ([0-9a-f]{64})")


@dataclass(frozen=True, order=True)
class Head:
    """The last row of one chain: a note's log or its versions, by the note's public id, or a practice's audit."""

    kind: str
    id: UUID
    number: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.kind} {self.id} {self.number} {self.hash.hex()}"


def written(heads: Iterable[Head]) -> bytes:
    """Return the file: one line per chain, in order."""
    return "".join(f"{head}\n" for head in sorted(heads)).encode()


def read(content: bytes) -> list[Head]:
    """Read such a file; raises `ValueError` for what is none."""
    found = [LINE.fullmatch(line) for line in content.decode("ascii").splitlines()]
    heads = [Head(one[1], UUID(one[2]), int(one[3]), bytes.fromhex(one[4])) for one in found if one]
    if len(heads) != len(found):
        raise ValueError("a line that is no head")
    return heads


def root_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
