"""A bounded run of the fuzz target of the forwarding engine's readers: the same packets at every run."""

import pytest

from server.media import rtp
from tests.fuzz.media import SAMPLES, run_media

pytestmark = pytest.mark.row("V5")

PACKETS, SEED = 10_000, 44


def test_bad_44_thousands_of_hostile_packets_do_no_harm() -> None:
    result = run_media(PACKETS, SEED)
    assert [str(finding) for finding in result.findings] == []
    assert min(result.rtp, result.extended, result.pictures, result.rtcp, result.feedback, result.frames) > PACKETS // 50


def test_the_same_seed_makes_the_same_packets() -> None:
    first, second = (run_media(500, SEED) for _ in range(2))
    assert (first.rtp, first.extended, first.rtcp) == (second.rtp, second.extended, second.rtcp)


def test_every_sample_is_a_datagram() -> None:
    assert all(0 < len(sample) < 1200 for sample in SAMPLES)


def test_the_oracles_see_reading_outside_of_a_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.media.starts_picture", lambda _codec, data, _body, end: data[end] & 1)
    assert "read what stands outside" in str(run_media(50, SEED).findings[0])


def test_the_oracles_see_an_element_without_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtp, "_one_byte", lambda data, at, end: {data[at] >> 4: (at + 1, (data[at] & 15) + 1)} if at < end else {})
    assert "an element outside of its block" in {
        finding.what.removeprefix("AssertionError: ") for finding in run_media(2000, SEED).findings
    }


def test_the_oracles_see_requests_and_reports_without_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.media.rtcp.MAX_SEQUENCES", 1 << 20)
    monkeypatch.setattr("server.media.twcc.MAX_STATUSES", 1 << 20)
    found = {finding.what.removeprefix("AssertionError: ") for finding in run_media(5000, SEED).findings}
    assert found == {"more sequences than a request may have", "more arrivals than a report may have"}


def test_the_oracles_see_writing_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(data: bytearray, at: int, *_numbers: int) -> None:
        data[at] ^= 1

    monkeypatch.setattr("tests.fuzz.media.write_header", write)
    assert "wrote what stands outside" in str(run_media(50, SEED).findings[0])
