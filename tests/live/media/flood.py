"""`python -m tests.live.media.flood SOCKET HOST PORT COUNT`: sends the datagrams of standard input, over and over, as fast as it can.

A process of its own: nothing else runs while a loop of Python sends. Each datagram stands behind its length, in two bytes.
"""

import itertools
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

ROOT = Path(__file__).resolve().parents[3]


def begin(sender: socket.socket, to: tuple[str, int], packets: Sequence[bytes], count: int) -> subprocess.Popen[bytes]:
    """Have so many datagrams sent from this socket, which stays the caller's; the process ends by itself with code 0."""
    with TemporaryFile() as given:
        given.write(b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets))
        given.seek(0)
        command = [sys.executable, "-m", "tests.live.media.flood", str(sender.fileno()), to[0], str(to[1]), str(count)]
        return subprocess.Popen(command, stdin=given, pass_fds=[sender.fileno()], cwd=ROOT)


def read(given: BinaryIO) -> Iterator[bytes]:
    while length := given.read(2):
        yield given.read(int.from_bytes(length, "big"))


def main() -> None:
    number, host, port, count = sys.argv[1:]
    to, packets = (host, int(port)), itertools.cycle(list(read(sys.stdin.buffer)))
    with socket.socket(fileno=int(number)) as sender:
        for packet in itertools.islice(packets, int(count)):
            try:
                sender.sendto(packet, to)
            except BlockingIOError:
                continue


if __name__ == "__main__":
    main()
