"""A browser that speaks under more names than anybody needs."""

from collections.abc import AsyncIterator
from struct import pack

import pytest

from server.media.dtls import Identity
from server.media.limits import SOURCES
from server.media.udp import UdpMux
from tests.live.media.caller import until
from tests.live.media.line import RTP, dial, ground

pytestmark = [pytest.mark.anyio, pytest.mark.row("V5")]


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
async def mux(request: pytest.FixtureRequest) -> AsyncIterator[UdpMux]:
    async with ground(fast=request.param) as mux:
        yield mux


async def test_bad_44_who_speaks_under_ever_new_names_is_let_go(mux: UdpMux) -> None:
    """libsrtp keeps a stream for each SSRC, and looks through all of them for each packet: everybody's loop would stand still."""
    line, caller = await dial(mux, Identity())
    for ssrc in range(SOURCES + 1):
        assert not line.reasons
        caller.send_rtp(RTP[:8] + pack("!L", ssrc) + RTP[12:])
        await until(lambda ssrc=ssrc: len(line.rtp) == ssrc + 1 or bool(line.reasons))  # type: ignore[misc]
    await until(lambda: line.reasons == ["crowded"])
