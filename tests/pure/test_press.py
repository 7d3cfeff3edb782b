"""Making documents is bounded: one at a time in a thread, and a queue with an end."""

import threading
from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from server.errors import Overloaded
from server.notes.export import press
from server.notes.export.press import Press
from server.web.i18n import Languages
from tests.cast import fixed_id
from tests.dossiers import NOTES, dossier

pytestmark = [pytest.mark.anyio, pytest.mark.row("N9")]

ENGLISH = Languages([]).choose(None, "")
SIGNED = dossier(NOTES["signed"])


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Documents wait for this event."""
    event = threading.Event()
    monkeypatch.setattr(press, "make_pdf", lambda *_, **__: b"" if event.wait(10) else b"late")
    yield event
    event.set()


async def test_a_flood_of_exports_is_bounded(held: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "MAX_WAITING", 3)
    machine = Press()

    async def export() -> None:
        assert await machine.pdf(SIGNED, ENGLISH, whole=False) == b""

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(export)
        with anyio.fail_after(10):
            while machine._limiter.statistics().tasks_waiting < 3:
                await anyio.lowlevel.checkpoint()
        assert machine._limiter.statistics().borrowed_tokens == 1
        with pytest.raises(Overloaded):
            await machine.pdf(SIGNED, ENGLISH, whole=False)
        with pytest.raises(Overloaded):
            await machine.fhir(SIGNED, ENGLISH, fixed_id("bundle"), whole=False)
        held.set()
    assert await machine.pdf(SIGNED, ENGLISH, whole=False) == b""


async def test_both_forms_come_out() -> None:
    machine = Press()
    assert (await machine.pdf(SIGNED, ENGLISH, whole=False)).startswith(b"%PDF-1.7")
    assert (await machine.fhir(SIGNED, ENGLISH, fixed_id("bundle"), whole=False)).startswith(b'{"resourceType":"Bundle"')
