"""Offers as text, and a strict, bounded reading of the browsers' answers.

The engine makes every offer, so what it says is a template, and of an answer it needs only who the browser is and what it takes.
A line of media, once offered, keeps its place and its mid for good; a line whose publisher left is inactive until another track of its
kind takes it, so that a call in which people come and go does not grow for ever.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from server.errors import Invalid
from server.media.codecs import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    BY_NAME,
    BY_TYPE,
    EXTENSIONS,
    LAYERS,
    MID,
    REPAIRED_RID,
    REPAIRS,
    RID,
    TRANSPORT_SEQUENCE,
    Codec,
    Kind,
)
from server.media_control import LONGEST_ANSWER, MOST_LINES

LONGEST_LINE = 512
MOST_TEXT_LINES = 2_000  # of an answer; browsers write under sixty for each of its `MOST_LINES` lines of media

CANDIDATE_PRIORITY = 2_130_706_431  # of a host address, the first one (RFC 8445, section 5.1.2)
SECOND_PRIORITY = CANDIDATE_PRIORITY - 256

DIRECTIONS = {"sendonly", "recvonly", "inactive", "sendrecv"}
UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
FINGERPRINT = re.compile(r"(sha-256|sha-384|sha-512) ((?:[0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2})")
MEDIA = re.compile(r"(audio|video) ([0-9]{1,5}) UDP/TLS/RTP/SAVPF((?: [0-9]{1,3}){1,64})")
ATTRIBUTES = {"ice-ufrag": UFRAG, "ice-pwd": PASSWORD, "fingerprint": FINGERPRINT, "setup": re.compile("active|passive")}


class Transport(NamedTuple):
    """Our side of a connection: where it listens, how a browser proves that it was invited, and who we are."""

    addresses: tuple[str, ...]
    port: int
    ufrag: str
    password: str
    fingerprint: str
    """As in SDP: "sha-256 AB:CD:…"."""


class Inlet(NamedTuple):
    """A line on which a browser may send: all layers of a camera if `simulcast`."""

    mid: str
    kind: Kind
    codecs: tuple[str, ...]
    simulcast: bool = False


class Outlet(NamedTuple):
    """A line on which a browser is sent somebody's track; `stream` is None while nobody's is."""

    mid: str
    kind: Kind
    codecs: tuple[str, ...]
    ssrc: int = 0
    rtx_ssrc: int = 0
    stream: str | None = None
    track: str = ""


class AnswerLine(NamedTuple):
    """What a browser makes of one line; `port` 0 would be a refusal and is read as inactive."""

    mid: str
    kind: str
    direction: str
    codecs: tuple[str, ...]
    rids: tuple[str, ...]

    @property
    def sends(self) -> bool:
        return self.direction in {"sendonly", "sendrecv"}

    @property
    def receives(self) -> bool:
        return self.direction in {"recvonly", "sendrecv"}


class Answer(NamedTuple):
    ufrag: str
    password: str
    fingerprint: str
    setup: str
    lines: tuple[AnswerLine, ...]


def offer(transport: Transport, lines: Sequence[Inlet | Outlet], *, session: int, version: int) -> str:
    """Return the offer; `session` names the connection for good, `version` counts its offers."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid(code="offer_lines")
    head = [
        "v=0", f"o=- {session} {version} IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(line.mid for line in lines)}",
        "a=ice-lite", "a=extmap-allow-mixed", "a=msid-semantic: WMS *",
    ]  # fmt: skip
    body = (text for line in lines for text in _media(transport, line))
    return "\r\n".join([*head, *body]) + "\r\n"


def _media(transport: Transport, line: Inlet | Outlet) -> Iterator[str]:
    codecs = [BY_NAME[name] for name in line.codecs]
    types = " ".join(str(number) for codec in codecs for number in (codec.payload_type, codec.rtx) if number is not None)
    yield f"m={line.kind} {transport.port} UDP/TLS/RTP/SAVPF {types}"
    yield from _where(transport)
    yield f"a=mid:{line.mid}"
    yield from ("a=rtcp-mux", "a=rtcp-rsize")
    yield from (f"a=extmap:{number} {EXTENSIONS[number]}" for number in _extensions(line))
    yield from (text for codec in codecs for text in _codec(codec))
    yield from _receiving(line) if isinstance(line, Inlet) else _sending(line)


def _where(transport: Transport) -> Iterator[str]:
    yield f"c=IN IP{_family(transport.addresses[0])} {transport.addresses[0]}"
    yield "a=rtcp:9 IN IP4 0.0.0.0"
    priorities = (CANDIDATE_PRIORITY, SECOND_PRIORITY)
    for number, (address, priority) in enumerate(zip(transport.addresses, priorities, strict=False), start=1):
        yield f"a=candidate:{number} 1 udp {priority} {address} {transport.port} typ host"
    yield "a=end-of-candidates"
    yield f"a=ice-ufrag:{transport.ufrag}"
    yield f"a=ice-pwd:{transport.password}"
    yield f"a=fingerprint:{transport.fingerprint}"
    yield "a=setup:actpass"


def _family(address: str) -> int:
    return 6 if ":" in address else 4


def _extensions(line: Inlet | Outlet) -> Iterable[int]:
    """An outlet names no mid and no rid: its SSRCs are announced, and the publisher's mids would lead astray."""
    levels = [AUDIO_LEVEL] if line.kind == "audio" else []
    if isinstance(line, Outlet):
        return [ABS_SEND_TIME, TRANSPORT_SEQUENCE, *levels]
    return [MID, ABS_SEND_TIME, TRANSPORT_SEQUENCE, *levels, *([RID, REPAIRED_RID] if line.kind == "video" else [])]


def _codec(codec: Codec) -> Iterator[str]:
    yield f"a=rtpmap:{codec.payload_type} {codec.mapping}"
    if codec.fmtp:
        yield f"a=fmtp:{codec.payload_type} {codec.fmtp}"
    yield f"a=rtcp-fb:{codec.payload_type} transport-cc"
    if codec.rtx is not None:
        yield from (f"a=rtcp-fb:{codec.payload_type} {feedback}" for feedback in ("nack", "nack pli", "ccm fir", "goog-remb"))
        yield f"a=rtpmap:{codec.rtx} rtx/{codec.clock_hz}"
        yield f"a=fmtp:{codec.rtx} apt={codec.payload_type}"


def _receiving(line: Inlet) -> Iterator[str]:
    yield "a=recvonly"
    if line.simulcast:
        yield from (f"a=rid:{rid} recv" for rid in LAYERS)
        yield f"a=simulcast:recv {';'.join(LAYERS)}"


def _sending(line: Outlet) -> Iterator[str]:
    if line.stream is None:
        yield "a=inactive"
        return
    yield "a=sendonly"
    yield f"a=msid:{line.stream} {line.track}"
    sources = [line.ssrc] if line.kind == "audio" else [line.ssrc, line.rtx_ssrc]
    if len(sources) > 1:
        yield f"a=ssrc-group:FID {line.ssrc} {line.rtx_ssrc}"
    yield from (f"a=ssrc:{ssrc} cname:{line.stream}" for ssrc in sources)  # Chromium takes the first one for the picture's own


def read_answer(text: str, offered: Sequence[Inlet | Outlet]) -> Answer:
    """Read the answer to an offer with these lines, which must come back in their order.

    Raises `Invalid` with the code `answer_size`, `answer_syntax`, `answer_lines` (others than were offered), `answer_transport` (no or
    several ufrags, passwords, fingerprints), `answer_codec` (none that was offered) or `answer_direction` (against the offer's).
    """
    if len(text) > LONGEST_ANSWER:
        raise Invalid(code="answer_size")
    head, *sections = _sections(text)
    if [_first(section, "mid") for section in sections] != [line.mid for line in offered]:
        raise Invalid(code="answer_lines")
    found = _transport([head, *sections])
    lines = tuple(_line(section, line) for section, line in zip(sections, offered, strict=True))
    return Answer(found["ice-ufrag"], found["ice-pwd"], found["fingerprint"], found["setup"], lines)


def _sections(text: str) -> list[list[str]]:
    """Return the head and each section of media, as lines of the form `x=…`. Raises `Invalid` before it looks at too many."""
    if text.count("\n") > MOST_TEXT_LINES:
        raise Invalid(code="answer_size")
    sections: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n"):
        if len(line) > LONGEST_LINE or line[1:2] != "=" or not line.isprintable():
            raise Invalid(code="answer_syntax")
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    if sections[0][:1] != ["v=0"] or len(sections) > MOST_LINES + 1:
        raise Invalid(code="answer_syntax")
    return sections


def _transport(sections: Iterable[list[str]]) -> dict[str, str]:
    """Return the one ufrag, password, fingerprint and setup; bundled lines repeat them, and must agree."""
    lines = [line for section in sections for line in section]
    found = {name: {value for line in lines if (value := _value(line, name)) is not None} for name in ATTRIBUTES}
    named = {name: values.pop() for name, values in found.items() if len(values) == 1}
    if not all(name in named and shape.fullmatch(named[name]) for name, shape in ATTRIBUTES.items()):
        raise Invalid(code="answer_transport")
    return named


def _line(section: list[str], offered: Inlet | Outlet) -> AnswerLine:
    media = MEDIA.fullmatch(section[0].removeprefix("m="))
    if media is None or media[1] != offered.kind:
        raise Invalid(code="answer_lines")
    direction = _direction(section, offered) if media[2] != "0" else "inactive"
    codecs = () if direction == "inactive" else _codecs(media[3], offered)
    return AnswerLine(offered.mid, media[1], direction, codecs, _rids(section, offered))


def _codecs(types: str, offered: Inlet | Outlet) -> tuple[str, ...]:
    """Return the names of the chosen payload types, the browser's favourite first."""
    numbers = [int(number) for number in types.split()]
    names = tuple(BY_TYPE[number].name for number in numbers if number in BY_TYPE)
    if not names or not set(names) <= set(offered.codecs) or not {*numbers} <= {*BY_TYPE, *REPAIRS}:
        raise Invalid(code="answer_codec")
    return names


def _direction(section: list[str], offered: Inlet | Outlet) -> str:
    found = [line.removeprefix("a=") for line in section if line.removeprefix("a=") in DIRECTIONS]
    allowed = {"inactive"} | ({"sendonly"} if isinstance(offered, Inlet) else {"recvonly"} if offered.stream is not None else set())
    if len(found) != 1 or found[0] not in allowed:
        raise Invalid(code="answer_direction")
    return found[0]


def _rids(section: list[str], offered: Inlet | Outlet) -> tuple[str, ...]:
    """Return the layers that the browser sends, as its `a=simulcast` lists them; a paused one (~) counts."""
    value = _first(section, "simulcast")
    if value is None:
        return ()
    way, _, listed = value.partition(" ")
    rids = tuple(rid.removeprefix("~") for rid in listed.split(";"))
    simulcast = isinstance(offered, Inlet) and offered.simulcast
    if not simulcast or way != "send" or not set(rids) <= set(LAYERS) or len(rids) > len(LAYERS):
        raise Invalid(code="answer_lines")
    return rids


def _first(section: list[str], name: str) -> str | None:
    return next((value for line in section if (value := _value(line, name)) is not None), None)


def _value(line: str, name: str) -> str | None:
    return line.removeprefix(f"a={name}:") if line.startswith(f"a={name}:") else None
