"""Datagrams that are handed to the kernel as one message arrive as they are, also where the kernel would not cut it."""

import errno
from typing import Any

import pytest

from server.media import mmsg
from server.media.dtls import Identity
from server.media.limits import SLOT
from server.media.run import alike
from tests.live.media.caller import until
from tests.live.media.line import Line, dial, ground, numbered

pytestmark = pytest.mark.anyio


def send_row(line: Line, *packets: bytes) -> None:
    """Send packets as a forwarder does: those of one batch together."""
    at = line.mux.room(len(packets))
    for index, packet in enumerate(packets):
        line.mux.out[at + index * SLOT : at + index * SLOT + len(packet)] = packet
    sizes = [len(packet) for packet in packets]
    assert 0 not in line.mux.send_run(line.connection, at, sizes, alike(sizes))
    line.mux.flush()


PACKETS = [numbered(0), numbered(1), numbered(2)[:100], numbered(3), numbered(4)[:20], numbered(5) + b"more", numbered(6)]


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
async def test_a_row_arrives_whole_and_in_its_order(fast: bool) -> None:
    async with ground(fast=fast) as mux:
        line, caller = await dial(mux, Identity())
        sent = mux.sent
        send_row(line, *PACKETS)
        await until(lambda: caller.rtp == PACKETS)
        assert (mux.sent - sent, mux.dropped) == (len(PACKETS), 0)


class Whole:
    """A C library on a way that takes no message to be cut."""

    def __init__(self) -> None:
        self.refused = 0

    def sendmmsg(self, file: int, headers: Any, count: int, flags: int) -> int:
        if headers[0].msg_hdr.msg_controllen:
            self.refused += 1
            mmsg.ffi.errno = errno.EINVAL
            return -1
        return int(LIBRARY.sendmmsg(file, headers, min(count, 1), flags))


LIBRARY: Any = mmsg._libc


async def test_what_cannot_be_cut_is_sent_one_by_one_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ground(fast=True) as mux:
        line, caller = await dial(mux, Identity())
        whole = Whole()
        with monkeypatch.context() as patched:
            patched.setattr(mmsg, "_libc", whole)
            send_row(line, *PACKETS)
            send_row(line, numbered(7), numbered(8))
        await until(lambda: caller.rtp == [*PACKETS, numbered(7), numbered(8)])
        assert (mux.dropped, line.connection.route.cuts if line.connection.route else None) == (0, False)
        assert whole.refused == 3  # of the first row, nothing of the second
