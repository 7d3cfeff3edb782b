"""Named limits on attempts, counted in this process."""

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.errors import TooFast

RULES: dict[str, str] = {
    "sign_in_name": "10/15minutes",
    "sign_in_address": "100/15minutes",
    "join_link_address": "120/minute",
    "ticket": "120/minute",
    "create": "60/minute",
}


class MemoryLimiter:
    """Forgets everything at a restart: an attacker gains one fresh window, honest people are not locked out."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items: dict[str, RateLimitItem] = {name: parse(rule) for name, rule in RULES.items()}

    async def hit(self, rule: str, *key: str) -> None:
        if not await self._limiter.hit(self._items[rule], rule, *key):
            raise TooFast
