"""Makes documents and looks through files, one at a time, so that they cost the calls on this server as little as they can."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.to_process
import anyio.to_thread

from server.errors import Overloaded

MAX_AT_ONCE = 1  # a record of 200 pages takes 300 MB and two seconds of one core
MAX_WAITING = 20  # whoever comes then is told to try again

Made = TypeVar("Made")
Given = TypeVarTuple("Given")


class Press:
    """One per process."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(MAX_AT_ONCE)

    async def make(self, work: Callable[[], Made]) -> Made:
        """Return what `work` makes in a thread; raises what it raises, and `Overloaded` when too many wait already.

        A thread cannot be ended: whoever gives up waits until it has, so that one at a time stays true.
        """
        self._refuse_if_full()
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)

    async def make_apart(self, work: Callable[[*Given], Made], *given: *Given) -> Made:
        """The same for work on what strangers send, in a process that is kept for it: it ends at once where the caller gives up.

        `work`, what it is given and what it returns or raises must be picklable. Raises `anyio.BrokenWorkerProcess` where it dies.
        """
        self._refuse_if_full()
        return await anyio.to_process.run_sync(work, *given, cancellable=True, limiter=self._limiter)

    def _refuse_if_full(self) -> None:
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise Overloaded
