"""The only place that creates tasks: each has an owner, an ending and somebody who hears of its crash."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
MOST_DOUBLINGS = 8  # beyond the longest pause already; an unbounded power would overflow one day
HEALTHY_S = 60.0  # who ran so long before it crashed has not been failing in a row
ALARM_AFTER = 5


class Supervisor:
    """Owns every background task of the process. `spawn` contains a crash to its object, `keep` starts again."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def spawn(
        self,
        work: Coroutine[Any, Any, None],
        *,
        name: str,
        on_crash: Callable[[BaseException], None] | None = None,
    ) -> asyncio.Task[None]:
        """Run `work` once; a crash is logged once (its type, never its text) and handed to `on_crash`."""
        task = asyncio.get_running_loop().create_task(self._contain(work, name, on_crash), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def spawn_alone(self, factory: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> asyncio.Task[None]:
        """Run `factory()` once, unless a task of that name still runs; returns the one that runs."""
        running = next((task for task in self._tasks if task.get_name() == name), None)
        return running or self.spawn(factory(), name=name)

    def keep(self, factory: Callable[[], Awaitable[None]], *, name: str) -> asyncio.Task[None]:
        """Run `factory()` again whenever it ends or crashes, with a growing pause, until the supervisor closes."""
        return self.spawn(self._again(factory, name), name=name)

    async def close(self, deadline_s: float) -> None:
        """Cancel what still runs and wait for it, at most `deadline_s` seconds."""
        self._closing = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_s)

    async def _contain(self, work: Coroutine[Any, Any, None], name: str, on_crash: Callable[[BaseException], None] | None) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - this is the place where crashes end
            log.error(  # noqa: TRY400 - a traceback's text may hold a person's data
                "task crashed", task=name, error=type(error).__name__, where=where(error)
            )
            if on_crash is not None:
                on_crash(error)

    async def _again(self, factory: Callable[[], Awaitable[None]], name: str) -> None:
        failures = 0
        while not self._closing:
            began = self._monotonic()
            try:
                await factory()
                failures = 0
            except Exception as error:  # noqa: BLE001 - kept tasks survive every crash
                failures = 1 if self._monotonic() - began >= HEALTHY_S else failures + 1
                level = logging.ERROR if failures >= ALARM_AFTER else logging.WARNING
                log.log(level, "task restarts", task=name, error=type(error).__name__, where=where(error), failures=failures)
            await asyncio.sleep(pause_after(failures))


def pause_after(failures: int) -> float:
    """Return for how many seconds to wait after so many failures in a row."""
    return min(FIRST_PAUSE_S * 2.0 ** min(failures, MOST_DOUBLINGS), LONGEST_PAUSE_S)


def where(error: BaseException) -> str:
    """Return file and line of the innermost frame: enough to find a bug, without the text that may hold a person's data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "?"
