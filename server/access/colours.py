"""A practice's own colour: whether it can be read on our pages, the nearest one that can, and the style that follows from it. Pure.

Contrast is that of WCAG 2.2. The surfaces are those of static/css/tokens.css, on which words and lines in this colour stand.
"""

import colorsys
import re
from enum import StrEnum
from typing import NamedTuple

LEAST = 4.5
HEX = re.compile(r"#[0-9a-f]{6}")
STEPS = 512  # of lightness, in a search for the nearest


class Mode(StrEnum):
    LIGHT = "light"
    DARK = "dark"


INK = {Mode.LIGHT: "#ffffff", Mode.DARK: "#04252c"}  # what stands on the colour itself
SURFACES = {Mode.LIGHT: ("#ffffff", "#f3f6f7", "#eaf0f2"), Mode.DARK: ("#151f26", "#0c1318", "#1e2a32")}
FAR_END = {Mode.LIGHT: "#000000", Mode.DARK: "#ffffff"}


class Weak(NamedTuple):
    """A colour that cannot be read: its contrast to the worst of what it meets, which that is, and the nearest that can be read."""

    ratio: float
    against: str
    nearest: str


class Colours(NamedTuple):
    """For light and for dark pages, each as `#rrggbb`."""

    light: str
    dark: str


def tidy(text: str) -> str:
    """Return `#rrggbb` in small letters, whether the sign was written or not; or the text as it is, where it is no colour."""
    found = "#" + text.strip().lower().removeprefix("#")
    return found if HEX.fullmatch(found) else text.strip()


def contrast(one: str, other: str) -> float:
    """Return the ratio of two colours, from 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def weakness(colour: str, mode: Mode) -> Weak | None:
    """Return why a colour cannot be used on pages of this mode; None for one that can."""
    ratio, against = _worst(colour, mode)
    if ratio >= LEAST:
        return None
    return Weak(int(ratio * 10) / 10, against, nearest(colour, mode))


def nearest(colour: str, mode: Mode) -> str:
    """Return the colour of the same hue, as little darker (on light pages) or lighter (on dark ones) as it takes."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(colour)))
    goal = 0.0 if mode is Mode.LIGHT else 1.0
    tries = (_from_hls(hue, lightness + (goal - lightness) * step / STEPS, saturation) for step in range(STEPS + 1))
    return next(found for found in tries if _worst(found, mode)[0] >= LEAST)


def css_of(colours: Colours, selector: str = ":root") -> str:
    """Return a style sheet that says for a part of the page what tokens.css says for all; old browsers get the light colours."""
    shades = {mode: _shades(colour, mode) for mode, colour in zip(Mode, colours, strict=True)}
    plain = ";".join(f"--{name}:{value}" for name, value in shades[Mode.LIGHT].items())
    both = ";".join(f"--{name}:light-dark({value},{shades[Mode.DARK][name]})" for name, value in shades[Mode.LIGHT].items())
    return f"{selector}{{{plain}}}@supports (color:light-dark(#000,#fff)){{{selector}{{{both}}}}}"


def _shades(colour: str, mode: Mode) -> dict[str, str]:
    strong = _mixed(colour, FAR_END[mode], 0.3)
    soft = _soft(colour, mode)
    return {"accent": colour, "accent-strong": strong, "accent-ink": INK[mode], "accent-soft": soft, "accent-deep": strong}


def _soft(colour: str, mode: Mode) -> str:
    """Return what is tinted with it, on which it stands, too."""
    return _mixed(colour, SURFACES[mode][0], 0.88)


def _worst(colour: str, mode: Mode) -> tuple[float, str]:
    return min((contrast(colour, other), other) for other in (INK[mode], *SURFACES[mode], _soft(colour, mode)))


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG, from 0 to 1."""
    red, green, blue = (part / 255 for part in _parts(colour))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed(one: str, other: str, share: float) -> str:
    """Return `one` with this share of `other` in it."""
    return _hex([round(a + (b - a) * share) for a, b in zip(_parts(one), _parts(other), strict=True)])


def _from_hls(hue: float, lightness: float, saturation: float) -> str:
    return _hex([round(part * 255) for part in colorsys.hls_to_rgb(hue, lightness, saturation)])


def _parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _hex(parts: list[int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in parts)
