"""A port whose process is held up between looking at the clock and having sent."""

import pytest

from server.media.dtls import Identity
from server.media.sockets import bind
from server.media.stalls import STALL_S
from tests.conftest import StillClock
from tests.live.media.caller import until
from tests.live.media.line import Line, ground

pytestmark = pytest.mark.anyio


async def test_it_is_noted_where_packets_went_out_later_than_their_time() -> None:
    clock = StillClock()

    def hold_up(_now: float) -> bool:
        clock.advance(2 * STALL_S)
        return False

    async with ground(clock) as mux:
        line, stranger = Line(mux, Identity()), bind("127.0.0.1", 0)
        read_at = clock.monotonic()
        mux.after_batch.append((line.connection, hold_up))
        stranger.sendto(b"?", ("127.0.0.1", mux.port))
        await until(lambda: list(mux.stalls.held_up([read_at])))
        piece_at = clock.monotonic()
        mux.go_on_later(hold_up)
        await until(lambda: list(mux.stalls.held_up([piece_at])))
        stranger.close()
