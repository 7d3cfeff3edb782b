"""Where everything temporary of a run of the tests lies."""

import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # bytes; what a run has at one time is a tenth of it
SPARE = 4 << 30  # of memory that stays free beside


def lie_in_memory(config: pytest.Config) -> None:
    """Have files lie in memory until the run ends, if there is room: also those of the processes that it starts.

    A database of PostgreSQL is 900 files, and a disk on which to make a file takes a millisecond copies one in a second, for each test.
    Whoever says where (TMPDIR) has it there.
    """
    if "TMPDIR" in os.environ or not _has_room():
        return
    folder = tempfile.mkdtemp(prefix="tests-", dir=MEMORY)
    Path(folder).chmod(0o711)  # PostgreSQL runs as somebody else where we are root
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def _has_room() -> bool:
    try:
        room, memory = os.statvfs(MEMORY), Path("/proc/meminfo").read_text()
    except OSError:
        return False
    available = re.search(r"^MemAvailable: +(\d+) kB$", memory, re.MULTILINE)
    return room.f_bavail * room.f_frsize >= ROOM and available is not None and int(available[1]) * 1024 >= ROOM + SPARE
