"""Which layers fit, and what is given up first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.layers import UP_AFTER_S, Chooser, Demand, allot

pytestmark = pytest.mark.row("V5")

RATES = (150_000, 500_000, 1_500_000)
rates = st.tuples(*(st.one_of(st.none(), st.integers(1, 2_000_000)),) * 3)
demands = st.lists(
    st.builds(Demand, rates, st.one_of(st.none(), st.integers(0, 2)), st.one_of(st.none(), st.integers(0, 2)), st.booleans()), max_size=8
)  # fmt: skip


def choose(budget: float, *wanted: Demand) -> list[int | None]:
    return allot(wanted, budget, may_pause=True)


@given(demands, st.floats(0, 10_000_000))
def test_what_is_chosen_fits_and_is_wanted(wanted: list[Demand], budget: float) -> None:
    chosen = allot(wanted, budget, may_pause=True)
    assert sum(demand.rates[rank] or 0 for demand, rank in zip(wanted, chosen, strict=True) if rank is not None) <= max(
        budget, sum(demand.cost(rank) for demand, rank in zip(wanted, chosen, strict=True) if rank is not None and rank == demand.ranks[0])
    ) or any(demand.rates != tuple(sorted(demand.rates, key=lambda rate: rate or 0)) for demand in wanted)
    for demand, rank in zip(wanted, chosen, strict=True):
        assert rank is None or rank in demand.ranks


@given(demands)
def test_without_a_measure_nothing_is_paused(wanted: list[Demand]) -> None:
    for demand, rank in zip(wanted, allot(wanted, 0, may_pause=False), strict=True):
        assert (rank is None) == (not demand.ranks)


def test_layers_by_budget() -> None:
    fresh = Demand(RATES, 2, None)
    assert choose(100_000, fresh) == [None]
    assert choose(149_000 * 1.15, fresh) == [None]
    assert choose(151_000 * 1.15, fresh) == [0]
    assert choose(501_000 * 1.15, fresh) == [1]
    assert choose(1_501_000 * 1.15, fresh) == [2]


def test_what_is_sent_stays_while_it_fits_barely() -> None:
    assert choose(500_000 * 0.9, Demand(RATES, 2, 1)) == [1]
    assert choose(499_000 * 0.9, Demand(RATES, 2, 1)) == [0]
    assert choose(150_000 * 0.9, Demand(RATES, 2, 0)) == [0]
    assert choose(149_000 * 0.9, Demand(RATES, 2, 0)) == [None]


def test_a_wish_bounds_and_a_pin_leads() -> None:
    assert choose(9e9, Demand(RATES, 0, None), Demand(RATES, None, None)) == [0, None]
    assert choose(2_400_000, Demand(RATES, 2, None), Demand(RATES, 2, None, pinned=True)) == [1, 2]
    assert choose(180_000, Demand(RATES, 2, None), Demand(RATES, 2, None, pinned=True)) == [None, 0]
    assert choose(1_200_000, *[Demand(RATES, 2, None)] * 2) == [1, 1], "all one step before one takes two"


def test_silent_layers_are_passed_over() -> None:
    assert choose(9e9, Demand((150_000, None, None), 2, 2)) == [0]
    assert choose(9e9, Demand((None, None, 1_500_000), 0, None)) == [2], "the smallest that there is"
    assert choose(9e9, Demand((None, None, None), 2, 0)) == [None]
    assert Demand((None, 5, None), 2, 0).wanted == 5
    assert Demand((None, 5, None), None, 0).wanted == 0


def test_down_at_once_and_up_with_patience() -> None:
    chooser = Chooser()
    assert chooser.choose([Demand(RATES, 2, None)], 9e9, 0.0, may_pause=True) == [2]
    assert chooser.choose([Demand(RATES, 2, 2)], 600_000, 1.0, may_pause=True) == [1]
    assert chooser.choose([Demand(RATES, 2, 1)], 9e9, 1.1, may_pause=True) == [1]
    assert chooser.choose([Demand(RATES, 2, 1)], 160_000, 1.2, may_pause=True) == [0]
    assert chooser.choose([Demand(RATES, 2, 0), Demand(RATES, 2, None)], 9e9, 1.2 + UP_AFTER_S - 0.1, may_pause=True) == [0, None]
    assert chooser.choose([Demand(RATES, 2, 0)], 9e9, 1.3 + UP_AFTER_S, may_pause=True) == [2]


def test_a_picture_that_is_not_wanted_any_more_is_no_fall() -> None:
    chooser = Chooser()
    assert chooser.choose([Demand(RATES, None, 2)], 9e9, 0.0, may_pause=True) == [None]
    assert chooser.choose([Demand(RATES, 2, None)], 9e9, 0.1, may_pause=True) == [2]
