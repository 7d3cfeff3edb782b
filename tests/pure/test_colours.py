"""A colour that is taken can be read wherever it stands, and the one that is proposed instead, too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.brand import USUAL
from server.access.colours import LEAST, SURFACES, Colours, Mode, _shades, contrast, css_of, nearest, tidy, weakness

pytestmark = pytest.mark.row("P8")

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS, st.sampled_from(Mode))
def test_the_nearest_can_be_read_with_all_that_follows_from_it(colour: str, mode: Mode) -> None:
    found = nearest(colour, mode)
    assert weakness(found, mode) is None
    shades = _shades(found, mode)
    for one, other in (
        ("accent", "accent-ink"),
        ("accent", "accent-soft"),
        ("accent-strong", "accent-ink"),
        ("accent-deep", "accent-soft"),
    ):
        assert contrast(shades[one], shades[other]) >= LEAST
    assert all(contrast(shades[name], other) >= LEAST for name in ("accent", "accent-strong", "accent-deep") for other in SURFACES[mode])


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#123456", "#123456") == 1


def test_a_weak_colour_is_told_with_its_ratio_and_the_nearest() -> None:
    weak = weakness("#7fd3e0", Mode.LIGHT)
    assert weak is not None
    assert (weak.ratio < 2, weak.nearest) == (True, nearest("#7fd3e0", Mode.LIGHT))
    assert [weakness(colour, mode) for colour, mode in zip(USUAL, Mode, strict=True)] == [None, None]
    assert nearest(USUAL.light, Mode.LIGHT) == USUAL.light


def test_a_colour_is_written_in_one_way() -> None:
    assert [tidy(text) for text in (" 005F73 ", "#005f73", "teal", "#00f")] == ["#005f73", "#005f73", "teal", "#00f"]


def test_the_style_says_both_palettes() -> None:
    style = css_of(Colours("#005f73", "#7fd3e0"))
    assert style.startswith(":root{--accent:#005f73;")
    assert "--accent:light-dark(#005f73,#7fd3e0)" in style
