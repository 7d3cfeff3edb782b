"""Which layer of each picture a subscriber is sent, and when it is better sent none.

Sound is never weighed: what it takes is taken from the budget before. A picture whose smallest layer does not fit is paused, because a
queue that fills on the way delays the sound behind it.
"""

from collections.abc import Sequence
from typing import NamedTuple

UP_MARGIN = 1.15  # a layer that is not sent yet must fit with so much to spare, so that a wavering budget does not flicker
DOWN_MARGIN = (
    0.9  # of its rate is what a layer costs that is sent: an estimate is no more exact, and a want is told as 0.85 of what arrives
)
UP_AFTER_S = 2.0  # after a step down, before the next step up
SILENT_S = 0.5  # a layer from which nothing has come for so long has stopped: its sender's processor or way is too weak for it


class Demand(NamedTuple):
    """One picture. `rates` are the bit/s of its layers, the smallest first, None for one that is silent; `limit` is the index of the
    largest that is wanted, None for none; `current` the one that is sent.
    """

    rates: tuple[int | None, ...]
    limit: int | None
    current: int | None
    pinned: bool = False

    @property
    def ranks(self) -> list[int]:
        """Those that may be sent, the smallest first: at most the limit, or the smallest that there is."""
        if self.limit is None:
            return []
        there = [rank for rank, rate in enumerate(self.rates) if rate is not None]
        return [rank for rank in there if rank <= self.limit] or there[:1]

    def cost(self, rank: int) -> float:
        """What this layer would take, with a margin so that what is sent stays as it is where the budget wavers."""
        rate = self.rates[rank] or 0
        return rate * (UP_MARGIN if self.current is None or rank > self.current else DOWN_MARGIN)

    @property
    def wanted(self) -> int:
        """What it would take in full."""
        return max((self.rates[rank] or 0 for rank in self.ranks), default=0)


Choice = list[int | None]


class Chooser:
    """Chooses for one subscriber, who wants a calm picture: down at once, up with patience."""

    def __init__(self) -> None:
        self._fell_at: float | None = None

    def choose(self, demands: Sequence[Demand], budget: float, now: float, *, may_pause: bool) -> Choice:
        """Return the layer of each demand. `may_pause` is false while the budget is a mere guess."""
        chosen = allot(demands, budget, may_pause=may_pause)
        if any(_is_below(one, demand.current) and demand.limit is not None for one, demand in zip(chosen, demands, strict=True)):
            self._fell_at = now
        elif self._fell_at is not None and now - self._fell_at < UP_AFTER_S:
            return [_no_more(one, demand) for one, demand in zip(chosen, demands, strict=True)]
        return chosen


def _is_below(one: int | None, other: int | None) -> bool:
    return other is not None and (one is None or one < other)


def _no_more(one: int | None, demand: Demand) -> int | None:
    """Keep to what is sent, if it still can be. What was never sent or was paused waits, too."""
    return demand.current if _is_below(demand.current, one) or demand.current is None else one


def allot(demands: Sequence[Demand], budget: float, *, may_pause: bool) -> Choice:
    """Give every picture its smallest layer, the pinned ones first; then the pinned ones all they want; then one step to each in turn."""
    order = sorted(range(len(demands)), key=lambda index: not demands[index].pinned)
    chosen: Choice = [None] * len(demands)
    for index in order:
        ranks = demands[index].ranks
        if ranks and (not may_pause or demands[index].cost(ranks[0]) <= budget):
            chosen[index] = ranks[0]
            budget -= demands[index].cost(ranks[0])
    for rounds in ([index for index in order if demands[index].pinned], order):
        budget = _raise(demands, rounds, chosen, budget)
    return chosen


def _raise(demands: Sequence[Demand], order: Sequence[int], chosen: Choice, budget: float) -> float:
    """Go round until nobody can be given more; return what is left."""
    while True:
        given = 0
        for index in order:
            demand, now = demands[index], chosen[index]
            more = [rank for rank in demand.ranks if now is not None and rank > now]
            if now is None or not more or demand.cost(more[0]) - demand.cost(now) > budget:
                continue
            budget -= demand.cost(more[0]) - demand.cost(now)
            chosen[index] = more[0]
            given += 1
        if not given:
            return budget
