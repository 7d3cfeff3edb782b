"""Makes documents in a thread, one at a time, so that they cost the calls on this server as little as they can."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

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
        """
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise Overloaded
        return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=leave)
