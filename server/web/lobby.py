"""Where sockets wait until they have said who they are: a bounded time, and a bounded number of them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from typing import TypeVar

from server.errors import Malformed, Overloaded

SEATS = 256  # one more, and whoever has waited longest is put out: honest pages say hello at once

T = TypeVar("T")


class Lobby:
    """One for each kind of socket; whoever is put out stops waiting at once."""

    def __init__(self, seats: int = SEATS) -> None:
        self._seats = seats
        self._waiting: OrderedDict[asyncio.Timeout, None] = OrderedDict()

    async def wait(self, hello: Awaitable[T], within_s: float) -> T:
        """Return what the other side says first; raises `Malformed` when that is late, `Overloaded` for whoever is put out."""
        patience = asyncio.timeout(within_s)
        try:
            async with patience:
                self._seat(patience)
                return await hello
        except TimeoutError:
            if patience not in self._waiting:
                raise Overloaded from None
            raise Malformed("The page did not say who it is.", code="hello") from None
        finally:
            self._waiting.pop(patience, None)

    def _seat(self, patience: asyncio.Timeout) -> None:
        self._waiting[patience] = None
        if len(self._waiting) > self._seats:
            oldest, _ = self._waiting.popitem(last=False)
            oldest.reschedule(asyncio.get_running_loop().time())
