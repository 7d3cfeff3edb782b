"""Starts servers as forks of one process that has imported everything (`tests.forker`): a fresh one takes seconds of work for that."""

import atexit
import itertools
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
ENDS_WITHIN_S = 5.0
NUMBERS = itertools.count(1)


class Fork:
    """One process that is not our own child, with the methods of `subprocess.Popen` that our tests need."""

    def __init__(self, arguments: Sequence[str], log: Path, env: Mapping[str, str], errors: Path | None = None) -> None:
        self.args = list(arguments)
        log.touch()
        self._code = log.with_name(f"{log.name}.{next(NUMBERS)}.code")
        files = {"log": str(log), "errors": str(errors or log), "code": str(self._code)}
        self.pid = _ask({"arguments": self.args, "env": dict(env), **files})
        try:
            self._handle: int | None = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self._handle = None  # it has ended already

    @property
    def returncode(self) -> int | None:
        """The exit code, None while it runs; of one that was killed we know no more than that."""
        if not self._ended(0):
            return None
        return int(self._code.read_text()) if self._code.exists() else -signal.SIGKILL

    def poll(self) -> int | None:
        """Return None while it runs."""
        return self.returncode

    def wait(self, timeout: float) -> None:
        """Raise `subprocess.TimeoutExpired` when it still runs after so many seconds."""
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout)

    def send_signal(self, what: int) -> None:
        if self.poll() is None and self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, what)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, within_s: float) -> bool:
        """A handle can be read as soon as its process has ended; then it is closed."""
        if self._handle is None:
            return True
        watch = select.poll()
        watch.register(self._handle, select.POLLIN)
        if not watch.poll(within_s * 1000):
            return False
        os.close(self._handle)
        self._handle = None
        return True


def run(arguments: Sequence[str], env: Mapping[str, str], *, within_s: float = 60) -> "subprocess.CompletedProcess[str]":
    """Run a command of the server to its end, whatever that is, as `subprocess.run` would."""
    with TemporaryDirectory() as folder:
        out, errors = Path(folder, "out"), Path(folder, "errors")
        fork = Fork(arguments, out, env, errors)
        try:
            fork.wait(within_s)
        finally:
            fork.kill()
        return subprocess.CompletedProcess(fork.args, fork.poll() or 0, out.read_text(), errors.read_text())


@cache
def _forker() -> "subprocess.Popen[bytes]":
    """Return the process of this run, started once."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CONSILIUM_", "PYTHONDONTWRITE"))}
    forker = subprocess.Popen(
        [sys.executable, "-m", "tests.forker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**env, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    atexit.register(_end, forker)
    return forker


def _end(forker: "subprocess.Popen[bytes]") -> None:
    forker.communicate(timeout=ENDS_WITHIN_S)


def _ask(what: Mapping[str, object]) -> int:
    forker = _forker()
    assert forker.stdin is not None
    assert forker.stdout is not None
    forker.stdin.write(json.dumps(what).encode() + b"\n")
    forker.stdin.flush()
    return int(forker.stdout.readline())
