"""RTCP read and written, beside aiortc's reading and writing of the same packets."""

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    pack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from server.media.rtcp import (
    MAX_PACKETS,
    MAX_SEQUENCES,
    Block,
    Bye,
    FullIntra,
    Nack,
    Packet,
    PictureLoss,
    ReceiverReport,
    Remb,
    SenderReport,
    read_compound,
    write_nack,
    write_pli,
    write_receiver_report,
    write_sdes,
    write_sender_report,
)
from server.media.twcc import Arrivals, Feedback

pytestmark = pytest.mark.row("V5")

U8, U16, U32, U64 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32, 64))
S24 = st.integers(-0x800000, 0x7FFFFF)
BLOCKS = st.lists(st.builds(Block, U32, U8, S24, U32, U32, U32, U32), max_size=31).map(tuple)
SENDER_REPORTS = st.builds(SenderReport, U32, U64, U32, U32, U32, BLOCKS)
RECEIVER_REPORTS = st.builds(ReceiverReport, U32, BLOCKS)
SSRCS = st.lists(U32, max_size=31)

PLI = write_pli(1, 2)
SDES = write_sdes(1, "cname")
BYE = bytes(RtcpByePacket(sources=[1]))
FIR = bytes.fromhex("84ce0006" + "00000001" + "00000000" + "00000007" + "05000000" + "00000008" + "06000000")


def theirs(block: Block) -> RtcpReceiverInfo:
    return RtcpReceiverInfo(
        ssrc=block.ssrc, fraction_lost=block.fraction_lost, packets_lost=block.lost, highest_sequence=block.highest, jitter=block.jitter,
        lsr=block.lsr, dlsr=block.dlsr,
    )  # fmt: skip


@given(SENDER_REPORTS)
def test_sender_reports_are_those_of_aiortc(report: SenderReport) -> None:
    info = RtcpSenderInfo(report.ntp, report.rtp_timestamp, report.packets, report.bytes)
    packet = bytes(RtcpSrPacket(ssrc=report.ssrc, sender_info=info, reports=[theirs(block) for block in report.blocks]))
    assert write_sender_report(report) == packet
    assert read_compound(packet) == [report]


@given(RECEIVER_REPORTS)
def test_receiver_reports_are_those_of_aiortc(report: ReceiverReport) -> None:
    packet = bytes(RtcpRrPacket(ssrc=report.ssrc, reports=[theirs(block) for block in report.blocks]))
    assert write_receiver_report(report) == packet
    assert read_compound(packet) == [report]


def test_more_blocks_than_one_packet_can_count_go_into_further_ones() -> None:
    blocks = tuple(Block(ssrc, 0, 0, 0, 0, 0, 0) for ssrc in range(70))
    lots = [blocks[:31], blocks[31:62], blocks[62:]]
    assert read_compound(write_receiver_report(ReceiverReport(1, blocks))) == [ReceiverReport(1, lot) for lot in lots]
    sender = SenderReport(1, 2, 3, 4, 5, blocks)
    first, *others = read_compound(write_sender_report(sender))
    assert first == sender._replace(blocks=lots[0])
    assert others == [ReceiverReport(1, lot) for lot in lots[1:]]


@pytest.mark.parametrize(("lost", "told"), [(1 << 30, 0x7FFFFF), (-(1 << 30), -0x800000)])
def test_losses_are_clamped_to_what_a_block_holds(lost: int, told: int) -> None:
    block = Block(1, 0, lost, 0, 0, 0, 0)
    assert read_compound(write_receiver_report(ReceiverReport(1, (block,)))) == [ReceiverReport(1, (block._replace(lost=told),))]


@given(U32, U32)
def test_picture_loss_is_that_of_aiortc(sender: int, media: int) -> None:
    packet = bytes(RtcpPsfbPacket(fmt=1, ssrc=sender, media_ssrc=media))
    assert write_pli(sender, media) == packet
    assert read_compound(packet) == [PictureLoss(media)]


@given(U32, U32, U16, st.lists(st.integers(1, 20), min_size=1, max_size=40))
def test_requests_are_those_of_aiortc(sender: int, media: int, first: int, steps: list[int]) -> None:
    places = [first + sum(steps[:number]) for number in range(len(steps))]
    packet = write_nack(sender, media, [place & 0xFFFF for place in places])
    assert read_compound(packet) == [Nack(media, [place & 0xFFFF for place in places])]
    if places[-1] <= 0xFFFF:  # theirs do not wrap round
        assert packet == bytes(RtcpRtpfbPacket(fmt=1, ssrc=sender, media_ssrc=media, lost=places))


def test_requests_for_sequences_in_no_order_ask_for_each() -> None:
    assert read_compound(write_nack(1, 2, [9, 7, 7, 40, 8])) == [Nack(2, [9, 7, 7, 40, 8])]


@given(SSRCS)
def test_goodbyes_are_those_of_aiortc(ssrcs: list[int]) -> None:
    packet = bytes(RtcpByePacket(sources=ssrcs))
    assert read_compound(packet) == [Bye(ssrcs)]


def test_a_goodbye_may_say_why() -> None:
    assert read_compound(bytes.fromhex("81cb0002" + "00000001") + b"\x03end") == [Bye([1])]


@given(U32, st.text(max_size=60))
def test_descriptions_are_whole_words_and_read_by_aiortc(ssrc: int, cname: str) -> None:
    packet = write_sdes(ssrc, cname)
    assert RtcpPacket.parse(packet) == [RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=ssrc, items=[(1, cname.encode())])])]
    assert len(packet) % 4 == 0


@given(st.integers(0, (1 << 40) - 1), SSRCS)
def test_estimates_are_read_as_aiortc_writes_them(bitrate: int, ssrcs: list[int]) -> None:
    (remb,) = read_compound(bytes(RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=pack_remb_fci(bitrate, ssrcs))))
    assert isinstance(remb, Remb)
    assert remb.ssrcs == ssrcs
    assert remb.bitrate <= bitrate <= remb.bitrate * (1 + 1 / (1 << 17))


def test_full_intra_request_names_its_sources() -> None:
    assert read_compound(FIR) == [FullIntra([7, 8])]


def test_a_compound_is_read_in_order_and_unknown_kinds_are_passed_over() -> None:
    arrivals = Arrivals()
    arrivals.heard(5, 64.0)
    unknown = bytes.fromhex("80cf0001" + "00000001" + "83cd0002" + "00000001" + "00000002" + "8fc00000")
    unknown += bytes.fromhex("8fce0003" + "00000001" + "00000000" + "4e4f4e45")  # another application's
    data = write_receiver_report(ReceiverReport(1)) + SDES + unknown + b"".join(arrivals.take(1, 2)) + PLI + BYE
    assert read_compound(data) == [ReceiverReport(1), Feedback(5, 1, 64.0, 0, [64.0]), PictureLoss(2), Bye([1])]


def test_padding_is_left_out() -> None:
    assert read_compound(bytes.fromhex("a1ce0003" + "00000001" + "00000002" + "00000004")) == [PictureLoss(2)]
    assert read_compound(bytes.fromhex("a1cd0004" + "00000001" + "00000002" + "00050000" + "00000004")) == [Nack(2, [5])]


BROKEN = {
    "version": "41ce0002" + "00000001" + "00000002",
    "cut": "81ce0009" + "00000001",
    "half a head": "81ce",
    "padding of nothing": "a1ce0003" + "00000001" + "00000002" + "00000000",
    "padding beyond": "a1ce0003" + "00000001" + "00000002" + "00000010",
    "padding without room": "a0cb0000",
    "picture loss": "81ce0001" + "00000001",
    "sender report": "80c80004" + "00000001" * 4,
    "sender report without its block": "81c80006" + "00000001" * 6,
    "receiver report": "80c90000",
    "receiver report without its block": "81c90001" + "00000001",
    "goodbye": "82cb0001" + "00000001",
    "request": "81cd0001" + "00000001",
    "request of half a word": "a1cd0003" + "00000001" + "00000002" + "00050002",
    "full intra": "84ce0001" + "00000001",
    "half a full intra": "84ce0003" + "00000001" + "00000000" + "00000007",
    "estimate without its numbers": "8fce0003" + "00000001" + "00000000" + "52454d42",
    "estimate without its sources": "8fce0004" + "00000001" + "00000000" + "52454d42" + "01000000",
    "feedback": "8fcd0002" + "00000001" + "00000002",
}


@pytest.mark.parametrize("packet", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_packet_ends_the_reading(packet: str) -> None:
    assert read_compound(PLI + bytes.fromhex(packet) + PLI) == [PictureLoss(2)]


def test_a_compound_and_a_request_are_bounded() -> None:
    assert read_compound(PLI * (MAX_PACKETS + 5)) == [PictureLoss(2)] * MAX_PACKETS
    words = 2 + 2 * MAX_SEQUENCES
    everything = bytes.fromhex("81cd") + words.to_bytes(2, "big") + bytes(8) + b"\x00\x00\xff\xff" * 2 * MAX_SEQUENCES
    (nack,) = read_compound(everything)
    assert isinstance(nack, Nack)
    assert nack.sequences == [*range(17)] * (MAX_SEQUENCES // 17) + [*range(MAX_SEQUENCES % 17)]


def as_ours(packet: object) -> Packet | None:
    """Return what aiortc read as we should; None for the kinds that it does not take apart."""
    match packet:
        case RtcpSrPacket(ssrc=ssrc, sender_info=info):
            numbers = (info.ntp_timestamp, info.rtp_timestamp, info.packet_count, info.octet_count)
            return SenderReport(ssrc, *numbers, tuple(map(block_of, packet.reports)))
        case RtcpRrPacket(ssrc=ssrc):
            return ReceiverReport(ssrc, tuple(map(block_of, packet.reports)))
        case RtcpByePacket():
            return Bye(packet.sources)
        case RtcpRtpfbPacket(fmt=1):
            return Nack(packet.media_ssrc, [sequence & 0xFFFF for sequence in packet.lost])
        case RtcpPsfbPacket(fmt=1):
            return PictureLoss(packet.media_ssrc)
    return None


def block_of(info: RtcpReceiverInfo) -> Block:
    return Block(info.ssrc, info.fraction_lost, info.packets_lost, info.highest_sequence, info.jitter, info.lsr, info.dlsr)


HEADS = st.builds(
    lambda first, kind, words: bytes((first, kind, 0, words)), st.integers(0x80, 0x9F), st.integers(199, 207), st.integers(0, 12)
)


PACKETS = st.builds(lambda head, body: head + body.ljust(4 * head[3], b"\x01")[: 4 * head[3]], HEADS, st.binary(max_size=48))


@given(PACKETS)
def test_any_packet_that_aiortc_takes_apart_reads_the_same(packet: bytes) -> None:
    try:
        known = RtcpPacket.parse(packet)
    except ValueError:
        return
    expected = [as_ours(one) for one in known]
    if None not in expected:
        assert read_compound(packet) == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert len(read_compound(data)) <= MAX_PACKETS
    assert len(read_compound(b"\x81" + data)) <= MAX_PACKETS
