"""The sealed archive of a copy: larger than one chunk, read in pieces, and never taken for whole when it is not."""

import io
import json
import secrets
import subprocess
import sys
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest

from server.core.strongbox import KEY_BYTES
from server.errors import Conflict
from server.privacy.copy_box import CHUNK, Box, is_left, path_of, pieces

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


def test_a_file_is_left_only_once_its_writer_was_killed(tmp_path: Path) -> None:
    code = "import sys, pathlib, uuid; from server.privacy.copy_box import Box; box = Box(pathlib.Path(sys.argv[1]), "
    code += "uuid.UUID(sys.argv[2]), bytes(32)); print('writes', flush=True); sys.stdin.read()"
    assert not is_left(tmp_path, COPY), "nobody has begun"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path, str(COPY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writes\n"
        assert not is_left(tmp_path, COPY)
        with pytest.raises(OSError, match="unavailable"):
            Box(tmp_path, COPY, KEY)
        writer.kill()
    assert is_left(tmp_path, COPY)


def test_an_archive_that_was_abandoned_or_is_gone_opens_for_nobody(tmp_path: Path) -> None:
    box = Box(tmp_path, COPY, KEY)
    box.add("photo.jpg", secrets.token_bytes(2 * CHUNK))
    box.abandon()
    with pytest.raises(Conflict):
        next(pieces(tmp_path, COPY, KEY, bytes(32)))
    path_of(tmp_path, COPY).unlink()
    with pytest.raises(Conflict):
        next(pieces(tmp_path, COPY, KEY, bytes(32)))
