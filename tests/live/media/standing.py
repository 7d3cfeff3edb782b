"""A whole engine in this process, and the application that drives it."""

from server.media.engine import TURNS, Engine
from server.media.udp import UdpMux
from tests.live.media.app_side import App


class Standing:
    """An engine with its port, and the application that drives it."""

    def __init__(self, engine: Engine, mux: UdpMux, app: App) -> None:
        self.engine, self.mux, self.app = engine, mux, app

    def tick(self, now: float) -> None:
        """Let every room have its turn."""
        for _ in range(TURNS):
            self.engine.tick(now)
