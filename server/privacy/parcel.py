"""What a copy of somebody's data says about itself: a manifest of its files. Pure."""

import hashlib
import json
from typing import Any

MANIFEST = "manifest.json"
OLDEST = (1980, 1, 1, 0, 0, 0)  # the time of every file inside: the manifest says when the archive was made


class Manifest:
    """The files of an archive with their sizes in bytes and SHA-256."""

    def __init__(self) -> None:
        self._listed: list[dict[str, Any]] = []

    def add(self, name: str, content: bytes) -> None:
        self._listed.append({"file": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})

    def written(self, made_at: str, missing: list[str]) -> bytes:
        """Return it as JSON; `missing` names what could not be opened, and is not in the archive."""
        return as_json({"made_at": made_at, "files": self._listed, "missing": missing})


def as_json(value: Any) -> bytes:
    """Return the value as people and programs can read it."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
