"""An engine of this server's own: a process on the same machine, started at the first call that needs one.

What is started is its keeper (`server/media/keeper.py`), which makes an engine at once whenever it is told to.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from server.adapters.engines import Place, Remote
from server.media_lines import Line, connect
from server.settings import Settings

log = structlog.get_logger(__name__)

START_S = 10.0
END_S = 30.0  # for an engine to complete what it records; then it is killed


class OwnEngine:
    """Starts an engine whenever one is to be reached. It ends with this process, however that ends: its keeper's standard input is a pipe
    from here. `pid` is the engine's, once one was started.
    """

    there = True
    secret: bytes | None = None
    name = "own"

    def __init__(self, options: Sequence[str], recordings: Path) -> None:
        """`options` are of `consilium media`: see `Settings.media_options`."""
        self._options = [*options, "--recordings", str(recordings.absolute())]
        self._folder: TemporaryDirectory[str] | None = None
        self._keeper: Process | None = None
        self.pid: int | None = None

    async def reach(self) -> Line:
        if self._keeper is None or self._keeper.returncode is not None:
            self._keeper = await self._keep()
        self.pid = await self._start(self._keeper)
        return await connect(self._control)

    async def _keep(self) -> Process:
        """Raises `OSError` where it cannot be started."""
        self._folder = self._folder or TemporaryDirectory(prefix="consilium-media-")  # private, and short enough for a socket's path
        command = [sys.executable, "-m", "server", "media", *self._options, "--control", str(self._control), "--owned"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSILIUM_")}
        return await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, start_new_session=True, env=environment, cwd=Path(__file__).parents[2]
        )

    async def _start(self, keeper: Process) -> int:
        """Return the process id of a new engine; raises `OSError` where the keeper has none, and its log says why."""
        stdin, stdout = _pipes(keeper)
        try:
            async with asyncio.timeout(START_S):
                stdin.write(b"start\n")
                engine = await stdout.readline()
        except TimeoutError:
            self._kill(keeper)
            raise
        if not engine:
            raise ConnectionError
        log.info("own engine started")
        return int(engine)

    @property
    def _control(self) -> Path:
        return Path(self._folder.name if self._folder else ".", "control")

    async def give_up(self) -> None:
        """Kill it: one that is dead or hangs is in the way of the next. The number is its own for as long as its keeper has not waited."""
        if self.pid is not None and self._keeper is not None and self._keeper.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def close(self) -> None:
        """End it and wait for that."""
        if self._keeper is not None and self._keeper.returncode is None:
            _pipes(self._keeper)[0].close()
            try:
                await asyncio.wait_for(self._keeper.wait(), END_S)
            except TimeoutError:
                self._kill(self._keeper)
        if self._folder is not None:
            self._folder.cleanup()

    def _kill(self, keeper: Process) -> None:
        """Kill it with its engine: they are a group of their own."""
        with suppress(ProcessLookupError):
            os.killpg(keeper.pid, signal.SIGKILL)


def _pipes(keeper: Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if keeper.stdin is None or keeper.stdout is None:
        raise ConnectionError
    return keeper.stdin, keeper.stdout


def places_of(settings: Settings) -> list[Place]:
    """Return the engines that are named or, where none is, one of our own."""
    secret = settings.media_secret.get_secret_value().encode()
    places: list[Place] = [Remote(node, secret) for node in settings.media_addresses]
    if not places and settings.media == "own":
        places = [OwnEngine(settings.media_options, settings.recordings_dir)]
    return places
