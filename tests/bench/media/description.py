"""Session descriptions, as little of them as the load needs: what a server says is read, and what a browser would say is written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.live.media.caller import FINGERPRINT

CODECS = {"audio": (111, "opus/48000/2"), "video": (96, "VP8/90000")}
FEEDBACK = {"audio": ("transport-cc",), "video": ("transport-cc", "nack", "nack pli", "ccm fir", "goog-remb")}
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
EXTENSIONS = {
    1: "urn:ietf:params:rtp-hdrext:sdes:mid",
    2: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    3: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    4: LEVEL,
}


@dataclass(frozen=True)
class Line:
    """A line of media; `payload_type` is of its favourite codec."""

    kind: str
    mid: str
    payload_type: int
    extensions: dict[str, int] = field(default_factory=dict)

    def extension(self, ending: str) -> int:
        """Return the id of the extension whose URI ends so, or 0."""
        return next((number for uri, number in self.extensions.items() if uri.endswith(ending)), 0)


@dataclass(frozen=True)
class Description:
    """What a server says of one connection."""

    ufrag: str
    password: str
    fingerprint: str
    address: tuple[str, int]
    lines: tuple[Line, ...]

    def line(self, kind: str) -> Line:
        return next(line for line in self.lines if line.kind == kind)


def read(sdp: str) -> Description:
    """Read an offer or answer of a server that has one address."""
    candidate = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp, re.IGNORECASE)
    if candidate is None:
        raise ValueError("the server has no candidate")
    return Description(
        ufrag=_first(r"a=ice-ufrag:(\S+)", sdp),
        password=_first(r"a=ice-pwd:(\S+)", sdp),
        fingerprint=_first(r"a=fingerprint:(sha-256 \S+)", sdp),
        address=(candidate[1], int(candidate[2])),
        lines=tuple(_line(section) for section in re.split(r"(?m)^m=", sdp)[1:]),
    )


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"the server did not say {pattern}")
    return found[1]


def _line(section: str) -> Line:
    kind, payload_type = re.match(r"(\w+) \d+ \S+ (\d+)", section).groups()  # type: ignore[union-attr]
    extensions = {uri: int(number) for number, uri in re.findall(r"a=extmap:(\d+)\S* (\S+)", section)}
    return Line(kind, _first(r"a=mid:(\S+)", section), int(payload_type), extensions)


@dataclass(frozen=True)
class Browser:
    """What a browser says of itself."""

    ufrag: str
    password: str
    address: tuple[str, int]
    setup: str
    """Its side of DTLS."""
    ssrcs: dict[str, int]
    """Of its audio and video; nothing if it only receives."""


def answer(theirs: Description, ours: Browser) -> str:
    """Return a browser's answer to an offer, with the offer's lines."""
    return _write(theirs.lines, ours)


def offer(ours: Browser) -> str:
    """Return a browser's offer, for servers that want one."""
    return _write([Line(kind, str(index), CODECS[kind][0], _extensions(kind)) for index, kind in enumerate(CODECS)], ours)


def _extensions(kind: str) -> dict[str, int]:
    return {uri: number for number, uri in EXTENSIONS.items() if kind == "audio" or uri != LEVEL}


def _write(lines: Sequence[Line], ours: Browser) -> str:
    head = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE " + " ".join(line.mid for line in lines)]
    return "\r\n".join([*head, *(text for line in lines for text in _media(line, ours))]) + "\r\n"


def _media(line: Line, ours: Browser) -> Iterator[str]:
    host, port = ours.address
    yield from (f"m={line.kind} {port} UDP/TLS/RTP/SAVPF {line.payload_type}", f"c=IN IP4 {host}", "a=rtcp:9 IN IP4 0.0.0.0")
    yield from (f"a=candidate:1 1 udp 2130706431 {host} {port} typ host", "a=end-of-candidates")
    yield from (f"a=ice-ufrag:{ours.ufrag}", f"a=ice-pwd:{ours.password}", f"a=fingerprint:{FINGERPRINT}", f"a=setup:{ours.setup}")
    yield from (f"a=mid:{line.mid}", "a=rtcp-mux", "a=sendonly" if ours.ssrcs else "a=recvonly")
    yield from (f"a=extmap:{number} {uri}" for uri, number in line.extensions.items())
    yield f"a=rtpmap:{line.payload_type} {CODECS[line.kind][1]}"
    yield from (f"a=rtcp-fb:{line.payload_type} {feedback}" for feedback in FEEDBACK[line.kind])
    if ours.ssrcs:
        yield from (f"a=msid:{ours.ufrag} {line.kind}", f"a=ssrc:{ours.ssrcs[line.kind]} cname:{ours.ufrag}")
