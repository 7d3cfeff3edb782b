"""The one table of payload types and extension ids. The engine always offers, so these are the numbers on every connection.

Because both sides of the engine use the same numbers, a packet is forwarded without rewriting either.
"""

from typing import Literal, NamedTuple

from server.media_control import Source

Kind = Literal["audio", "video"]

MID, ABS_SEND_TIME, TRANSPORT_SEQUENCE, AUDIO_LEVEL, RID, REPAIRED_RID = 1, 2, 3, 4, 10, 11
EXTENSIONS = {
    MID: "urn:ietf:params:rtp-hdrext:sdes:mid",
    ABS_SEND_TIME: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    TRANSPORT_SEQUENCE: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    AUDIO_LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    RID: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    REPAIRED_RID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
}

LAYERS = ("l", "m", "h")
"""The rids of a camera's simulcast, the smallest picture first."""


class Codec(NamedTuple):
    """What an offer says of a codec; `rtx` is the payload type of its retransmissions, None where there are none."""

    name: str
    kind: Kind
    payload_type: int
    clock_hz: int
    rtx: int | None = None
    fmtp: str = ""
    channels: int = 1

    @property
    def mapping(self) -> str:
        """Return it as `a=rtpmap` writes it."""
        return f"{self.name}/{self.clock_hz}" + (f"/{self.channels}" if self.channels > 1 else "")


CODECS = (
    Codec("opus", "audio", 111, 48_000, fmtp="minptime=10;useinbandfec=1", channels=2),
    Codec("VP8", "video", 96, 90_000, rtx=97),
    Codec("VP9", "video", 98, 90_000, rtx=99, fmtp="profile-id=0"),
    Codec("H264", "video", 102, 90_000, rtx=103, fmtp="level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    Codec("AV1", "video", 45, 90_000, rtx=46),
)
BY_NAME = {codec.name: codec for codec in CODECS}
BY_TYPE = {codec.payload_type: codec for codec in CODECS}
REPAIRS = {codec.rtx: codec.payload_type for codec in CODECS if codec.rtx is not None}
"""Payload type of retransmissions -> of what they repair."""
KIND_OF: dict[Source, Kind] = {"audio": "audio", "camera": "video", "screen": "video"}
