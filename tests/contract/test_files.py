"""Keys and passwords in the data folder: whole or absent, private, and the same for everybody who starts."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.core.crypto import load_secrets
from server.core.files import create_private, replace_private
from server.settings import BadSettings


def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the disk fails before anything is safe on it."""

    def fail(_: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "fsync", fail)


def test_a_file_is_private_and_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "demo.json"
    replace_private(path, b"one")
    replace_private(path, b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    interrupted(monkeypatch)
    with pytest.raises(OSError):  # noqa: PT011 - it has no words
        replace_private(path, b"three")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    assert create_private(tmp_path / "key", b"one")
    assert not create_private(tmp_path / "key", b"two")
    assert (tmp_path / "key").read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]


def test_a_start_that_ends_early_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        interrupted(patch)
        with pytest.raises(OSError):  # noqa: PT011 - as above
            load_secrets(tmp_path)
    first = load_secrets(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert load_secrets(tmp_path).mac("purpose", "part") == first.mac("purpose", "part")


def test_first_starts_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        macs = {secrets.mac("purpose") for secrets in threads.map(load_secrets, [tmp_path] * 8)}
    assert len(macs) == 1


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_key_that_is_none_stops_the_start_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(BadSettings, match=r"secret\.key .* 32 bytes"):
        load_secrets(tmp_path)
