"""Offers hold what a browser needs, and nothing but a whole answer to them is taken."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Invalid
from server.media.codecs import BY_TYPE, REPAIRS
from server.media.sdp import LONGEST_LINE, MOST_TEXT_LINES, Inlet, Outlet, Transport, offer, read_answer
from server.media_control import LONGEST_ANSWER, MOST_LINES

PRINT = "sha-256 " + ":".join(["AB"] * 32)
TRANSPORT = Transport(("192.0.2.7", "2001:db8::7"), 9000, "ours", "x" * 24, PRINT)
AUDIO, CAMERA = Inlet("0", "audio", ("opus",)), Inlet("1", "video", ("VP8", "AV1"), simulcast=True)
SEEN = Outlet("0", "video", ("VP8",), 77, 78, "peer1", "camera")
EMPTY = Outlet("1", "audio", ("opus",))
IDENTITY = f"a=ice-ufrag:abcd\r\na=ice-pwd:{'p' * 22}\r\na=fingerprint:{PRINT}\r\na=setup:active\r\n"
HEAD = f"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{IDENTITY}"
AUDIO_ANSWER = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\n"
CAMERA_ANSWER = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=sendonly\r\na=simulcast:send l;~m;h\r\n"
ANSWER = HEAD + AUDIO_ANSWER + CAMERA_ANSWER


def code_of(text: str, *lines: Inlet | Outlet) -> str:
    with pytest.raises(Invalid) as refused:
        read_answer(text, lines or (AUDIO, CAMERA))
    return refused.value.code


def test_an_offer_to_send_names_layers_and_extensions() -> None:
    text = offer(TRANSPORT, [AUDIO, CAMERA], session=5, version=2)
    assert text.startswith("v=0\r\no=- 5 2 IN IP4 127.0.0.1\r\n")
    assert "a=group:BUNDLE 0 1\r\n" in text
    assert text.count("a=recvonly\r\n") == 2
    assert "m=video 9000 UDP/TLS/RTP/SAVPF 96 97 45 46\r\n" in text
    assert "a=rid:l recv\r\na=rid:m recv\r\na=rid:h recv\r\na=simulcast:recv l;m;h\r\n" in text
    assert text.count("urn:ietf:params:rtp-hdrext:sdes:mid") == 2
    assert text.count("ssrc-audio-level") == 1
    assert "a=candidate:1 1 udp 2130706431 192.0.2.7 9000 typ host\r\na=candidate:2 1 udp 2130706175 2001:db8::7 9000 typ host" in text


def test_an_offer_to_receive_announces_the_sources_and_no_mid() -> None:
    text = offer(TRANSPORT, [SEEN, EMPTY], session=5, version=3)
    assert "a=sendonly\r\na=msid:peer1 camera\r\na=ssrc-group:FID 77 78\r\na=ssrc:77 cname:peer1\r\na=ssrc:78 cname:peer1\r\n" in text
    assert text.count("a=inactive\r\n") == 1
    assert "sdes:mid" not in text


def test_an_address_of_ipv6_is_written_as_such() -> None:
    assert "c=IN IP6 2001:db8::7\r\n" in offer(TRANSPORT._replace(addresses=("2001:db8::7",)), [AUDIO], session=1, version=1)


@pytest.mark.parametrize("count", [0, MOST_LINES + 1])
def test_an_offer_has_some_lines_and_not_too_many(count: int) -> None:
    with pytest.raises(Invalid, match="offer_lines"):
        offer(TRANSPORT, [AUDIO] * count, session=1, version=1)


def test_a_sound_without_repairs_is_announced_alone() -> None:
    text = offer(TRANSPORT, [Outlet("0", "audio", ("opus",), 9, 0, "peer1", "audio")], session=1, version=1)
    assert "a=ssrc:9 cname:peer1\r\n" in text
    assert "FID" not in text


def test_an_answer_is_read() -> None:
    answer = read_answer(ANSWER, (AUDIO, CAMERA))
    assert (answer.ufrag, answer.setup, answer.fingerprint) == ("abcd", "active", PRINT)
    audio, camera = answer.lines
    assert audio.sends
    assert not audio.receives
    assert (camera.mid, camera.codecs, camera.rids) == ("1", ("VP8",), ("l", "m", "h"))


def test_a_receiving_answer_is_read() -> None:
    text = (
        HEAD + "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:0\r\na=recvonly\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=inactive\r\n"
    )
    seen, empty = read_answer(text, (SEEN, EMPTY)).lines
    assert seen.receives
    assert not empty.receives
    assert empty.codecs == ()


def test_a_refused_line_is_inactive() -> None:
    refused = AUDIO_ANSWER.replace("audio 9", "audio 0").replace("111", "0")
    assert read_answer(HEAD + refused + CAMERA_ANSWER, (AUDIO, CAMERA)).lines[0].direction == "inactive"


def test_the_newline_may_be_one_character() -> None:
    assert read_answer(ANSWER.replace("\r\n", "\n"), (AUDIO, CAMERA)) == read_answer(ANSWER, (AUDIO, CAMERA))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("v=0\r\n", "", "answer_syntax"),
        ("s=-", "s", "answer_syntax"),
        ("s=-", "s=" + "-" * LONGEST_LINE, "answer_syntax"),
        ("s=-", "s=\x00", "answer_syntax"),
        ("s=-", "s=-" + "\r\na=x:" + "y" * 100, None),
        ("s=-", "\r\n".join(["s=-"] + ["a=x"] * LONGEST_ANSWER), "answer_size"),
        ("s=-", "\n".join(["s=-"] + ["a=x"] * MOST_TEXT_LINES), "answer_size"),
        (AUDIO_ANSWER, "", "answer_lines"),
        (AUDIO_ANSWER, AUDIO_ANSWER * (MOST_LINES + 1), "answer_syntax"),
        ("a=mid:0", "a=mid:1", "answer_lines"),
        ("a=mid:0\r\n", "", "answer_lines"),
        ("m=audio", "m=video", "answer_lines"),
        ("UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111", "answer_lines"),
        ("a=ice-ufrag:abcd\r\n", "", "answer_transport"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:a", "answer_transport"),
        ("a=mid:1", "a=mid:1\r\na=ice-ufrag:abcd", None),
        ("a=mid:1", "a=mid:1\r\na=ice-ufrag:other", "answer_transport"),
        ("a=mid:1", "a=mid:1\r\na=setup:passive", "answer_transport"),
        ("a=setup:active", "a=setup:actpass", "answer_transport"),
        ("sha-256", "sha-1", "answer_transport"),
        ("96 97", "96 98", "answer_codec"),
        ("96 97", "97", "answer_codec"),
        ("96 97", "96 120", "answer_codec"),
        ("a=mid:0\r\na=sendonly", "a=mid:0\r\na=recvonly", "answer_direction"),
        ("a=mid:0\r\na=sendonly", "a=mid:0", "answer_direction"),
        ("a=mid:0\r\na=sendonly", "a=mid:0\r\na=sendonly\r\na=inactive", "answer_direction"),
        ("send l;~m;h", "recv l;m;h", "answer_lines"),
        ("send l;~m;h", "send l;x", "answer_lines"),
        ("send l;~m;h", "send l;l;l;l", "answer_lines"),
        ("a=mid:0", "a=mid:0\r\na=simulcast:send l", "answer_lines"),
    ],
)  # fmt: skip
def test_an_answer_is_taken_whole_or_refused(old: str, new: str, code: str | None) -> None:
    changed = ANSWER.replace(old, new, 1)
    assert changed != ANSWER
    if code is None:
        read_answer(changed, (AUDIO, CAMERA))
    else:
        assert code_of(changed) == code


def test_nobody_sends_where_we_send_nothing() -> None:
    text = HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=recvonly\r\n"
    assert code_of(text, EMPTY) == "answer_direction"


@given(st.lists(st.tuples(st.integers(0, len(ANSWER)), st.integers(0, 40), st.text(max_size=20)), max_size=6))
def test_a_mangled_answer_raises_one_error_only(cuts: list[tuple[int, int, str]]) -> None:
    text = ANSWER
    for at, length, put in cuts:
        text = text[:at] + put + text[at + length :]
    with suppress(Invalid):
        assert [line.mid for line in read_answer(text, (AUDIO, CAMERA)).lines] == ["0", "1"]


@given(st.text(max_size=300))
def test_any_text_raises_one_error_only(text: str) -> None:
    with pytest.raises(Invalid):
        read_answer(text, (AUDIO,))


def test_no_number_means_two_things() -> None:
    numbers = sorted([*BY_TYPE, *REPAIRS])
    assert all(one < other for one, other in pairwise(numbers))
    assert not any(64 <= number <= 95 for number in numbers), "would be taken for RTCP (RFC 5761)"
