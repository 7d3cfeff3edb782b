"""No shown figure, total or combination of them gives away one that is not shown, also to whoever knows how they are hidden."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.oversight.bars import svg_of
from server.oversight.suppress import FEWEST, Row, Veil, alone, veiled

pytestmark = pytest.mark.row("L7")


def one_each(parts: Sequence[int]) -> Row:
    """Return the row where each of them is about somebody else."""
    return veiled(parts, parts, sum(parts))


def adding_up_to(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in adding_up_to(total - first, parts - 1))


@pytest.mark.parametrize(("parts", "up_to"), [(1, 40), (2, 80), (3, 50), (4, 36)])
def test_every_small_figure_may_be_any_small_number(parts: int, up_to: int) -> None:
    """Every row there is stands beside all that are shown the same way: in these a hidden cell takes every value that it could have."""
    alike: dict[Row, list[tuple[int, ...]]] = defaultdict(list)
    for total in range(up_to + 1):
        for row in adding_up_to(total, parts):
            alike[one_each(row)].append(row)
    for shown, rows in alike.items():
        for place, cell in enumerate(shown.parts):
            values = {row[place] for row in rows}
            if cell is Veil.FEW:
                assert values == set(range(FEWEST)), shown
            elif cell is Veil.KEPT:
                assert len(values) >= FEWEST - 1, shown


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=6))
def test_what_is_shown_is_true_and_never_small(parts: list[int]) -> None:
    shown = one_each(parts)
    assert shown.total in {sum(parts), Veil.FEW}
    for part, cell in zip(parts, shown.parts, strict=True):
        assert isinstance(cell, Veil) or cell == part >= FEWEST
        assert cell is not Veil.FEW or part < FEWEST
    hidden = [part for part, cell in zip(parts, shown.parts, strict=True) if isinstance(cell, Veil)]
    assert len(hidden) != 1 or shown.total is Veil.FEW


def test_a_total_does_not_give_a_part_away() -> None:
    assert one_each([40, 3]) == Row(43, (Veil.KEPT, Veil.FEW))
    assert one_each([40, 3, 30]) == Row(73, (40, Veil.FEW, Veil.KEPT))
    assert one_each([12, 0]) == Row(12, (Veil.KEPT, Veil.KEPT))
    assert one_each([4, 5]) == Row(Veil.FEW, (Veil.FEW, Veil.FEW))
    assert one_each([10, 20]) == Row(30, (10, 20))
    assert (alone(9, 9), alone(10, 10)) == (Veil.FEW, 10)


def test_many_figures_of_few_people_are_small() -> None:
    assert veiled([38, 0], [1, 0], 1) == Row(Veil.FEW, (Veil.FEW, Veil.FEW))
    assert veiled([38, 40], [9, 30], 35) == Row(78, (Veil.FEW, Veil.KEPT))
    assert veiled([38, 40], [9, 8], 12) == Row(78, (Veil.KEPT, Veil.KEPT))
    assert alone(38, 9) is Veil.FEW


def test_a_hidden_figure_is_drawn_the_same_whatever_it_is() -> None:
    picture = svg_of("plot", "A & B", "<months>", [20, Veil.FEW, 10])
    assert (picture.count('class="bar-shown"'), picture.count('class="bar-hidden"')) == (2, 1)
    assert "A &amp; B" in picture
    assert "&lt;months&gt;" in picture
    assert 'height="120.0"' in picture
