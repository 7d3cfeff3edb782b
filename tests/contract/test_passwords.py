"""Comparing passwords costs much, so it is bounded, and it costs the same for a name that does not exist."""

import threading
from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from server.errors import Overloaded
from server.identity import passwords
from server.identity.passwords import HASHER, NOBODY, Passwords

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Comparisons wait for this event."""
    event = threading.Event()
    monkeypatch.setattr(passwords, "_fits", lambda *_: event.wait(10))
    yield event
    event.set()


async def test_bad_32_a_flood_that_waits_for_hashing_is_bounded(held: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    gate = Passwords()
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(gate.verify, None, "x")
        with anyio.fail_after(30):
            while gate._limiter.statistics().tasks_waiting < 3:
                await anyio.lowlevel.checkpoint()
        with pytest.raises(Overloaded):
            await gate.verify(None, "x")
        held.set()
    assert not await gate.verify(None, "x")


@pytest.mark.parametrize("password", ["", "nobody has this password", "\0" * 32])
async def test_no_password_fits_nobody(password: str) -> None:
    assert not await Passwords().verify(None, password)


def test_nobody_costs_what_everybody_costs() -> None:
    assert NOBODY.rsplit("$", 2)[0] == HASHER.hash("anything").rsplit("$", 2)[0]
    assert len(NOBODY) == len(HASHER.hash("anything"))


async def test_bad_32_the_first_unknown_name_makes_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    class Verifier:
        verify = staticmethod(HASHER.verify)

    monkeypatch.setattr(passwords, "HASHER", Verifier())
    assert not await Passwords().verify(None, "x")
