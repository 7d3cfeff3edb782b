"""A call over a real engine, as the pages hear of it on the room socket."""

import os
import signal
import time
from typing import Any

import anyio
import pytest

from server.adapters.own_engine import OwnEngine
from server.consultation.exchange import PATIENCE_S
from server.core.house import House
from server.media_control import Offer, Side
from tests.cast import ALICE, BOB, Meeting
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


def offers(client: Client, epoch: int, side: Side) -> list[dict[str, Any]]:
    return [offer for offer in client.page.heard("offer") if (offer["epoch"], offer["side"]) == (epoch, side)]


async def offered(client: Client, epoch: int, side: Side, count: int = 1) -> dict[str, Any]:
    """Read until this side is offered in this epoch, `count` times in all."""
    with anyio.fail_after(WAIT_S):
        await client.until(lambda: len(offers(client, epoch, side)) >= count)
    return offers(client, epoch, side)[-1]


def read(offer: dict[str, Any]) -> Offer:
    return Offer(room="r", peer="p", side=offer["side"], number=offer["number"], sdp=offer["sdp"], streams=[])


async def answers(client: Client, offer: dict[str, Any], caller: Caller) -> None:
    same = {name: offer[name] for name in ("epoch", "side", "number")}
    await client.command("answer", **same, sdp=answer_to(read(offer), caller))


async def takes(client: Client, epoch: int, side: Side) -> Caller:
    """Answer an offer as a browser does, and connect."""
    offer = await offered(client, epoch, side)
    caller = caller_for(read(offer))
    await answers(client, offer, caller)
    await caller.connect(attribute(offer["sdp"], "fingerprint"))
    return caller


async def is_brought(client: Client, caller: Caller, epoch: int, whom: set[str]) -> None:
    """Answer what is offered until it is what these send, and nobody else."""
    brought: set[str] | None = None
    while brought != whom:
        offer = await offered(client, epoch, "subscribe")
        count, brought = len(offers(client, epoch, "subscribe")), {stream["peer"] for stream in offer["streams"]}
        await answers(client, offer, caller)
        if brought != whom:
            await offered(client, epoch, "subscribe", count + 1)


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


async def test_whom_the_engine_let_go_of_is_let_in_again_and_the_others_stay_where_they_are(
    sockets: str, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with (
        as_staff(sockets, house, ALICE, meeting) as alice,
        as_patient(sockets, house, meeting) as dana,
        as_staff(sockets, house, BOB, meeting) as bob,
    ):
        await alice.command("admit")
        await bob.command("enter")
        with anyio.fail_after(WAIT_S):
            await alice.until(lambda: route_of(alice)["path"] == "engine")
        route = route_of(alice)
        epoch = route["epoch"]
        callers = [await takes(client, epoch, "publish") for client in (alice, bob)]
        callers.append(await takes(alice, epoch, "subscribe"))
        lost = await takes(dana, epoch, "publish")
        await is_brought(alice, callers[-1], epoch, {bob.welcome["peer"], dana.welcome["peer"]})
        await lost.hang_up()
        await is_brought(alice, callers[-1], epoch, {bob.welcome["peer"]})
        clock.advance(PATIENCE_S)
        again = await offered(dana, epoch, "publish", 2)
        assert again["number"] == 1
        assert attribute(again["sdp"], "ice-ufrag") != attribute(offers(dana, epoch, "publish")[0]["sdp"], "ice-ufrag")
        callers.append(await takes(dana, epoch, "publish"))
        await is_brought(alice, callers[2], epoch, {bob.welcome["peer"], dana.welcome["peer"]})
        assert route_of(alice) == route
        assert [len(offers(client, epoch, "publish")) for client in (alice, bob)] == [1, 1]
        assert len(house.engines.nodes[0]._rooms) == 1  # type: ignore[attr-defined]
        for caller in callers:
            caller.vanish()
