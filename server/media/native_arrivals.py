"""What came in on one transport, as of `twcc.Arrivals`, compiled (arrivals.c)."""

from server.media import native
from server.media.limits import LARGEST_PACKET
from server.media.mmsg import ffi

_report = ffi.new("unsigned char[]", LARGEST_PACKET)


class NativeArrivals:
    """What is to be told to the sender; the lane notes in `held` what goes its way."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = ffi.new("struct arrivals *")

    def heard(self, sequence: int, now: float) -> None:
        """As `twcc.Arrivals.heard`."""
        native.library.arrivals_heard(self.held, sequence, now)

    def due(self, now: float, every_s: float) -> bool:
        """Return whether something has waited so long to be told."""
        return bool(self.held.waits) and now - self.held.waiting_since >= every_s

    def take(self, sender_ssrc: int, media_ssrc: int) -> list[bytes]:
        """As `twcc.Arrivals.take`."""
        packets = []
        while size := native.library.arrivals_take(self.held, sender_ssrc, media_ssrc, _report):
            packets.append(bytes(ffi.buffer(_report, size)))
        return packets
