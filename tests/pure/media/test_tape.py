"""The records between engine and recorder come out as they went in, however the pipe cuts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media import tape

RECORDS = st.tuples(st.integers(0, 7), st.integers(0, 2**32 - 1), st.floats(0, 1e9), st.binary(max_size=60))


@given(st.lists(RECORDS, max_size=8), st.integers(1, 40))
def test_records_survive_any_cut(records: list[tuple[int, int, float, bytes]], step: int) -> None:
    raw = b"".join(tape.entry(*one) for one in records)
    cut = tape.Tape()
    got = [one for at in range(0, len(raw), step) for one in cut.feed(raw[at : at + step])]
    assert got == records


@pytest.mark.parametrize("length", [0, 12, tape.LONGEST_RECORD + 1, 2**32 - 1])
def test_what_is_no_record_is_refused(length: int) -> None:
    with pytest.raises(tape.Broken):
        list(tape.Tape().feed(length.to_bytes(4, "big") + bytes(40)))


def test_reports_and_answers_are_read() -> None:
    (one,) = tape.Tape().feed(tape.instant(3, 1.5, 2**63, 7))
    assert (one.kind, one.source, one.at, tape.read_instant(one.body)) == (tape.INSTANT, 3, 1.5, (2**63, 7))
    wish = tape.WantPicture(source=4)
    assert tape.read_told(wish.model_dump_json().encode()) == wish
    with pytest.raises(ValueError, match="valid"):
        tape.read_told(b"Traceback")


def test_the_key_is_not_shown() -> None:
    assert "ab" * 32 not in repr(tape.Begin(folder="f", key="ab" * 32, wall=0.0, monotonic=0.0))
