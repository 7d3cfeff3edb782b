"""uvicorn's websocket with two bounds that it lacks, on the pieces of one message and on pings, and a short way for plain messages."""

from collections.abc import Callable
from typing import Any

from starlette.types import Receive
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, apply_mask  # type: ignore[attr-defined]  # the one in C, where there is one

from server.errors import TooFast
from server.web.bucket import Bucket
from server.web.light import Gate, Mailbox
from server.web.ws_frames import MASK_BYTES, FrameEnds, plain_content

MAX_PIECES = 256  # of one message; an empty piece adds nothing to its size, and would be kept for ever
PINGS_PER_S, PINGS_BURST = 1.0, 20.0  # browsers send none; each is answered, and the answers of a peer that does not read pile up
TOO_BIG = 1009

Sink = Callable[[bytes], None]


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """Closes 1009 for too many pieces, 4429 for too many pings; everything else is uvicorn's, unless messages are diverted."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._pings: Bucket | None = None
        self._sink: Sink | None = None
        self._ends = FrameEnds()
        self.queue = Mailbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]

    def divert(self, sink: Sink) -> None:
        """From now on hand each binary message to `sink` as it comes, and a text, which it has no use for, as an empty one in its place.
        The ASGI `receive` brings only the end.

        A plain frame goes past the parser, the queue and the task that waits for it: together they cost more than all that the note
        does with a letter. The sink must take at the peer's speed and raise nothing, for nothing is held back any more.
        """
        self._sink = sink
        self._forget_handshake()
        for message in [self.queue.get_nowait() for _ in range(self.queue.qsize())]:
            if message["type"] == "websocket.receive":
                sink(message.get("bytes") or b"")
            else:
                self.queue.put_nowait(message)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def _forget_handshake(self) -> None:
        """Let go of what only the handshake needed, a tenth of all that an open socket holds: a note stays open for hours."""
        self.request.headers.clear()
        self.response.headers.clear()
        self.scope["headers"] = []

    def data_received(self, data: bytes) -> None:
        if self._sink is not None and self._ends.met:
            data = self._take_plain(self._sink, data)
            if not data:
                return
        if self.handshake_initiated:  # the first data is the head of the request and nothing else: uvicorn made it
            self._ends.follow(data)
        super().data_received(data)

    def _take_plain(self, sink: Sink, data: bytes) -> bytes:
        """Hand over the plain frames that `data` begins with; returns what is left for the parser, which is next to know."""
        while not self.frames and not self.close_sent and (content := plain_content(data)):
            start, end = content
            sink(apply_mask(data[start:end], data[start - MASK_BYTES : start]))
            data = data[end:]
        return data

    def send_receive_event_to_app(self) -> None:
        if self._sink is None:
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        if not self.close_sent:
            self._sink(data if self.curr_msg_data_type == "bytes" else b"")

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


def socket_of(receive: Receive) -> BoundedWebSocket | None:
    """Return the protocol behind an ASGI `receive`, where it is ours: middleware wraps `send`, but nobody wraps `receive`."""
    protocol = getattr(receive, "__self__", None)
    return protocol if isinstance(protocol, BoundedWebSocket) else None
