"""An engine of this server's own: a child process on the same machine, started at the first call that needs one."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from server.adapters.engines import Place, Remote
from server.address import is_ip, reachable_host
from server.media_control import LONGEST_LINE
from server.settings import Settings

log = structlog.get_logger(__name__)

START_S = 10.0
LOOK_S = 0.02


class OwnEngine:
    """Starts the engine whenever it is to be reached and does not run. It ends with this process, however that ends: its standard input is
    a pipe from here.
    """

    there = True
    secret: bytes | None = None
    name = "own"

    def __init__(self, listen: str, announce: str, recordings: Path) -> None:
        self._options = ["--listen", listen, *(["--announce", announce] if announce else []), "--recordings", str(recordings.absolute())]
        self._folder: TemporaryDirectory[str] | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.pid is None:
            await self._start()
        return await asyncio.open_unix_connection(self._control, limit=LONGEST_LINE)

    async def _start(self) -> None:
        """Raises `OSError` where it cannot be started; its log says why."""
        self._folder = self._folder or TemporaryDirectory(prefix="consilium-media-")  # private, and short enough for a socket's path
        self._control.unlink(missing_ok=True)
        command = [sys.executable, "-m", "server", "media", *self._options, "--control", str(self._control), "--owned"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSILIUM_")}
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, start_new_session=True, env=environment, cwd=Path(__file__).parents[2]
        )
        async with asyncio.timeout(START_S):
            while not self._control.exists():
                if self._process.returncode is not None:
                    raise ConnectionError
                await asyncio.sleep(LOOK_S)
        log.info("own engine started")

    @property
    def _control(self) -> Path:
        return Path(self._folder.name if self._folder else ".", "control")

    async def give_up(self) -> None:
        """Kill it: one that is dead or hangs is in the way of the next."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def close(self) -> None:
        """End it and wait for that."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        if self._folder is not None:
            self._folder.cleanup()


def places_of(settings: Settings) -> list[Place]:
    """Return the engines that are named or, where none is, one of our own.

    By default that listens where others can reach this machine, also for the demo on loopback: Firefox calls no loopback address, and the
    engine answers nobody who was not invited.
    """
    secret = settings.media_secret.get_secret_value().encode()
    named = (node.rpartition(":") for node in settings.media_nodes)
    places: list[Place] = [Remote((host.strip("[]"), int(port)), secret) for host, _, port in named]
    if not places and settings.media == "own":
        own = reachable_host("0.0.0.0")  # noqa: S104 - asked for what others can reach, not bound
        places = [
            OwnEngine(settings.media_listen or f"{own if is_ip(own) else '127.0.0.1'}:0", settings.media_announce, settings.recordings_dir)
        ]
    return places
