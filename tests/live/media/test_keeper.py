"""The keeper of an own engine: lean, quick to start the next one, and gone with whoever started it."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.media_control import Connected
from tests.live.media.app_side import App, Member, open_room
from tests.live.media.caller import until
from tests.servers import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.row("V7")]

WHOLE = "import sys, server.__main__, server.media.keeper; print(*sys.modules)"
HEAVY = {
    "jinja2", "numpy", "pycrdt", "server.access", "server.adapters", "server.app", "server.consultation", "server.demo", "server.notes",
    "server.web", "sqlalchemy", "starlette", "stripe", "typst", "uvicorn",
}  # fmt: skip


def test_an_engine_imports_nothing_of_the_application() -> None:
    """Half of the time in which a killed engine would be missed, were it imported for itself."""
    done = subprocess.run([sys.executable, "-c", WHOLE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


@pytest.fixture
async def keeper(tmp_path: Path) -> AsyncIterator[Process]:
    command = [sys.executable, "-m", "server", "media", "--listen", "127.0.0.1:0", "--control", str(tmp_path / "control"), "--owned"]
    keeper = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    yield keeper
    await App.hang_up_all()
    if keeper.returncode is None:
        keeper.kill()
    await keeper.wait()


async def started(keeper: Process) -> int:
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    keeper.stdin.write(b"start\n")
    return int(await asyncio.wait_for(keeper.stdout.readline(), 30))


async def test_each_word_starts_another_engine_that_serves_at_once(keeper: Process, tmp_path: Path) -> None:
    first = await started(keeper)
    older = await App.at(tmp_path / "control")
    second = await started(keeper)
    with pytest.raises((EOFError, ConnectionError)):
        await older.read()
    assert second != first
    assert not runs(first)
    app = await App.at(tmp_path / "control")
    await open_room(app)
    ann = Member(app, "ann")
    await ann.join()
    await ann.answer("publish")
    assert (await app.event(Connected)).side == "publish"
    ann.vanish()


async def test_an_engine_that_was_killed_is_no_hindrance(keeper: Process, tmp_path: Path) -> None:
    os.kill(await started(keeper), signal.SIGKILL)
    assert runs(await started(keeper))
    await open_room(await App.at(tmp_path / "control"))


async def test_both_end_with_its_standard_input(keeper: Process, tmp_path: Path) -> None:
    engine = await started(keeper)
    app = await App.at(tmp_path / "control")
    assert keeper.stdin is not None
    keeper.stdin.close()
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()
    assert await asyncio.wait_for(keeper.wait(), 30) == 0
    assert not runs(engine)


async def test_an_engine_ends_with_a_keeper_that_is_killed(keeper: Process) -> None:
    engine = await started(keeper)
    keeper.kill()
    await until(lambda: not runs(engine))


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
