"""Measures `make run`: from a fresh clone until the server answers, and the second start in the same clone."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.bench.figures import Figure, middle
from tests.servers import ROOT, STOP_S, NotUp

FIRST_START_S = 300.0
POLL_S = 0.02
OF_OUR_OWN_MAKE = ("CONSILIUM_", "MAKE", "MFLAGS", "VIRTUAL_ENV", "PORT", "HOST")


def measure(starts: int, restarts: int = 5) -> Iterator[Figure]:
    """Time `starts` fresh clones and `restarts` second starts in the last of them; raises `NotUp`."""
    first: list[float] = []
    for _ in range(starts - 1):
        with _fresh_clone() as (clone, cloned_s):
            first.append(cloned_s + _timed_run(clone))
    with _fresh_clone() as (clone, cloned_s):
        first.append(cloned_s + _timed_run(clone))
        again = [_timed_run(clone) for _ in range(restarts)]
    yield middle("start_s", first, "s")
    yield middle("restart_s", again, "s")


@contextmanager
def _fresh_clone() -> Iterator[tuple[Path, float]]:
    """Clone the last commit into a temporary folder; gives the folder and the seconds that cloning took."""
    folder = Path(tempfile.mkdtemp(prefix="consilium-start-"))
    began = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", f"file://{ROOT}", str(folder / "clone")], check=True, env=_environment())
    try:
        yield folder / "clone", time.monotonic() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    """What a person's shell would have: without the variables of our own `make`, and without our own virtual environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_OUR_OWN_MAKE)}
    kept["PATH"] = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if Path(part) != ROOT / ".venv" / "bin")
    return kept


def _timed_run(clone: Path) -> float:
    """Return the seconds from typing `make run PORT=0` to the first good answer of /readyz."""
    address = clone / "data" / "server.json"
    address.unlink(missing_ok=True)
    log = clone.parent / "run.log"
    began = time.monotonic()
    child = _make_run(clone, log)
    try:
        while not _answers(address):
            if child.poll() is not None or time.monotonic() - began > FIRST_START_S:
                raise NotUp(f"`make run` did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(POLL_S)
        return time.monotonic() - began
    finally:
        _stop(child)


def _make_run(clone: Path, log: Path) -> subprocess.Popen[bytes]:
    command = ["make", "run", "PORT=0"]
    with log.open("wb") as out:
        return subprocess.Popen(
            command, cwd=clone, env=_environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def _answers(address: Path) -> bool:
    try:
        url: str = json.loads(address.read_text())["base_url"]
        return httpx2.get(f"{url}/readyz", timeout=5, trust_env=False).status_code == 200
    except (OSError, ValueError, httpx2.TransportError):
        return False


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Stop the session that `make` leads: itself and the server."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, how)
            child.wait(STOP_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            return
