"""A layout that was kept says of a packet that fits what a walk through its extensions would say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.codecs import MID
from server.media.layout import NAMING, Layout, blanked
from server.media.rtp import blank_extensions, find_extensions
from tests.pure.media.test_rtp import FIXED, block_of, header_of, packets

pytestmark = pytest.mark.row("V5")


@given(packets(), st.data(), st.integers(0, 20))
def test_what_fits_has_the_places_that_a_walk_finds(packet: bytes, data: st.DataObject, at: int) -> None:
    """The second packet is the first with some bytes changed, so that many fit and many do not."""
    layout = Layout(packet, 0, header_of(packet))
    changed = bytearray(packet)
    for place in data.draw(st.lists(st.integers(1, len(packet) - 1), max_size=3)):
        changed[place] = data.draw(st.integers(0, 255))
    other = b"\xff" * at + changed + b"\xff" * 9
    if layout.fits(other, at, len(changed), changed[0]) and not changed[0] & 0x20:
        header = header_of(bytes(changed))
        assert (header.body, header.extensions) == (layout.body, layout.extensions)
        assert find_extensions(bytes(changed), header) == layout.places


@given(packets())
def test_a_packet_fits_its_own_layout_and_none_that_is_cut(packet: bytes) -> None:
    layout = Layout(packet, 0, header_of(packet))
    assert layout.fits(packet, 0, len(packet), packet[0])
    assert not layout.fits(packet, 0, layout.body - 1, packet[0])
    assert not layout.fits(packet, 0, len(packet), packet[0] ^ 0x01)


@given(packets())
def test_names_are_blanked_as_by_a_walk(packet: bytes) -> None:
    ours, theirs, header = bytearray(packet), bytearray(packet), header_of(packet)
    layout, may_keep = blanked(Layout(packet, 0, header), ours, 0, header)
    blank_extensions(theirs, header, NAMING)
    assert find_extensions(ours, header).keys().isdisjoint(NAMING)
    if may_keep:
        assert ours == theirs
        again = bytearray(packet)
        layout.blank(again, 0)
        assert again == theirs


@pytest.mark.parametrize("two_byte", [False, True])
def test_a_name_that_comes_twice_is_no_layout_to_keep(two_byte: bool) -> None:
    packet = bytearray(FIXED + block_of([(MID, b"mid"), (2, b"xyz"), (MID, b"mid")], two_byte=two_byte) + b"payload")
    header = header_of(bytes(packet))
    _, may_keep = blanked(Layout(packet, 0, header), packet, 0, header)
    assert not may_keep
    assert b"mid" not in packet
