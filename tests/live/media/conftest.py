"""An engine that stands while a test runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.core.clock import SystemClock
from server.core.supervise import Supervisor
from server.media.control_server import ControlServer
from server.media.dtls import Identity
from server.media.engine import Engine
from server.media.recording import Recordings
from server.media.rooms import Ground
from server.media.udp import UdpMux
from tests.live.media.app_side import App, open_room
from tests.live.media.standing import Standing


@pytest.fixture
async def standing(tmp_path: Path) -> AsyncIterator[Standing]:
    supervisor, clock = Supervisor(), SystemClock()
    mux = UdpMux(supervisor, clock, "127.0.0.1")
    recordings = Recordings(supervisor, clock, tmp_path)
    ground = Ground(mux, Identity(), ("127.0.0.1",))
    control = ControlServer(supervisor, clock, None, lambda tell: Engine(ground, tell, recordings))
    mux.start()
    await control.listen_unix(tmp_path / "control")
    app = await App.at(tmp_path / "control")
    await open_room(app)
    yield Standing(control.driven[0], mux, app)
    await App.hang_up_all()
    await control.close()
    mux.close()
    await recordings.ended(10)
    await supervisor.close(2)
