"""One browser of the load: called by ICE and DTLS in Python, and then handed over to the traffic."""

import secrets
import time
from typing import Any

from aioice import stun
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80

from tests.bench.media.description import Browser, Description
from tests.bench.media.network import ADDRESS
from tests.live.media.caller import Caller

CIPHERS = {"gcm": [SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80], "cm": [SRTP_AES128_CM_SHA1_80]}
"""`gcm` is what Chromium offers, from which a server takes what it has; `cm` leaves it no choice."""
ROLES = {"active": "client", "passive": "server"}


class Answering(Caller):
    """Also answers the checks that it is sent, because Janus sends some even as an ICE-lite server, and waits for the answers."""

    def __init__(self) -> None:
        super().__init__((ADDRESS, 0), "", "", at=ADDRESS)
        self.own_password = secrets.token_hex(16)

    def _hear(self, answer: stun.Message) -> None:
        if answer.message_class == stun.Class.REQUEST:
            self._answer(answer)
        else:
            super()._hear(answer)

    def _answer(self, check: stun.Message) -> None:
        """Say where it came from; one that comes before its server is known comes again."""
        if self.server[1]:
            response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=check.transaction_id)
            response.attributes["XOR-MAPPED-ADDRESS"] = self.server
            response.add_message_integrity(self.own_password.encode())
            self.throw(bytes(response))


class Seat:
    """A browser that publishes a camera and a microphone, or subscribes to them.

    `setup` is its side of DTLS, as in SDP: active, or passive for a server that is not there yet when its first check is answered.
    `setup_ms` is the time from its first check to the keys.
    """

    setup_ms = 0.0

    def __init__(self, *, publishes: bool, setup: str = "active") -> None:
        self.publishes, self.setup = publishes, setup
        self.video_ssrc, self.audio_ssrc, self.own_ssrc = (secrets.randbits(31) | 1 for _ in range(3))
        self._caller = Answering()

    @property
    def ours(self) -> Browser:
        """What its own descriptions say of it."""
        return Browser(
            ufrag=self._caller.own_ufrag,
            password=self._caller.own_password,
            address=self._caller.socket.getsockname(),
            setup=self.setup,
            ssrcs={"audio": self.audio_ssrc, "video": self.video_ssrc} if self.publishes else {},
        )

    def meet(self, theirs: Description) -> None:
        """Learn whom to call."""
        self.theirs = theirs
        self._caller.server, self._caller.ufrag, self._caller.password = theirs.address, theirs.ufrag, theirs.password

    async def call(self, cipher: str) -> None:
        """Connect. Raises `ConnectionError`."""
        began = time.perf_counter()
        await self._caller.nominate()
        await self._caller.shake_hands(self.theirs.fingerprint, CIPHERS[cipher], role=ROLES[self.setup])
        self.setup_ms = 1000 * (time.perf_counter() - began)

    def hand_over(self) -> None:
        """Read nothing more here, and speak to this server only."""
        self._caller.fall_silent()
        self._caller.socket.connect(self.theirs.address)

    def close(self) -> None:
        self._caller.vanish()

    @property
    def sealer(self) -> Any:
        return self._dtls._tx_srtp._srtp[0]

    @property
    def opener(self) -> Any:
        return self._dtls._rx_srtp._srtp[0]

    @property
    def _dtls(self) -> Any:
        return self._caller.dtls

    def numbers(self) -> dict[str, Any]:
        """Return what traffic.h asks of a seat, without the keys."""
        video, audio = self.theirs.line("video"), self.theirs.line("audio")
        check = bytes(self._caller.request(nominate=True))
        return {
            "socket": self._caller.socket.fileno(), "publishes": int(self.publishes),
            "video_type": video.payload_type, "audio_type": audio.payload_type,
            "mid_id": video.extension("sdes:mid"), "transport_id": video.extension("transport-wide-cc-extensions-01"),
            "level_id": audio.extension("ssrc-audio-level"), "video_mid": video.mid.encode(), "audio_mid": audio.mid.encode(),
            "video_ssrc": self.video_ssrc, "audio_ssrc": self.audio_ssrc, "own_ssrc": self.own_ssrc,
            "check": check, "check_size": len(check),
        }  # fmt: skip
