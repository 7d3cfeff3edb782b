"""Amounts of money in their smallest unit; pure."""


def share_of(minor: int, percent: int) -> int:
    """Return so many percent of an amount, half a unit rounded up."""
    return (minor * percent + 50) // 100
