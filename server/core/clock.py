"""The system's clock: the only place that asks for the time."""

import time
from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the clock that everybody else asks

    def monotonic(self) -> float:
        return time.monotonic()
