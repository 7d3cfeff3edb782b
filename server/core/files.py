"""Small private files that are there whole or not at all, whenever the process is killed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace_private(path: Path, content: bytes) -> None:
    """Put the content there, readable by its owner only; what was there before stays until all of it is written."""
    with _written(path, content) as fresh:
        fresh.replace(path)


def create_private(path: Path, content: bytes) -> bool:
    """Put the content there unless something is there already; returns whether it was put."""
    with _written(path, content) as fresh:
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return False
    return True


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[Path]:
    """Write the content to the disk, under a name of its own beside `path`, with mode 0600."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
