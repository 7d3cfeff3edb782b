"""Height and weight: kept in metres and kilograms, written and shown in the measures that people know. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

M_PER_INCH = Decimal("0.0254")
KG_PER_POUND = Decimal("0.45359237")
INCHES_PER_FOOT, POUNDS_PER_STONE = 12, 14
FINEST = Decimal("0.0001")  # a tenth of a millimetre and of a gram: finer than anything that can be written


class System(StrEnum):
    """In which measures something was written."""

    METRIC = "metric"
    IMPERIAL = "imperial"


@dataclass(frozen=True)
class Measure:
    """A height in metres or a weight in kilograms, and how it was written."""

    si: Decimal
    system: System


def metres_of(cm: Decimal) -> Decimal:
    return (cm / 100).quantize(FINEST)


def metres_of_feet(feet: Decimal, inches: Decimal) -> Decimal:
    return ((feet * INCHES_PER_FOOT + inches) * M_PER_INCH).quantize(FINEST, ROUND_HALF_UP)


def kilograms_of(kg: Decimal) -> Decimal:
    return kg.quantize(FINEST)


def kilograms_of_stones(stones: Decimal, pounds: Decimal) -> Decimal:
    return ((stones * POUNDS_PER_STONE + pounds) * KG_PER_POUND).quantize(FINEST, ROUND_HALF_UP)


def centimetres(metres: Decimal) -> Decimal:
    return metres * 100


def feet_inches(metres: Decimal, step: Decimal = Decimal(1)) -> tuple[Decimal, Decimal]:
    """Return feet and inches, these rounded to `step`; twelve inches are a foot."""
    return _parts(metres / M_PER_INCH, INCHES_PER_FOOT, step)


def stones_pounds(kilograms: Decimal, step: Decimal = Decimal(1)) -> tuple[Decimal, Decimal]:
    """Return stones and pounds, these rounded to `step`; fourteen pounds are a stone."""
    return _parts(kilograms / KG_PER_POUND, POUNDS_PER_STONE, step)


def _parts(small: Decimal, per_big: int, step: Decimal) -> tuple[Decimal, Decimal]:
    whole = rounded(small, step)
    return whole // per_big, whole % per_big


def rounded(value: Decimal, step: Decimal) -> Decimal:
    """Round half up to a multiple of `step`, without zeros at the end."""
    return plain((value / step).quantize(Decimal(1), ROUND_HALF_UP) * step)


def plain(value: Decimal) -> Decimal:
    """Return 170 for 170.00, and 170 for 1.7E+2."""
    trimmed = value.normalize()
    return trimmed.quantize(Decimal(1)) if trimmed == trimmed.to_integral_value() else trimmed


def body_mass_index(metres: Decimal, kilograms: Decimal) -> Decimal:
    """Return kilograms per square metre, to one place."""
    return (kilograms / (metres * metres)).quantize(Decimal("0.1"), ROUND_HALF_UP)
