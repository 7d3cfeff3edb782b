"""A call over a real engine, as the pages hear of it on the room socket."""

import os
import signal
import time
from typing import Any

import anyio
import pytest

from server.adapters.own_engine import OwnEngine
from server.consultation.commands import Side
from server.consultation.exchange import PATIENCE_S
from server.core.house import House
from server.media_control import Offer
from tests.cast import ALICE, Meeting
from tests.conftest import StillClock
from tests.live.media.app_side import answer_to, attribute, caller_for
from tests.live.media.caller import Caller
from tests.live.room_client import WAIT_S, Client, as_patient, as_staff

pytestmark = [pytest.mark.anyio, pytest.mark.row("V7")]

PLACED_AGAIN_S = 10.0  # on a machine that is busy with other tests; the figure is printed


def own_engine(house: House) -> OwnEngine:
    place = house.engines.nodes[0].place  # type: ignore[attr-defined]
    assert isinstance(place, OwnEngine)
    return place


def route_of(client: Client) -> dict[str, Any]:
    return client.page.route or {}


async def offered(client: Client, epoch: int, side: Side) -> dict[str, Any]:
    """Read until this side is offered in this epoch."""

    def found() -> list[dict[str, Any]]:
        return [offer for offer in client.page.heard("offer") if (offer["epoch"], offer["side"]) == (epoch, side)]

    with anyio.fail_after(WAIT_S):
        await client.until(found)
    return found()[-1]


async def takes(client: Client, epoch: int, side: Side) -> Caller:
    """Answer an offer as a browser does, and connect."""
    offer = await offered(client, epoch, side)
    text = Offer(room="r", peer="p", side=side, number=offer["number"], sdp=offer["sdp"], streams=[])
    caller = caller_for(text)
    await client.command("answer", epoch=epoch, side=side, number=text.number, sdp=answer_to(text, caller))
    await caller.connect(attribute(offer["sdp"], "fingerprint"))
    return caller


async def test_two_who_are_stuck_go_over_an_engine_and_over_the_next_one_when_it_dies(
    sockets: str, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        before = route_of(alice)["epoch"]
        assert route_of(alice)["path"] == "p2p"
        await dana.command("stuck")
        for client in (alice, dana):
            await offered(client, before + 1, "publish")
            assert route_of(client) == {"path": "engine", "epoch": before + 1, "settled": False}
        callers = [await takes(client, before + 1, "publish") for client in (alice, dana)]
        callers += [await takes(client, before + 1, "subscribe") for client in (alice, dana)]
        for client in (alice, dana):
            await client.command("flowing", epoch=before + 1)
        with anyio.fail_after(WAIT_S):
            await alice.until(lambda: route_of(alice)["settled"])
        pid = own_engine(house).pid
        assert pid is not None
        clock.advance(PATIENCE_S)
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        with anyio.fail_after(PLACED_AGAIN_S):
            for client in (alice, dana):
                await offered(client, before + 2, "publish")
        print(f"engine killed: offers again after {(time.monotonic() - killed) * 1000:.0f} ms")
        assert own_engine(house).pid != pid
        await dana.command("chat", body="Here I am again.")
        for caller in callers:
            caller.vanish()
