"""RTCP (RFC 3550, RFC 4585, RFC 5104): the packets of a compound that a forwarding engine acts on, read and written.

Reading is bounded: at most `MAX_PACKETS` of a compound and `MAX_SEQUENCES` of a request count, however much a datagram claims.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import Struct
from typing import NamedTuple

from server.media.rtp import ahead
from server.media.twcc import Feedback, read_feedback

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, BYE, TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 200, 201, 202, 203, 205, 206
NACK, TRANSPORT_WIDE = 1, 15  # formats of transport feedback
PICTURE_LOSS, FULL_INTRA, APPLICATION = 1, 4, 15  # formats of payload feedback
REMB = b"REMB"  # the one application that is known
CNAME = 1  # the one item of a description that everybody must send

MAX_PACKETS = 32  # of one compound
MAX_SEQUENCES = 512  # of one request: no more are kept for sending again
MAX_BLOCKS = 31  # what the five bits of a head can count

_HEAD = Struct("!BBH")
_WORD = Struct("!L")
_PAIR = Struct("!LL")
_SENDER = Struct("!LQLLL")
_BLOCK = Struct("!LLLLLL")
_LOST = Struct("!HH")
_INTRA = Struct("!LL")


class Block(NamedTuple):
    """What a receiver says about one source. `fraction_lost` is in 256ths, `lost` a signed total, `highest` the sequence with its wraps
    above 16 bits, `jitter` in timestamp units, `lsr` the middle of the last report's NTP time, `dlsr` the time since in 65,536ths of
    a second.
    """

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    lsr: int
    dlsr: int


class SenderReport(NamedTuple):
    """`ntp` is the 64-bit time of day at which the media clock showed `rtp_timestamp`; `bytes` counts payload only."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    bytes: int
    blocks: Sequence[Block] = ()


class ReceiverReport(NamedTuple):
    """The report of somebody who sends nothing."""

    ssrc: int
    blocks: Sequence[Block] = ()


class Nack(NamedTuple):
    """Sequences of one source that did not come and are asked for again."""

    media_ssrc: int
    sequences: list[int]


class PictureLoss(NamedTuple):
    """A decoder lost its picture, and asks for one that needs no earlier."""

    media_ssrc: int


class FullIntra(NamedTuple):
    """The same wish as a command, to several sources."""

    ssrcs: list[int]


class Remb(NamedTuple):
    """What a receiver believes that its path carries, in bit/s, for these sources together."""

    bitrate: int
    ssrcs: list[int]


class Bye(NamedTuple):
    """These sources send no more."""

    ssrcs: list[int]


Packet = SenderReport | ReceiverReport | Nack | PictureLoss | FullIntra | Remb | Feedback | Bye


def read_compound(data: bytes) -> list[Packet]:
    """Return the known packets in their order. Unknown kinds are passed over; a broken one ends the reading, what came before counts."""
    return list(read_wanted(data, lambda _: True))


def read_wanted(data: bytes, wants: Callable[[type[Packet]], bool]) -> Iterator[Packet]:
    """As `read_compound`, one after the other: each only if its kind is wanted when its turn comes. Else its inside is not looked at,
    which may claim a hundred times as much as it is long.
    """
    for first, kind, payload in _split(data):
        known = _reader(kind, first & 31, payload)
        if known is None or not wants(known[0]):
            continue
        packet = known[1](payload, first & 31)
        if packet is None:
            return
        yield packet


def _split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield first byte, packet type and payload without padding of each packet."""
    at = 0
    for _ in range(MAX_PACKETS):
        if at + _HEAD.size > len(data):
            return
        first, kind, words = _HEAD.unpack_from(data, at)
        start, at = at + _HEAD.size, at + _HEAD.size + 4 * words
        if first >> 6 != 2 or at > len(data):
            return
        padding = data[at - 1] if first & 0x20 else 0
        if padding > at - start or (first & 0x20 and not padding):
            return
        yield first, kind, data[start : at - padding]


def _sender_report(payload: bytes, count: int) -> SenderReport | None:
    if len(payload) < _SENDER.size:
        return None
    blocks = _blocks(payload, _SENDER.size, count)
    return None if blocks is None else SenderReport._make((*_SENDER.unpack_from(payload), blocks))


def _receiver_report(payload: bytes, count: int) -> ReceiverReport | None:
    blocks = _blocks(payload, _WORD.size, count) if len(payload) >= _WORD.size else None
    return None if blocks is None else ReceiverReport(_WORD.unpack_from(payload)[0], blocks)


def _blocks(payload: bytes, at: int, count: int) -> tuple[Block, ...] | None:
    end = at + count * _BLOCK.size
    if end > len(payload):
        return None
    return tuple(_block(fields) for fields in _BLOCK.iter_unpack(payload[at:end]))


def _block(fields: tuple[int, ...]) -> Block:
    losses = fields[1]
    lost = losses & 0xFFFFFF
    return Block._make((fields[0], losses >> 24, lost - (lost >> 23 << 24), *fields[2:]))


def _bye(payload: bytes, count: int) -> Bye | None:
    return Bye(_words(payload, 0, count)) if len(payload) >= 4 * count else None


def _words(payload: bytes, at: int, count: int) -> list[int]:
    return [word for (word,) in _WORD.iter_unpack(payload[at : at + 4 * count])]


def _nack(payload: bytes, _form: int) -> Nack | None:
    if len(payload) < _PAIR.size or len(payload) % 4:
        return None
    sequences: list[int] = []
    for first, others in _LOST.iter_unpack(payload[_PAIR.size : _PAIR.size + 4 * MAX_SEQUENCES]):
        sequences.append(first)
        if others:
            sequences += [first + 1 + bit & 0xFFFF for bit in range(16) if others >> bit & 1]
        if len(sequences) >= MAX_SEQUENCES:
            break
    return Nack(_PAIR.unpack_from(payload)[1], sequences[:MAX_SEQUENCES])


def _transport_wide(payload: bytes, _form: int) -> Feedback | None:
    return read_feedback(payload[_PAIR.size :])


def _picture_loss(payload: bytes, _form: int) -> PictureLoss | None:
    return PictureLoss(_PAIR.unpack_from(payload)[1]) if len(payload) >= _PAIR.size else None


def _full_intra(payload: bytes, _form: int) -> FullIntra | None:
    if len(payload) < _PAIR.size or len(payload) % _INTRA.size:
        return None
    return FullIntra([ssrc for ssrc, _ in _INTRA.iter_unpack(payload[_PAIR.size : _PAIR.size + MAX_BLOCKS * _INTRA.size])])


def _remb(payload: bytes, _form: int) -> Remb | None:
    if len(payload) < 16 or len(payload) < 16 + 4 * payload[12]:
        return None
    scale = _WORD.unpack_from(payload, 12)[0] & 0xFFFFFF
    return Remb((scale & 0x3FFFF) << (scale >> 18), _words(payload, 16, payload[12]))


Reader = Callable[[bytes, int], Packet | None]  # of a payload and the five bits of its head; None for a broken one

_READERS: dict[tuple[int, int], tuple[type[Packet], Reader]] = {
    (SENDER_REPORT, 0): (SenderReport, _sender_report),
    (RECEIVER_REPORT, 0): (ReceiverReport, _receiver_report),
    (BYE, 0): (Bye, _bye),
    (TRANSPORT_FEEDBACK, NACK): (Nack, _nack),
    (TRANSPORT_FEEDBACK, TRANSPORT_WIDE): (Feedback, _transport_wide),
    (PAYLOAD_FEEDBACK, PICTURE_LOSS): (PictureLoss, _picture_loss),
    (PAYLOAD_FEEDBACK, FULL_INTRA): (FullIntra, _full_intra),
    (PAYLOAD_FEEDBACK, APPLICATION): (Remb, _remb),
}


def _reader(kind: int, form: int, payload: bytes) -> tuple[type[Packet], Reader] | None:
    """Return what this kind is read to, and who reads it. Only in feedback do the five bits say what it is; elsewhere they count."""
    if kind not in {TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK}:
        return _READERS.get((kind, 0))
    if (kind, form) == (PAYLOAD_FEEDBACK, APPLICATION) and payload[8:12] != REMB:
        return None
    return _READERS.get((kind, form))


def write_sender_report(report: SenderReport) -> bytes:
    """Blocks beyond what one packet can count follow in receiver reports."""
    body = _SENDER.pack(*report[:5]) + _packed(report.blocks[:MAX_BLOCKS])
    packet = _packet(SENDER_REPORT, len(report.blocks[:MAX_BLOCKS]), body)
    rest = report.blocks[MAX_BLOCKS:]
    return packet + write_receiver_report(ReceiverReport(report.ssrc, rest)) if rest else packet


def write_receiver_report(report: ReceiverReport) -> bytes:
    """Return as many packets as the blocks need, at least one."""
    lots = [report.blocks[at : at + MAX_BLOCKS] for at in range(0, max(1, len(report.blocks)), MAX_BLOCKS)]
    return b"".join(_packet(RECEIVER_REPORT, len(lot), _WORD.pack(report.ssrc) + _packed(lot)) for lot in lots)


def _packed(blocks: Iterable[Block]) -> bytes:
    """Clamp what was lost to its 24 bits, as RFC 3550 wants it."""
    out = bytearray()
    for block in blocks:
        lost = min(max(block.lost, -0x800000), 0x7FFFFF) & 0xFFFFFF
        out += _BLOCK.pack(block.ssrc, block.fraction_lost << 24 | lost, *block[3:])
    return bytes(out)


def write_pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    return _packet(PAYLOAD_FEEDBACK, PICTURE_LOSS, _PAIR.pack(sender_ssrc, media_ssrc))


def write_nack(sender_ssrc: int, media_ssrc: int, sequences: Sequence[int]) -> bytes:
    """Ask for these sequences again, which come in the order in which they were sent."""
    entries: list[list[int]] = []
    for sequence in sequences:
        further = ahead(sequence, entries[-1][0]) - 1 if entries else -1
        if 0 <= further < 16:
            entries[-1][1] |= 1 << further
        else:
            entries.append([sequence, 0])
    return _packet(TRANSPORT_FEEDBACK, NACK, _PAIR.pack(sender_ssrc, media_ssrc) + b"".join(_LOST.pack(*entry) for entry in entries))


def write_sdes(ssrc: int, cname: str) -> bytes:
    """Return the description of one source by its canonical name, of at most 255 bytes."""
    name = cname.encode()
    item = bytes((CNAME, len(name))) + name
    return _packet(DESCRIPTION, 1, _WORD.pack(ssrc) + item + bytes(4 - len(item) % 4))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    """`body` is a whole number of words."""
    return _HEAD.pack(0x80 | count, kind, len(body) // 4) + body
