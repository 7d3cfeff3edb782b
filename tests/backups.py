"""A backup of what somebody could erase, on either database."""

from sqlalchemy import Table, and_, select, update

from server.core.db import Base, Tx
from server.core.holdings import Fate
from server.core.house import House
from server.privacy.registry import HOLDINGS

TABLES = [part.table for holding in HOLDINGS for part in holding.parts if part.fate is not Fate.KEEP]
TABLES.sort(key=list(Base.metadata.sorted_tables).index)


class Copies:
    """A backup of the database, on either of them."""

    def __init__(self, house: House) -> None:
        self._house, self._rows = house, {}

    async def keep(self) -> None:
        async with self._house.database.read() as tx:
            self._rows = {table: [dict(row._mapping) for row in await tx.execute(select(table))] for table in TABLES}

    async def put_back(self) -> None:
        """Bring back what was there; rows that nobody may delete are still as they were."""
        async with self._house.database.write() as tx:
            for table, rows in self._rows.items():
                for row in rows:
                    await self._put(tx, table, row)

    async def _put(self, tx: Tx, table: Table, row: dict[str, object]) -> None:
        key = and_(*(column == row[column.name] for column in table.primary_key.columns))
        found = (await tx.execute(select(table).where(key))).mappings().first()
        changed = {name: value for name, value in row.items() if found is not None and found[name] != value}
        if found is None:
            await tx.execute(table.insert().values(**row))
        elif changed:
            await tx.execute(update(table).where(key).values(**changed))
