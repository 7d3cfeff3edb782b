"""Makes documents in a thread, one at a time, so that they cost the calls on this server as little as they can."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import TypeVar

import anyio

from server.errors import Overloaded

MAX_AT_ONCE = 1  # a record of 200 pages takes 300 MB and two seconds of one core
MAX_WAITING = 20  # whoever comes then is told to try again

Made = TypeVar("Made")


class Press:
    """One per process."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(MAX_AT_ONCE)

    async def make(self, work: Callable[[], Made], *, leave: bool = False) -> Made:
        """Return what `work` makes; raises what it raises, and `Overloaded` when too many wait already.

        With `leave` a deadline of the caller's holds at once, and what was begun ends unheard; its own bounds must end it.
        Others wait until it has really ended, so that one at a time stays true.
        """
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise Overloaded
        turn = object()
        await self._limiter.acquire_on_behalf_of(turn)
        begun = asyncio.get_running_loop().run_in_executor(None, copy_context().run, work)
        begun.add_done_callback(partial(self._ended, turn))
        with anyio.CancelScope(shield=not leave):
            await asyncio.wait({begun})
        return begun.result()

    def _ended(self, turn: object, ended: asyncio.Future[Made]) -> None:
        self._limiter.release_on_behalf_of(turn)
        ended.exception()  # of what was left, nobody else hears
