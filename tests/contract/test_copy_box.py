"""The sealed archive of a copy: larger than one chunk, read in pieces, and never taken for whole when it is not."""

import io
import json
import secrets
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest

from server.core.strongbox import KEY_BYTES
from server.errors import Conflict
from server.privacy.copy_box import CHUNK, Box, path_of, pieces

pytestmark = pytest.mark.row("L1")

COPY, KEY = uuid4(), secrets.token_bytes(KEY_BYTES)


def test_a_large_archive_comes_back_in_pieces(tmp_path: Path) -> None:
    files = {"photo.jpg": secrets.token_bytes(3 * CHUNK + 7), "README.txt": b"words"}
    box = Box(tmp_path, COPY, KEY)
    for name, content in files.items():
        box.add(name, content)
    size, head = box.close("2026-11-29", [])
    found = list(pieces(tmp_path, COPY, KEY, head))
    assert max(map(len, found)) <= CHUNK
    assert sum(map(len, found)) == size
    with zipfile.ZipFile(io.BytesIO(b"".join(found))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in files} == files
        assert [one["bytes"] for one in json.loads(archive.read("manifest.json"))["files"]] == [3 * CHUNK + 7, 5]


def test_an_archive_that_was_abandoned_or_is_gone_opens_for_nobody(tmp_path: Path) -> None:
    box = Box(tmp_path, COPY, KEY)
    box.add("photo.jpg", secrets.token_bytes(2 * CHUNK))
    box.abandon()
    with pytest.raises(Conflict):
        next(pieces(tmp_path, COPY, KEY, bytes(32)))
    path_of(tmp_path, COPY).unlink()
    with pytest.raises(Conflict):
        next(pieces(tmp_path, COPY, KEY, bytes(32)))
