"""Which datagrams may be handed to the kernel as one message."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from server.media.limits import LARGEST_CLEAR, MOST_CUT_BYTES, MOST_CUTS, MOST_SEALING
from server.media.run import alike


@given(st.lists(st.one_of(st.integers(1, LARGEST_CLEAR), st.sampled_from((1100, 1101, 40))), min_size=1, max_size=130))
def test_a_message_holds_datagrams_of_one_size_and_a_shorter_one_at_its_end(sizes: list[int]) -> None:
    counts = alike(sizes)
    assert sum(counts) == len(sizes)
    for end, count in zip(accumulate(counts), counts, strict=True):
        lot = sizes[end - count : end]
        assert count <= MOST_CUTS
        assert sum(lot) + MOST_SEALING * count <= MOST_CUT_BYTES
        assert set(lot[:-1]) <= {lot[0]}
        assert lot[-1] <= lot[0]


def test_a_picture_is_one_message_or_two() -> None:
    assert alike([1100] * 6) == [6]
    assert alike([1100] * 5 + [40]) == [6]
    assert alike([1100] * 2 + [1101] * 4) == [2, 4]
    assert alike([100]) == [1]
    assert alike([1300] * 64) == [48, 16]
