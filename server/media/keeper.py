"""The process behind an engine of the application's own: it has imported everything, and each engine is a fork of it.

So one that was killed is replaced within some hundredths of a second instead of the half second, or on a busy machine two, that Python
needs to import it. The pages of both are the same ones for as long as neither changes them.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from server.media.control_server import bind_unix
from server.media.worker import Place, calm_collector, run


class Keeper:
    """For each line of standard input it starts an engine, in place of the one before, and writes the process id of that on a line.

    The control socket is there by then: whoever connects is heard as soon as the engine runs, and cut off if it cannot start. The end of
    standard input ends the engine, with its recordings completed, and then the keeper.
    """

    def __init__(self, place: Place, path: Path, serve: Callable[[Place], int] = run) -> None:
        self._place, self._path, self._serve = place, path, serve
        self._engine = 0
        self._leash = -1

    def run(self) -> int:
        """Serve until standard input ends; returns the exit code."""
        calm_collector()
        for _ in sys.stdin.buffer:
            self._end(signal.SIGKILL)
            self._engine = self._start()
            os.write(sys.stdout.fileno(), b"%d\n" % self._engine)
        self._end(None)
        return 0

    def _start(self) -> int:
        """Return the process id of a new engine; in that, do not return."""
        control = bind_unix(self._path)
        control.listen()
        held, self._leash = os.pipe()
        engine = os.fork()
        if engine == 0:
            os.close(self._leash)
            os.dup2(held, sys.stdin.fileno())
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            sys.exit(self._serve(replace(self._place, control=control, owned=True)))
        os.close(held)
        control.close()
        return engine

    def _end(self, how: signal.Signals | None) -> None:
        """End the engine, if there is one, and wait for that: at once by a signal, or gently by the end of its standard input."""
        if not self._engine:
            return
        if how is not None:
            with suppress(ProcessLookupError):
                os.kill(self._engine, how)
        os.close(self._leash)
        os.waitpid(self._engine, 0)
        self._engine = 0
