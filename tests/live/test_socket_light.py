"""The light stand-ins for asyncio's queue and event: nothing is lost, nobody waits for ever, and whoever gives up harms nobody."""

import asyncio

import pytest

from server.core.supervise import Supervisor
from server.web.light import Gate, Mailbox

pytestmark = pytest.mark.anyio
FIRST, SECOND = {"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}


async def test_messages_come_in_order_and_none_is_left() -> None:
    box = Mailbox()
    box.put_nowait(FIRST)  # type: ignore[arg-type]
    box.put_nowait(SECOND)  # type: ignore[arg-type]
    assert (box.qsize(), box.empty()) == (2, False)
    assert [await box.get(), await box.get()] == [FIRST, SECOND]
    assert (box.qsize(), box.empty()) == (0, True)
    with pytest.raises(asyncio.QueueEmpty):
        box.get_nowait()


async def test_a_reader_is_woken_also_after_one_that_gave_up() -> None:
    box = Mailbox()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await box.get()
    asyncio.get_running_loop().call_soon(box.put_nowait, FIRST)
    assert await asyncio.wait_for(box.get(), 5) == FIRST


async def test_a_gate_is_open_until_it_is_cleared() -> None:
    gate = Gate()
    await asyncio.wait_for(gate.wait(), 30)
    gate.clear()
    gate.clear()
    waiters = [Supervisor().spawn(gate.wait(), name="waiter") for _ in range(3)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    await asyncio.sleep(0)
    assert [waiter.done() for waiter in waiters] == [True, False, False]
    gate.set()
    gate.set()
    await asyncio.wait_for(asyncio.gather(*waiters[1:]), 30)


async def test_a_gate_that_closes_again_at_once_holds_back_whoever_was_woken() -> None:
    gate = Gate()
    gate.clear()
    waiter = Supervisor().spawn(gate.wait(), name="waiter")
    await asyncio.sleep(0)
    gate.set()
    gate.clear()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiter.done()
    gate.set()
    await asyncio.wait_for(waiter, 30)
