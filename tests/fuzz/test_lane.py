"""A bounded run of the fuzz target of the engine's compiled lane, under AddressSanitizer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, need_program

pytestmark = pytest.mark.row("V5")
SANITIZERS = "-g -fsanitize=address,undefined -fno-sanitize-recover=undefined"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_program("cc", "gcc libc6-dev")
    path = tmp_path_factory.mktemp("native") / "libnative.so"
    subprocess.run([ROOT / "server/media/native.sh", path], check=True, env=os.environ | {"CFLAGS": SANITIZERS})
    return path


def run(library: Path, *options: str) -> subprocess.CompletedProcess[str]:
    runtime = subprocess.run(["cc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True).stdout.strip()
    # Every object of Python's is memory of its own, so that one byte behind a packet is outside. Leaks are not looked for: Python has some.
    env = os.environ | {"LD_PRELOAD": runtime, "PYTHONMALLOC": "malloc", "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-m", "tests.fuzz.lane", "--library", str(library), *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=env, cwd=ROOT)


def test_bad_44_nothing_is_read_or_written_outside_of_a_packet(library: Path) -> None:
    done = run(library, "--batches", "400")
    assert done.returncode == 0, done.stderr[-3000:]
    words = done.stdout.split()
    assert words[::2] == ["forwarded", "left", "learned"]
    forwarded, left, learned = map(int, words[1::2])
    assert forwarded > 1_000
    assert left > 1_000
    assert learned > 300
