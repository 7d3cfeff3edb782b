"""`python -m tests.fuzz.lane --library PATH`: hostile datagrams through the engine's compiled lane, without any network but loopback.

Meant for a library that was compiled with AddressSanitizer, which ends the process at the first byte that is read or written outside: see
`test_lane.py`, which makes one. Each datagram stands in memory of exactly its size. Encryption is left out: what nobody could have signed
never comes so far, and would hide everything behind it.
"""

import argparse
import socket
import sys
from functools import partial
from pathlib import Path
from random import Random
from struct import pack
from typing import Any

from server.media import native
from server.media.codecs import BY_TYPE
from server.media.layout import Layout
from server.media.limits import LARGEST_PACKET, READ_BATCH
from server.media.mmsg import ffi
from server.media.rtp import read_header
from server.media.twcc import Arrivals
from tests.pure.media.net import rtp, vp8

SENDERS = 6
WAYS, FIRST_WAY = 4, 50
SEALING = 16


class Ground:
    """Publishers, each with a camera and a microphone, and subscribers to them; the lane may send to a socket that nobody reads."""

    def __init__(self, dice: Random) -> None:
        from server.media.lane import Lane

        self.dice = dice
        self._open, self._seal = ffi.callback("int(void *, void *, int *)", _open), ffi.callback("int(void *, void *, int *)", _seal)
        self.lane = Lane(cut=True, work=(self._open, self._open, self._seal))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.kept: list[Any] = []
        self.posted: dict[Any, Any] = {}
        self.headers = ffi.new("struct mmsghdr[]", READ_BATCH)
        self.vectors, self.names = ffi.new("struct iovec[]", READ_BATCH), ffi.new("unsigned char[]", READ_BATCH * 32)
        self.ways = [self._way(number) for number in range(WAYS)]
        self.senders = [self._sender(number) for number in range(SENDERS)]
        self.sequences, self.kind, self.left, self.forwarded, self.learned = [65_000, 65_000], 96, 0, 0, 0

    def _way(self, number: int) -> Any:
        from server.media.bwe import Estimator
        from server.media.native_delay import NativeDelay

        way = self.lane.wire()
        tally = self.lane.tally(way)
        estimator = Estimator(0.0, partial(NativeDelay, tally=tally), tally)
        self._calm(estimator)
        tally.teller = number
        name = pack("=H", socket.AF_INET) + pack("!H", self.socket.getsockname()[1]) + bytes((127, 0, 0, 1)) + bytes(20)
        ffi.memmove(way.name, name, 28)
        way.name_length, way.file, way.cuts = 28, self.socket.fileno(), 1
        self.lane.give_keys(way, 1, 1)
        self.lane.bind(self.key(FIRST_WAY + number), way)
        self.kept += [way, self.lane.lend_log(way, estimator.log)]
        return way, estimator

    @staticmethod
    def _calm(estimator: Any) -> None:
        """Let nothing be due, whatever is told: only then C learns."""
        state, tally = estimator._delay._state, estimator.tally
        tally.has_offset, tally.offset_ms, tally.loss_at = 1, 0.0, 1e9
        state.updated_ms, state.interval_ms, state.usage = 1, 1 << 60, 0

    def _sender(self, number: int) -> Any:
        wire = self.lane.wire()
        self.lane.give_keys(wire, 1, 0)
        rings = [self.lane.ring(65_000), None]
        sources = [self.lane.source(ssrc, 90_000, ring) for ssrc, ring in zip((10, 11), rings, strict=True)]
        self.lane.listen_to(wire, sources)
        self.lane.bind(self.key(number), wire)
        return wire, sources, (self.lane.listen(wire), rings)

    @staticmethod
    def key(number: int) -> int | bytes:
        """Addresses of both families."""
        return 2 | number << 48 if number % 2 else pack("=H", 10) + bytes((number,)) * 26

    def post(self, sources: list[Any], samples: list[bytes]) -> None:
        for source, sample in zip(sources, samples, strict=True):
            header = read_header(sample, 0, len(sample))
            assert header is not None
            layout = Layout(sample, 0, header) if self.dice.random() < 0.95 else None
            takers: list[Any] = [self.lane.taker(self.dice.choice(self.ways)[0], 7) for _ in range(self.dice.randrange(5))]
            for taker in takers:
                taker.last, taker.passed = header.sequence, 40
            source.highest = header.sequence
            self.posted[source] = takers, self.lane.post(source, BY_TYPE[header.payload_type], layout, takers)

    def sample(self, which: int) -> bytes:
        """Return the next packet of a camera (0) or a microphone (1), in one of the shapes that it may have."""
        self.sequences[which] = self.sequences[which] + 1 & 0xFFFF
        if which:
            return rtp(b"sound", kind=111, ssrc=11, sequence=self.sequences[1], timestamp=5, transport=b"\0\1", level=b"\5")
        payload = self.dice.choice((vp8(7, 7, key=False), bytes((0x10, 1)), bytes((0x90, 0xF0, 0x81, 2, 3, 4, 5)), b""))
        payload += self.dice.randbytes(self.dice.choice((0, 9, 1_100)))
        names = {"transport": b"\0\1"} | ({"sent": b"old"} if self.dice.random() < 0.1 else {})
        return rtp(payload, kind=self.kind, ssrc=10, sequence=self.sequences[0], timestamp=5, **names)

    def report(self, number: int, now: float) -> bytes:
        """Return what a subscriber tells of packets that it was sent, or may have been."""
        estimator, arrivals, at = self.ways[number][1], Arrivals(), now
        self._calm(estimator)
        sequence = estimator.log.next[0] - self.dice.choice((20, 300, 2_047, 2_100, 9)) & 0xFFFF
        for _ in range(self.dice.choice((1, 7, 20, 60, 250))):
            estimator.number(1_000, now)
            sequence, at = sequence + self.dice.choice((1, 1, 1, 2, 30)) & 0xFFFF, at + self.dice.choice((0.0, 0.001, 0.09))
            arrivals.heard(sequence, at)
        return arrivals.take(number, 9)[0]

    def batch_of_reports(self, now: float) -> None:
        """Fill a batch with reports."""
        held, count = [], self.dice.randint(1, READ_BATCH)
        for index in range(count):
            number = self.dice.randrange(WAYS)
            packet = self.spoil(self.report(number, now))
            held.append(ffi.new("unsigned char[]", max(1, len(packet))))
            ffi.memmove(held[-1], packet, len(packet))
            self._address(index, held[-1], len(packet), FIRST_WAY + number)
        self.learned += count
        at, self.lane.told.count = -1, count
        while (at := self.lane.go_on(self.headers, at + 1, now)) < count:
            self.learned -= 1

    def spoil(self, packet: bytes) -> bytes:
        dice, spoilt = self.dice, bytearray(packet)
        match dice.randrange(12):
            case 0:
                del spoilt[dice.randrange(len(spoilt)) :]
            case 1:
                for _ in range(dice.randint(1, 6)):
                    spoilt[dice.randrange(min(len(spoilt), 40))] = dice.randrange(256)
            case 2:
                spoilt += bytes(dice.randrange(LARGEST_PACKET))
            case _:
                pass
        return bytes(spoilt)

    def batch(self, now: float) -> None:
        """Post, fill a batch, and let the lane go through it as the port does; what it leaves is taken as Python would."""
        number, held, numbers = self.dice.randrange(SENDERS), [], []
        wire, sources, _ = self.senders[number]
        before, count = sum(source.packets for source in sources), self.dice.randint(1, READ_BATCH)
        self.kind = self.dice.choice((96, 102))
        self.post(sources, [self.sample(0), self.sample(1)])
        for index in range(count):
            which = self.dice.randrange(2)
            packet = self.spoil(self.sample(which))
            numbers.append((which, self.sequences[which]))
            held.append(ffi.new("unsigned char[]", max(1, len(packet))))
            ffi.memmove(held[-1], packet, len(packet))
            self._address(index, held[-1], len(packet), number if self.dice.random() < 0.95 else 99)
        at, self.lane.told.count = -1, count
        while (at := self.lane.go_on(self.headers, at + 1, now)) < count:
            self.left += 1
            which, sources[which].highest = numbers[at]
        self.forwarded += sum(source.packets for source in sources) - before
        list(self.lane.take_heard(wire))
        if self.dice.random() < 0.1:
            self._leave(number)

    def _leave(self, number: int) -> None:
        """Somebody goes, and all that was theirs with them; another one comes from the same address."""
        self.lane.unbind(self.key(number))
        for source in self.senders[number][1]:
            self.posted.pop(source, None)
        self.senders[number] = self._sender(number)

    def _address(self, index: int, memory: Any, size: int, number: int) -> None:
        header, name = self.headers[index], self.names + 32 * index
        key = self.key(number)
        ffi.memmove(name, key if isinstance(key, bytes) else key.to_bytes(8, sys.byteorder), 28 if isinstance(key, bytes) else 8)
        self.vectors[index].iov_base, self.vectors[index].iov_len = memory, size
        header.msg_hdr.msg_iov, header.msg_hdr.msg_iovlen, header.msg_hdr.msg_name = self.vectors + index, 1, name
        header.msg_len = size


def _open(_session: Any, packet: Any, size: Any) -> int:
    return int(size[0] < 12 or ffi.cast("unsigned char *", packet)[0] == 0xFF)


def _seal(_session: Any, packet: Any, size: Any) -> int:
    ffi.memmove(ffi.cast("unsigned char *", packet) + size[0], bytes(SEALING), SEALING)
    size[0] += SEALING
    return 0


def main() -> int:
    """Print how many packets were forwarded, how many were left to Python, and of how many reports was learned."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.lane", description=__doc__)
    parser.add_argument("--library", type=Path, default=native.LIBRARY)
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=44)
    options = parser.parse_args()
    native.library = native.load(options.library)
    ground = Ground(Random(options.seed))
    for number in range(options.batches):
        ground.batch(100 + number / 100)
        if number % 8 == 0:
            ground.batch_of_reports(100 + number / 100)
    print(f"forwarded {ground.forwarded} left {ground.left} learned {ground.learned}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
