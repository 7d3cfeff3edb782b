"""uvicorn's websocket with two bounds that it lacks: on the pieces of one message and on pings, which no application ever sees."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from server.errors import TooFast
from server.web.bucket import Bucket

MAX_PIECES = 256  # of one message; an empty piece adds nothing to its size, and would be kept for ever
PINGS_PER_S, PINGS_BURST = 1.0, 20.0  # browsers send none; each is answered, and the answers of a peer that does not read pile up
TOO_BIG = 1009


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """Closes 1009 for too many pieces, 4429 for too many pings; everything else is uvicorn's."""

    _pings: Bucket | None = None

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_PIECES:
            self._fail(TOO_BIG, "pieces")
        else:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        now = self.loop.time()
        self._pings = self._pings or Bucket.full(PINGS_PER_S, PINGS_BURST, now)
        if self._pings.take(now):
            super().handle_ping()
        else:
            self._fail(TooFast.close_code, TooFast.code)

    def _fail(self, code: int, reason: str) -> None:
        """Say goodbye and stop reading, as uvicorn does after what it cannot parse; what came in the same breath is passed over."""
        if not self.transport.is_closing():
            self.conn.fail(code, reason)
            self.handle_parser_exception()
