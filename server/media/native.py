"""The compiled part of the engine, where this machine has it.

`lane.c` forwards what is regular, `arrivals.c` tells what came, `tally.c` reads what others tell, and `delay.c` estimates by that. It is
made at installation where there is a C compiler. Without it everything goes the way of Python, which takes about twice the processor time.
Both count on the same structures (native.h), so that each goes on where the other stopped.
"""

import hashlib
from pathlib import Path
from typing import Any

from server.media import srtp
from server.media.mmsg import ffi

LIBRARY, HEADER = Path(__file__).with_name("libnative.so"), Path(__file__).with_name("native.h")

ffi.cdef("\n".join(line for line in HEADER.read_text().splitlines() if not line.startswith("#")))


def load(path: Path) -> Any:
    """Return the library at this path; None where it is not there, or not of these sources."""
    try:
        library = ffi.dlopen(str(path))
        return library if library.native_sources() == _sources() else None
    except (AttributeError, OSError):
        return None


def _sources() -> int:
    sources = hashlib.sha256(
        b"".join(HEADER.with_name(name).read_bytes() for name in ("native.h", "octets.h", "lane.c", "arrivals.c", "tally.c", "delay.c"))
    )
    return int(sources.hexdigest()[:16], 16)


library = load(LIBRARY)


def available() -> bool:
    """Whether it was compiled, out of these sources."""
    return library is not None and srtp.available()
