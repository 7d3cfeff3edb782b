"""What booking needs from whoever takes the money, a storey higher."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from server.booking.model import Pays, Service
from server.core.db import Tx
from server.core.house import House

Way = Callable[[House, Tx, Service, UUID | None], Awaitable[Pays]]


@dataclass(frozen=True)
class Cashier:
    """`way` says how a service can be paid now, given who leads it where that is known; `start` leads whoever holds a time to pay."""

    way: Way
    start: Callable[[Request, UUID], Awaitable[Response]]
