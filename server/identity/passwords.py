"""argon2id behind a limiter, with the same work for a name that does not exist."""

from base64 import b64encode
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import Overloaded

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
LONGEST_PASSWORD = 256
MAX_WAITING = 50  # about two seconds of work; whoever comes then is told to try again

Found = TypeVar("Found")


class Passwords:
    """Hashes, verifies and weighs in one thread at a time.

    argon2 releases the GIL but eats memory bandwidth: ten at once delay every socket of the process by 100 ms, one at a time by 5.
    """

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)

    async def hash(self, password: str) -> str:
        """Return what is stored of a password; raises `Overloaded`."""
        return await self.weigh(lambda: HASHER.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Return whether the password fits; `None` (no such name) costs the same time and is always False. Raises `Overloaded`."""
        fits = await self.weigh(lambda: _fits(stored or NOBODY, password))
        return fits and stored is not None

    async def weigh(self, work: Callable[[], Found]) -> Found:
        """Return what `work` finds about a password: how easily it is guessed takes long, too. Raises `Overloaded`."""
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise Overloaded
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)


def _fits(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _nobody() -> str:
    """Make up a hash with the hasher's own costs: it takes the same work to compare, none to make, and no password fits it."""
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (HASHER.salt_len, HASHER.hash_len))
    return f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}${salt}${digest}"


NOBODY = _nobody()
