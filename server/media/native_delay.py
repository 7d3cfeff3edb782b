"""The estimation by delay as of `delay.Delay`, compiled (delay.c)."""

from collections.abc import Iterator
from math import nan
from typing import Any

from server.media import native
from server.media.delay import NORMAL, OVERUSING, UNDERUSING, Told, new_control
from server.media.mmsg import ffi
from server.media.twcc import MAX_STATUSES

USAGES = (NORMAL, OVERUSING, UNDERUSING)

_arrived, _sent, _sizes = ffi.new("double[]", MAX_STATUSES), ffi.new("double[]", MAX_STATUSES), ffi.new("int32_t[]", MAX_STATUSES)
"""For one report, which is taken to its end before the next."""


class NativeDelay:
    """Tells from bursts what a way carries."""

    __slots__ = ("_state", "control")

    def __init__(self, estimate: int | None = None, *, tally: Any = None) -> None:
        """`estimate` is what is known already, in bit/s. With a `tally` the lane learns by this from now on."""
        self.control = new_control(estimate)
        self._state = ffi.new("struct delay *")
        native.library.delay_begin(self._state)
        if tally is not None:
            tally.delay = self._state

    def learn(self, told: Told) -> Iterator[tuple[int, float]]:
        """As `delay.Delay.learn`."""
        state, count, at = self._state, len(told.sizes), 0
        arrivals = told.arrivals
        _arrived[0:count] = arrivals if None not in arrivals else [nan if arrival is None else arrival for arrival in arrivals]
        _sent[0:count], _sizes[0:count] = told.sent, told.sizes
        state.interval_ms = self.control.feedback_interval()
        while at < count:
            at = native.library.delay_learn(state, _arrived, _sent, _sizes, count, at, told.anchor_ms)
            if state.due:
                yield from self._ask()

    def _ask(self) -> Iterator[tuple[int, float]]:
        state = self._state
        rate = native.library.delay_rate(state)
        estimate = self.control.update(USAGES[state.usage], None if rate < 0 else rate, state.at_ms)
        if estimate is not None:
            state.updated_ms, state.interval_ms = state.at_ms, self.control.feedback_interval()
            yield estimate, state.sent_at
