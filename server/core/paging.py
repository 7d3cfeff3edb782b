"""Long lists, cut into pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select

from server.core.db import Tx

PAGE_OF = 50
LAST = 100_000
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Paged(Generic[T]):
    """The rows of one page, which is counted from 1; `more`: another page follows."""

    rows: list[T]
    page: int
    more: bool

    def of(self, change: Callable[[T], U]) -> "Paged[U]":
        return Paged([change(row) for row in self.rows], self.page, self.more)


def page_of(text: str | None) -> int:
    """Return the page that an address asks for; what is no page is the first one."""
    asked = int(text) if text and text.isascii() and text.isdigit() and len(text) <= len(str(LAST)) else 1
    return min(max(asked, 1), LAST)


async def paged(tx: Tx, query: Select[*tuple[Any, ...]], page: int) -> Paged[Any]:
    """Read one page of a query with a unique order: its rows, or where it selects one thing, these."""
    cut = query.offset((page - 1) * PAGE_OF).limit(PAGE_OF + 1)
    found: Iterable[Any] = await tx.execute(cut) if len(query.column_descriptions) > 1 else await tx.scalars(cut)
    rows = list(found)
    return Paged(rows[:PAGE_OF], page, len(rows) > PAGE_OF)
