"""`python -m tests.fuzz.media`: hostile datagrams through the pure readers of the forwarding engine, with nothing else around.

Each packet has its own seed, so `--seed` of a finding with `--packets 1` makes it again. Each is read twice or more, with other bytes
around it every time: whoever reads outside of a packet gives other answers.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from aioice import stun

from server.media.depacketise import LONGEST_SOUND, Pictures, Sound
from server.media.payloads import read_vp8, starts_picture, write_vp8
from server.media.rtcp import (
    MAX_PACKETS,
    MAX_SEQUENCES,
    Block,
    Nack,
    ReceiverReport,
    SenderReport,
    read_compound,
    write_nack,
    write_pli,
    write_receiver_report,
    write_sdes,
    write_sender_report,
)
from server.media.rtp import Header, as_rtx, blank_extensions, find_extensions, read_header, write_header
from server.media.twcc import MAX_STATUSES, Arrivals, Feedback, read_feedback
from tests.fuzz.bending import spoil
from tests.fuzz.pure import Finding

CODECS = ("VP8", "VP9", "H264", "AV1", "opus")
AROUND = (0x00, 0xFF, 0x67)  # what may stand around a packet: nothing, all bits, the head of an H.264 parameter set
MARGIN = 40  # bytes of it on either side
LARGEST = 2048  # bytes of a slot
LONGEST_S = 0.05  # of processor time for one packet
EDGES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x100, 0x1FFF, 0x7FFF, 0x8000, 0xBEDE, 0x1000, 0xC000, 0xFFFF)
EVERY = 100_000  # packets between two lines of progress


def _reports() -> list[bytes]:
    arrivals = Arrivals()
    for sequence in (*range(65_500, 65_536), 3, 4, 9, 400, 398):
        arrivals.heard(sequence, 100 + sequence % 7 * (3.0 if sequence == 9 else 0.02))
    block = Block(7, 12, -3, 70_000, 9, 8, 7)
    intra = bytes.fromhex("84ce0004" + "00000001" + "00000000" + "00000007" + "05000000")
    remb = bytes.fromhex("8fce0005" + "00000001" + "00000000" + "52454d42" + "01120000" + "00000007")
    compound = write_sender_report(SenderReport(1, 2**60, 3, 4, 5, (block, block))) + write_sdes(1, "cname")
    return [
        compound,
        write_receiver_report(ReceiverReport(1, (block,))) + write_nack(1, 2, [5, 6, 30, 65_535, 2]) + write_pli(1, 2) + remb,
        *arrivals.take(1, 2),
        write_nack(1, 2, range(90, 140)),
        intra + compound + bytes.fromhex("82cb 0002 00000001 00000002"),  # two goodbyes
    ]


FEEDBACK = 2  # where it stands among them, by itself
REPORTS = _reports()
ONE_BYTE = "9060 1234 00001000 0a0b0c0d bede 0004 1061 22123456 310007 4080 526c6f77 000000"
TWO_BYTE = "9062 1234 00001000 0a0b0c0d 1000 0003 0101 61 0303 000007 0f00 000000"
PACKETS = [
    bytes.fromhex(ONE_BYTE + "90e0 9234 56 40 50 0102 9d012a"),
    bytes.fromhex(TWO_BYTE + "aa 9234 00 07 82 4983"),
    bytes.fromhex("8066 1234 00001000 0a0b0c0d 78 0004 6742e01f 0003 68ce3c"),
    bytes.fromhex("8066 1234 00001000 0a0b0c0d 7c87 42e01f"),
    bytes.fromhex("b2e8 1234 00001000 0a0b0c0d 00000001 00000002 bede 0001 10610000 180a0b 00000004"),
]
WHOLE = bytes.fromhex("80e0 1234 00001000 0a0b0c0d 10 500200 9d012a 4001 f000 0102030405")
"""The packet of a whole picture of VP8."""
CHECK = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction_id=b"0123456789ab"))
SAMPLES = [*PACKETS * 2, *REPORTS * 2, REPORTS[FEEDBACK][12:], CHECK]


@dataclass
class MediaResult:
    """How many packets were taken as what; `slowest_s` is processor time."""

    packets: int = 0
    rtp: int = 0
    extended: int = 0
    pictures: int = 0
    rtcp: int = 0
    feedback: int = 0
    frames: int = 0
    slowest_s: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = f"rtp {self.rtp} extended {self.extended} pictures {self.pictures} rtcp {self.rtcp} feedback {self.feedback}"
        return f"packets {self.packets} {kinds} frames {self.frames} slowest_ms {1000 * self.slowest_s:.1f} findings {len(self.findings)}"


def run_media(packets: int, seed: int, told: Callable[[MediaResult], None] = lambda _: None) -> MediaResult:
    """Try so many packets, and call `told` now and then."""
    result, recorded = MediaResult(), (Pictures("VP8"), Sound())
    for number in range(seed, seed + packets):
        packet = hostile(Random(number))
        result.packets += 1
        began = time.thread_time()
        try:
            _try(packet, result)
            _try_frames(packet, recorded, number, result)
            _must(time.thread_time() - began <= LONGEST_S, "took too long")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            result.findings.append(Finding(number, packet, f"{type(error).__name__}: {error}"))
        result.slowest_s = max(result.slowest_s, time.thread_time() - began)
        if result.packets % EVERY == 0:
            told(result)
    return result


def hostile(dice: Random) -> bytes:
    """Return a datagram with up to four things wrong; a twentieth is as it should be."""
    packet = dice.choice(SAMPLES)
    if dice.random() < 0.05:
        return packet
    for _ in range(dice.choice((1, 1, 2, 2, 4))):
        packet = dice.choice((spoil, spoil, _edge, _edge, _splice, _repeat, _swell))(dice, packet)
    return packet[:LARGEST]


def _edge(dice: Random, packet: bytes) -> bytes:
    """Set one byte, or two, to a value at the edge of something."""
    at, edge = dice.randrange(max(1, len(packet))), dice.choice(EDGES)
    raw = edge.to_bytes(2, "big") if edge > 0xFF or dice.random() < 0.5 else bytes((edge,))
    return packet[:at] + raw + packet[at + len(raw) :]


def _splice(dice: Random, packet: bytes) -> bytes:
    other = dice.choice(SAMPLES)
    return packet[: dice.randrange(len(packet) + 1)] + other[dice.randrange(len(other)) :]


def _repeat(dice: Random, packet: bytes) -> bytes:
    at = dice.randrange(len(packet) + 1)
    piece = packet[at : at + dice.randrange(1, 12)]
    times = dice.choice((1, 2, 10, LARGEST // max(1, len(piece))))
    return packet[:at] + piece * times + packet[at:]


def _swell(dice: Random, packet: bytes) -> bytes:
    """Repeat whole words, and let the length in an RTCP head be that of the datagram, so that all of it is read."""
    at = 4 * dice.randrange(len(packet) // 4 + 1)
    piece = packet[at : at + 4 * dice.randrange(1, 4)]
    packet = (packet[:at] + piece * dice.choice((1, 40, 400)) + packet[at:])[:LARGEST]
    return packet[:2] + (len(packet) // 4 - 1).to_bytes(2, "big", signed=True) + packet[4:]


def _try(packet: bytes, result: MediaResult) -> None:
    header = _alike([lambda data, at: read_header(data, at, len(packet))], packet)[0]
    if isinstance(header, Header):
        result.rtp += 1
        _try_rtp(packet, header, result)
    reports = read_compound(packet)
    result.rtcp += bool(reports)
    _must(len(reports) <= MAX_PACKETS, "more packets than a compound may have")
    for report in reports:
        if isinstance(report, Nack):
            _must(len(report.sequences) <= MAX_SEQUENCES, "more sequences than a request may have")
        elif isinstance(report, Feedback):
            _try_feedback(report)
    feedback = read_feedback(packet)
    if feedback is not None:
        result.feedback += 1
        _try_feedback(feedback)


def _try_frames(packet: bytes, recorded: tuple[Pictures, Sound], number: int, result: MediaResult) -> None:
    """Put a packet into a running stream, now and then behind a whole picture: what comes out is bounded and needs nothing lost."""
    pictures, sound = recorded
    sent = [packet[:2] + (2 * number + 1 & 0xFFFF).to_bytes(2, "big") + packet[4:]]
    if number % 3 == 0:
        sent.insert(0, WHOLE[:2] + (2 * number & 0xFFFF).to_bytes(2, "big") + WHOLE[4:])
    for one in sent:
        wanted = pictures.wants_picture
        frames = [*pictures.put(one, number / 10), *pictures.due(number / 10)]
        result.frames += len(frames)
        _must(not frames or not wanted or frames[0].whole, "a picture that needs one that is lost")
        _must(all(frame.width and frame.height for frame in frames if frame.whole), "a whole picture without a size")
        heard = [*sound.put(one, number / 10), *sound.due(number / 10)]
        _must(all(0 < len(frame.payload) <= LONGEST_SOUND for frame in heard), "a sound that nobody sent")


def _try_feedback(feedback: Feedback) -> None:
    _must(len(feedback.arrivals) == feedback.count <= MAX_STATUSES, "more arrivals than a report may have")


def _try_rtp(packet: bytes, header: Header, result: MediaResult) -> None:
    """`header` stands `MARGIN` bytes into whatever is around it, as in `_alike`."""
    _must(MARGIN <= header.body <= header.end <= MARGIN + len(packet), "a payload outside of its packet")
    extensions, vp8, *pictures = _alike(
        [
            lambda data, _: find_extensions(data, header),
            lambda data, _: read_vp8(data, header.body, header.end),
            *(_picture(codec, header) for codec in CODECS),
        ],
        packet,
    )
    result.pictures += any(pictures)
    assert isinstance(extensions, dict)
    result.extended += bool(extensions)
    for offset, length in extensions.values():
        _must(header.extensions < offset <= offset + length <= header.body, "an element outside of its block")
    _written(packet, lambda data: write_header(data, MARGIN, 0xFF, 0xFFFF, 0xFFFFFFFF, 0), 1, 12)
    ids = set(list(extensions)[::2])
    blank = _written(packet, lambda data: blank_extensions(data, header, ids), header.extensions - MARGIN, header.body - MARGIN)
    _must(not ids & find_extensions(blank, header).keys(), "an element that was blanked is still there")
    if vp8 is not None:
        _written(packet, lambda data: write_vp8(data, vp8, 0xFFFF, 0xFFFF), header.body - MARGIN, vp8.payload - MARGIN)
    _try_rtx(packet, header)


def _picture(codec: str, header: Header) -> Callable[[bytes, int], object]:
    return lambda data, _: starts_picture(codec, data, header.body, header.end)


def _try_rtx(packet: bytes, header: Header) -> None:
    rtx = as_rtx(packet, 97, 1, 2, 3)
    again = read_header(rtx, 0, len(rtx))
    _must(
        again is not None and rtx[again.body : again.end] == b"\x00\x03" + packet[header.body - MARGIN : header.end - MARGIN],
        "another payload",
    )


def _alike(readers: list[Callable[[bytes, int], object]], packet: bytes) -> list[object]:
    """Return what they read, which must not depend on what stands around the packet."""
    read = [[reader(_within(packet, around), MARGIN) for reader in readers] for around in AROUND]
    _must(all(one == read[0] for one in read), "read what stands outside")
    return read[0]


def _within(packet: bytes, around: int) -> bytes:
    return bytes((around,)) * MARGIN + packet + bytes((around,)) * MARGIN


def _written(packet: bytes, write: Callable[[bytearray], None], start: int, end: int) -> bytes:
    """Return all the bytes after a change, which may touch only those from `start` to `end` of the packet."""
    before = _within(packet, AROUND[1])
    data = bytearray(before)
    write(data)
    start, end = max(start, 0) + MARGIN, end + MARGIN
    _must((data[:start], data[end:]) == (before[:start], before[end:]), "wrote what stands outside")
    return bytes(data)


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def main() -> int:
    """Return 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.media", description=__doc__)
    parser.add_argument("--packets", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    result = run_media(options.packets, options.seed, lambda so_far: print(so_far, flush=True))
    for finding in result.findings:
        print(finding)
    print(result)
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
