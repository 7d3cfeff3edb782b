"""The lobby of the sockets: full at its bound, and nobody who was put out goes on waiting."""

import asyncio

import anyio
import pytest

from server.errors import Malformed, Overloaded
from server.web.lobby import Lobby

pytestmark = pytest.mark.anyio

AN_HOUR = 3600.0


async def test_bad_27_the_longest_waiting_is_put_out_at_once() -> None:
    """It says nothing and hears nothing; its hour is not over for long."""
    lobby, silence, put_out = Lobby(1), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        with pytest.raises(Overloaded):
            await lobby.wait(silence.wait(), AN_HOUR)
        put_out.set()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.lowlevel.checkpoint()
            assert await lobby.wait(put_out.wait(), AN_HOUR)


async def test_bad_27_whoever_says_nothing_is_not_waited_for() -> None:
    with pytest.raises(Malformed) as refused:
        await Lobby().wait(asyncio.Event().wait(), 0.0)
    assert refused.value.code == "hello"


async def test_whoever_has_spoken_takes_no_seat() -> None:
    lobby = Lobby(1)
    for _ in range(3):
        assert await lobby.wait(asyncio.sleep(0, "hello"), AN_HOUR) == "hello"
