"""Engines from a keeper, as a server's own ones are."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.browser.engine_link import EngineProcess
from tests.browser.engine_room import own_address
from tests.servers import ROOT


class KeptEngine(EngineProcess):
    """One engine of a keeper, which ends it with the next one or with itself."""

    def __init__(self, pid: int, control: Path) -> None:
        self._pid = pid
        self.connect(control)

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        self._socket.close()
        self.alive = False


class Kept:
    """Makes engines one after the other. `close` ends the last one with its keeper."""

    def __init__(self, folder: Path) -> None:
        self._control = folder / "kept"
        options = ["--listen", f"{own_address()}:0", "--control", str(self._control), "--owned"]
        command = [sys.executable, "-m", "server", "media", *options]
        self._keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __call__(self, folder: Path) -> EngineProcess:
        """Start one; the folder is for engines that keep a log."""
        del folder
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(b"start\n")
        self._keeper.stdin.flush()
        return KeptEngine(int(self._keeper.stdout.readline()), self._control)

    def close(self) -> None:
        self._keeper.communicate()
