"""argon2id behind a limiter, with the same work for a name that does not exist."""

from functools import lru_cache

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
LONGEST_PASSWORD = 256


class Passwords:
    """Hashes and verifies in one thread at a time.

    argon2 releases the GIL but eats memory bandwidth: ten at once delay every socket of the process by 100 ms, one at a time by 5.
    """

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)

    async def hash(self, password: str) -> str:
        return await anyio.to_thread.run_sync(HASHER.hash, password, limiter=self._limiter)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Return whether the password fits; `None` (no such name) costs the same time and is always False."""
        fits = await anyio.to_thread.run_sync(_fits, stored or _dummy(), password, limiter=self._limiter)
        return fits and stored is not None


def _fits(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _dummy() -> str:
    return HASHER.hash("nobody has this password")
