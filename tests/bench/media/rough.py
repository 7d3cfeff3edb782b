"""An engine on a bad network, for tests alone: it loses packets, and on SIGUSR1 it knows no browser's address any more. For how long a
silent browser is waited for can be chosen.

The second is what a browser's change of its network looks like from here: nothing comes from where it was, or arrives there.
"""

import argparse
import asyncio
import random
import signal
import sys
from typing import Any

from server import __main__ as command_line
from server.media import ice, limits, mmsg, worker
from server.media.udp import UdpMux

LOSS, CONSENT = "--loss", "--consent"
CONSENT_NAME = "CONSENT_S"


class RoughMux(UdpMux):
    """A port whose packets may be lost, and whose browsers may move away."""

    loss = 0.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named, drop=(lambda: random.random() < self.loss) if self.loss else None)
        self.left: set[object] = set()

    def start(self) -> None:
        super().start()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.move)

    def move(self) -> None:
        self.left |= set(self.by_address)
        for connection in list(self.by_address.values()):
            for key in list(connection.addresses):
                self._unbind(key)
            connection.addresses.clear()
            if self.lane is not None:
                connection.wire.name_length = 0

    def _take_check(self, packet: bytes, route: mmsg.Route, now: float) -> None:
        if route.key not in self.left:
            super()._take_check(packet, route, now)

    def _collect(self, route: mmsg.Route, index: int, size: int) -> None:
        if route.key not in self.left:
            super()._collect(route, index, size)


def main() -> int:
    """Take the two options that are for tests, and start an engine with all the others."""
    parser = argparse.ArgumentParser()
    parser.add_argument(LOSS, type=float, default=0.0)
    parser.add_argument(CONSENT, type=float, default=limits.CONSENT_S)
    options, others = parser.parse_known_args()
    RoughMux.loss = options.loss
    setattr(ice, CONSENT_NAME, options.consent)
    setattr(worker, UdpMux.__name__, RoughMux)
    return command_line.main(["media", *others])


if __name__ == "__main__":
    sys.exit(main())
