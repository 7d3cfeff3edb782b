"""A bounded inbox of one owner; when it is full, whoever brings one more waits, and with it the sender behind the socket."""

import asyncio

from server.consultation.asks import Ask
from server.errors import ConsiliumError

MAX_ASKS = 256


class Gone(Exception):
    """The owner has ended: whoever holds on to it has nobody to talk to."""


class Inbox:
    def __init__(self) -> None:
        self._asks: asyncio.Queue[Ask | None] = asyncio.Queue(MAX_ASKS)
        self._ended: ConsiliumError | None = None

    @property
    def empty(self) -> bool:
        return self._asks.empty()

    async def put(self, ask: Ask) -> None:
        """Hand over an ask, which is then answered in any case. Raises `Gone` where the owner has ended already."""
        if self._ended is not None:
            raise Gone
        await self._asks.put(ask)
        self._answer_the_rest()

    async def next(self, within_s: float) -> Ask | None:
        """Return the next ask, or None when the owner was nudged or nothing came."""
        try:
            async with asyncio.timeout(within_s):
                return await self._asks.get()
        except TimeoutError:
            return None

    def nudge(self) -> None:
        """Wake the owner; never waits."""
        if self._asks.empty():
            self._asks.put_nowait(None)

    def end(self, failure: ConsiliumError) -> None:
        """Answer whatever still waits, and refuse the rest."""
        self._ended = failure
        self._answer_the_rest()

    def _answer_the_rest(self) -> None:
        while self._ended is not None and not self._asks.empty():
            ask = self._asks.get_nowait()
            if ask is not None:
                ask.answer(self._ended)
