"""What a process costs, as the kernel counts it."""

from contextlib import suppress
from pathlib import Path


def processor_s(pid: int) -> float:
    """Return the processor time of all living threads, kernel and user, in seconds: to the nanosecond, unlike /proc/PID/stat."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            nanoseconds += int((task / "schedstat").read_text().split()[0])
    return nanoseconds / 1e9


def memory_kib(pid: int) -> int:
    """Return the memory that is the process's own and no file's: what a browser adds, whoever else has the same libraries loaded."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
