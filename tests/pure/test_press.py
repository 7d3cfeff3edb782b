"""Making documents is bounded: one at a time in a thread, and a queue with an end."""

import os
import signal
import threading
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from server.core import press
from server.core.press import Press
from server.errors import Overloaded
from server.notes.export.fhir import make_fhir
from server.notes.export.pdf import make_pdf
from server.web.i18n import Languages
from tests.cast import fixed_id
from tests.dossiers import NOTES, dossier

pytestmark = [pytest.mark.anyio, pytest.mark.row("N9")]

ENGLISH = Languages([]).choose(None, "")
SIGNED = dossier(NOTES["signed"])


async def test_a_flood_of_exports_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "MAX_WAITING", 3)
    machine, event = Press(), threading.Event()

    def held() -> bytes:
        return b"" if event.wait(10) else b"late"

    async def export() -> None:
        assert await machine.make(held) == b""

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(export)
        with anyio.fail_after(10):
            while machine._limiter.statistics().tasks_waiting < 3:
                await anyio.lowlevel.checkpoint()
        assert machine._limiter.statistics().borrowed_tokens == 1
        with pytest.raises(Overloaded):
            await machine.make(held)
        event.set()
    assert await machine.make(held) == b""


def _stuck(told: Path) -> None:
    told.write_text(str(os.getpid()))
    signal.pause()


async def test_work_that_was_given_up_ends_and_gives_its_turn_back(tmp_path: Path) -> None:
    machine, told = Press(), tmp_path / "pid"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(machine.make_apart, _stuck, told)
        with anyio.fail_after(20):
            while not (told.exists() and told.read_text()):
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(10):
        assert await machine.make(lambda: "next") == "next"
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


async def test_what_goes_wrong_is_heard_and_gives_its_turn_back() -> None:
    machine = Press()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await machine.make(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await machine.make_apart(divmod, 1, 0)


async def test_both_forms_come_out() -> None:
    machine = Press()
    assert (await machine.make(lambda: make_pdf(SIGNED, ENGLISH, whole=False))).startswith(b"%PDF-1.7")
    fhir = await machine.make(lambda: make_fhir(SIGNED, ENGLISH, fixed_id("bundle"), whole=False))
    assert fhir.startswith(b'{"resourceType":"Bundle"')
