"""Everything that is held about somebody as one archive: a file for each holding, its schema, documents, and a manifest. Pure."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MANIFEST = "manifest.json"
OLDEST = (1980, 1, 1, 0, 0, 0)  # the time of every file inside: the manifest says when the archive was made


def pack(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    """Return a zip of the files by name, with a manifest of their sizes in bytes and SHA-256."""
    listed = [{"file": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()]
    manifest = as_json({"made_at": made_at.isoformat(), "files": listed})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, MANIFEST: manifest}.items():
            archive.writestr(zipfile.ZipInfo(name, OLDEST), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def as_json(value: Any) -> bytes:
    """Return the value as people and programs can read it."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
