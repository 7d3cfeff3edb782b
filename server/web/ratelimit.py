"""Named limits on attempts, counted in this process."""

from collections import OrderedDict
from typing import NamedTuple

from server.errors import TooFast
from server.ports import Clock
from server.web.bucket import Bucket

MAX_KEYS = 100_000  # one more, and the one that was not asked about for longest is forgotten


class Rule(NamedTuple):
    """So many at once, and then so many again over this time."""

    times: int
    within_s: float


RULES = {
    "sign_in_name": Rule(10, 15 * 60),
    "sign_in_device": Rule(10, 15 * 60),
    "sign_in_address": Rule(100, 15 * 60),
    "second_factor": Rule(10, 60 * 60),
    "passkey_address": Rule(100, 15 * 60),
    "reset_address": Rule(20, 60 * 60),
    "reset_name": Rule(3, 60 * 60),
    "register_address": Rule(20, 60 * 60),
    "account_visit": Rule(20, 15 * 60),
    "account_address": Rule(100, 15 * 60),
    "join_link_address": Rule(120, 60),
    "ticket": Rule(120, 60),
    "create": Rule(60, 60),
    "book_address": Rule(120, 60),
    "hold_address": Rule(30, 10 * 60),
    "invite": Rule(20, 10 * 60),
    "feed": Rule(60, 60 * 60),
    "wait_address": Rule(10, 60 * 60),
    "prove": Rule(5, 60 * 60),
    "copies": Rule(10, 60 * 60),
    "prove_address": Rule(10, 24 * 60 * 60),
    "upload": Rule(60, 60 * 60),
    "late": Rule(20, 10 * 60),
    "contact_address": Rule(5, 60 * 60),
    "complaint_address": Rule(5, 60 * 60),
    "outside_address": Rule(5, 60 * 60),
    "letter_tries": Rule(60, 60 * 60),
    "newsletter_test": Rule(20, 60 * 60),
    "rights_request": Rule(10, 60 * 60),
    "ask_to_act": Rule(10, 60 * 60),
    "emergency": Rule(30, 10 * 60),
    "health": Rule(30, 10 * 60),
}


class MemoryLimiter:
    """Forgets everything at a restart: an attacker gains one fresh start, honest people are not locked out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, ...], Bucket] = OrderedDict()

    async def hit(self, rule: str, *key: str) -> None:
        if not self._bucket(rule, key).take(self._clock.monotonic()):
            raise TooFast

    async def forget(self, rule: str, *key: str) -> None:
        self._buckets.pop((rule, *key), None)

    async def take_back(self, rule: str, *key: str) -> None:
        self._bucket(rule, key).give_back()

    def _bucket(self, rule: str, key: tuple[str, ...]) -> Bucket:
        name = (rule, *key)
        if name not in self._buckets:
            times, within_s = RULES[rule]
            self._buckets[name] = Bucket.full(times / within_s, times, self._clock.monotonic())
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)
        return self._buckets[name]
