"""Compiles traffic.c into a temporary folder and lends it the sockets and SRTP keys of connected browsers."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cffi import FFI
from pylibsrtp import _binding

from tests.bench.media.seat import Seat
from tests.servers import NotUp, need_program

HERE = Path(__file__).parent
FLAGS = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]


@contextmanager
def traffic(seed: int) -> Iterator["Traffic"]:
    """Yield a generator with nobody in it; there is one at a time. `seed` spreads the browsers over time."""
    ffi = FFI()
    ffi.cdef((HERE / "traffic.h").read_text())
    with tempfile.TemporaryDirectory(prefix="consilium-traffic-") as folder:
        library = ffi.dlopen(_compile(Path(folder)))
    works = [ffi.cast("srtp_work", _address(f"srtp_{name}")) for name in ("protect", "unprotect", "protect_rtcp", "unprotect_rtcp")]
    if library.traffic_open(ffi.new("struct srtp *", works)[0], seed):
        raise NotUp("the generator of traffic has no memory")
    try:
        yield Traffic(ffi, library)
    finally:
        library.traffic_close()


class Traffic:
    """What the browsers send and receive. `run` lets go of the interpreter, so that it belongs into a thread."""

    def __init__(self, ffi: FFI, library: Any) -> None:
        self._ffi, self._library = ffi, library
        self._seats: list[Seat] = []  # libsrtp's sessions live as long as these

    def add(self, seat: Seat, *, feedback: bool) -> None:
        """Let a connected browser take part; its socket belongs to the generator from now on.

        Without `feedback` a subscriber says nothing of when packets arrived, as a browser to which that was not offered.
        """
        numbers = seat.numbers()
        if not seat.publishes and not feedback:
            numbers["transport_id"] = 0
        given = self._ffi.new("struct seat *", {
            **numbers,
            "sealer": self._ffi.cast("void *", _pointer(seat.sealer)),
            "opener": self._ffi.cast("void *", _pointer(seat.opener)),
        })  # fmt: skip
        if self._library.traffic_add(given[0]) < 0:
            raise NotUp("a browser could not be added to the traffic")
        self._seats.append(seat)

    def run(self, seconds: float, *, sending: bool = True) -> None:
        """Play for so long; without `sending` only what is under way still arrives, and browsers stay alive."""
        self._library.traffic_run(seconds, int(sending))

    def mark(self) -> None:
        """Count from here on."""
        self._library.traffic_mark()

    def counts(self) -> dict[str, int]:
        """Return what was counted since the mark; traffic.h says what."""
        counts = self._library.traffic_counts()
        return {name: getattr(counts, name) for name in ("sent", "received", "gaps", "bad", "others", "rtcp")}

    def delay_ms(self, quantile: float) -> float:
        return float(self._library.traffic_delay_ms(quantile))


def _compile(folder: Path) -> str:
    built = folder / "traffic.so"
    command = [need_program("cc", "gcc"), *FLAGS, f"-I{HERE}", str(HERE / "traffic.c"), "-o", str(built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotUp(f"traffic.c could not be compiled:\n{done.stderr[-2000:]}")
    return str(built)


def _address(name: str) -> int:
    return _pointer(_binding.ffi.addressof(_binding.lib, name))


def _pointer(item: Any) -> int:
    return int(_binding.ffi.cast("uintptr_t", item))
