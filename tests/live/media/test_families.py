"""IPv4 and IPv6 at one port."""

from contextlib import ExitStack

import pytest

from server.media.dtls import Identity
from server.media.sockets import bind, bind_all
from tests.live.media.caller import until
from tests.live.media.line import RTP, dial, ground, numbered
from tests.servers import need_six

pytestmark = [pytest.mark.anyio, pytest.mark.row("V5")]


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
async def test_both_families_share_a_port(fast: bool) -> None:
    need_six()
    async with ground(second="::1", fast=fast) as mux:
        identity = Identity()
        (four, first), (six, second) = await dial(mux, identity), await dial(mux, identity, "::1")
        for line, caller in ((four, first), (six, second)):
            caller.send_rtp(RTP)
            await until(lambda line=line: line.rtp == [RTP])
        for sequence in range(4):
            for line in (four, six):
                at = mux.slot()
                mux.out[at : at + len(RTP)] = numbered(sequence)
                mux.send_rtp(line.connection, at, len(RTP))
        mux.flush()
        await until(lambda: first.rtp == second.rtp == [numbered(sequence) for sequence in range(4)])


async def test_a_number_that_only_one_family_has_free_is_passed_over() -> None:
    need_six()
    with ExitStack() as taken:
        for _ in range(200):
            taken.enter_context(bind("::1", 0))
        sockets = [taken.enter_context(bound) for bound in bind_all("127.0.0.1", "::1", 0)]
        assert len({bound.getsockname()[1] for bound in sockets}) == 1


async def test_a_port_that_is_taken_is_not_shared() -> None:
    need_six()
    with bind("127.0.0.1", 0) as taken:
        port: int = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            bind("127.0.0.1", port)
        with pytest.raises(OSError, match="in use"):
            bind_all("::1", "127.0.0.1", port)
