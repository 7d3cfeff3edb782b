"""The list of what was erased, beside the database: a backup that is put back knows nothing of an erasure that came after it.

It names nobody. A line has keyed hashes, under which the server's key finds the record and the account again, and what went.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from server.core.crypto import Secrets
from server.core.files import replace_private
from server.settings import BadSettings

FILE = "erasures.jsonl"
PURPOSE = "erasure"


class Erased(NamedTuple):
    """One erasure: `record` and `account` are hashes in hex, or "" where it stayed; `goes` are the names of the holdings."""

    at: str
    record: str
    account: str
    goes: list[str]


def record_hash(secrets: Secrets, patient_id: UUID) -> str:
    return secrets.mac(PURPOSE, "record", str(patient_id)).hex()


def account_hash(secrets: Secrets, person_id: UUID) -> str:
    return secrets.mac(PURPOSE, "account", str(person_id)).hex()


def erased(secrets: Secrets, patient_id: UUID, person_id: UUID | None, goes: frozenset[str], at: datetime) -> Erased:
    account = account_hash(secrets, person_id) if person_id else ""
    return Erased(at.isoformat(), record_hash(secrets, patient_id), account, sorted(goes))


def account_erased(secrets: Secrets, person_id: UUID, goes: frozenset[str], at: datetime) -> Erased:
    """Return the line of an account that was closed without a record: `record` is ""."""
    return Erased(at.isoformat(), "", account_hash(secrets, person_id), sorted(goes))


def append(data_dir: Path, line: Erased) -> None:
    """Add a line, which is there whole or not at all; one that is there already is not added again. Others who add one wait."""
    folder = os.open(data_dir, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        known = read(data_dir)
        if line not in known:
            _write(data_dir, [*known, line])
            os.fsync(folder)
    finally:
        os.close(folder)


def read(data_dir: Path) -> list[Erased]:
    """Return all lines, the oldest first; raises `BadSettings` for a file that somebody has broken."""
    path = data_dir / FILE
    if not path.exists():
        return []
    try:
        return [Erased(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError):
        raise BadSettings(f"{FILE} in the data folder cannot be read: put it back from its backup") from None


def _write(data_dir: Path, lines: Sequence[Erased]) -> None:
    replace_private(data_dir / FILE, "".join(json.dumps(line._asdict()) + "\n" for line in lines).encode())
