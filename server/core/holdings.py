"""What a folder holds about somebody: in plain words, how it is exported, and what an erasure does to it.

Each folder's `holdings.py` describes its tables by `Part`s; nothing here knows what they mean. A part finds its rows by `links`: from an
account or a record straight, or over the rows of another part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Table, and_, false, func, or_, select, update
from sqlalchemy import delete as delete_from

from server.core.db import Base, Tx

BLANK_NAME = "-"  # what stands for the name of somebody who was erased


@dataclass(frozen=True)
class Subject:
    """Whose data is meant: an account, or none, and the records of patients."""

    person_id: UUID | None
    patient_ids: frozenset[UUID] = frozenset()


class Root(StrEnum):
    """Where a link may begin."""

    PERSON = "person"
    PATIENT = "patient"


class Fate(StrEnum):
    """What an erasure does to a row once nothing keeps it; `keep`: nothing ever, for the reason that its holding tells."""

    DELETE = "delete"
    PSEUDONYMISE = "pseudonymise"
    KEEP = "keep"


class Class(StrEnum):
    """What decides how long a holding is kept: nothing (`choice`), or a rule that the practice has for such data."""

    CHOICE = "choice"
    ACCOUNT = "account"
    ENQUIRY = "enquiry"
    CONTRACT = "contract"
    CLINICAL = "clinical"
    TAX = "tax"
    RECORD = "record"


@dataclass(frozen=True)
class Link:
    """Rows whose `column` names an account, a record, or a row of `to`."""

    column: str
    to: "Root | Part"


@dataclass(frozen=True)
class Part:
    """One table. With `own` only such rows are the person's own words and exported; `blanks` is what pseudonymising writes, by column.

    `of_account`, where it is said, is what it writes into rows that only an account leads to: they belong to somebody else's record.
    `hidden` names columns that are never exported; bytes and other people's ids never are. Of what is theirs only
    `told` rows are counted and exported; `technical` rows say nothing to anybody, and are neither.
    """

    model: type[Base]
    links: tuple[Link, ...]
    fate: Fate = Fate.DELETE
    blanks: Mapping[str, object] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    own: ColumnElement[bool] | None = None
    told: ColumnElement[bool] | None = None
    technical: bool = False
    of_account: Mapping[str, object] | None = None

    @property
    def table(self) -> Table:
        return self.model.metadata.tables[self.model.__tablename__]

    def found(self, subject: Subject) -> ColumnElement[bool]:
        """Return the condition for this subject's rows."""
        return or_(false(), *(self._found_by(link, subject) for link in self.links))

    def theirs(self, subject: Subject) -> ColumnElement[bool]:
        """Return the condition for what is the subject's own: what others did in the same place is not theirs."""
        return self.found(subject) if self.own is None else and_(self.found(subject), self.own)

    def shown_to(self, subject: Subject) -> ColumnElement[bool]:
        """Return the condition for what the subject is told of."""
        return self.theirs(subject) if self.told is None else and_(self.theirs(subject), self.told)

    def _found_by(self, link: Link, subject: Subject) -> ColumnElement[bool]:
        column = self.table.c[link.column]
        if link.to is Root.PERSON:
            return column == subject.person_id if subject.person_id else false()
        if link.to is Root.PATIENT:
            return column.in_(subject.patient_ids)
        return column.in_(select(link.to.table.c.id).where(link.to.found(subject)))

    @property
    def shown(self) -> list[str]:
        """Return the columns that an export shows."""
        if self.technical:
            return []
        return [column.name for column in self.table.columns if column.name not in self.hidden and not _is_private(column)]


@dataclass(frozen=True)
class Holding:
    """Some parts that belong together: `words` say to the person what they are, `why` for what reason they are kept."""

    name: str
    words: str
    kept_as: Class
    why: str
    parts: tuple[Part, ...]

    @property
    def clinical(self) -> bool:
        """Whether its controller is the professional who treats, and not who runs the server."""
        return self.kept_as is Class.CLINICAL


async def count_of(tx: Tx, holding: Holding, subject: Subject) -> int:
    """Return how many rows of theirs the holding has."""
    parts = [part for part in holding.parts if not part.technical]
    counts = [await tx.scalar(select(func.count()).select_from(part.table).where(part.shown_to(subject))) for part in parts]
    return sum(count or 0 for count in counts)


async def export_of(tx: Tx, holding: Holding, subject: Subject) -> dict[str, list[dict[str, Any]]]:
    """Return the rows by table, as values that JSON can hold, in the order of their keys."""
    return {part.table.name: await _rows(tx, part, subject) for part in holding.parts if part.shown}


async def _rows(tx: Tx, part: Part, subject: Subject) -> list[dict[str, Any]]:
    columns = [part.table.c[name] for name in part.shown]
    rows = await tx.execute(select(*columns).where(part.shown_to(subject)).order_by(*part.table.primary_key.columns))
    return [{name: plain(value) for name, value in zip(part.shown, row, strict=True)} for row in rows]


def schema_of(holding: Holding) -> dict[str, Any]:
    """Return the JSON schema of what `export_of` returns."""
    tables = {part.table.name: {"type": "array", "items": _row_schema(part)} for part in holding.parts if part.shown}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": holding.name,
        "type": "object",
        "properties": tables,
        "required": list(tables),
        "additionalProperties": False,
    }


def _row_schema(part: Part) -> dict[str, Any]:
    properties = {name: _column_schema(part.table.c[name]) for name in part.shown}
    return {"type": "object", "properties": properties, "required": part.shown, "additionalProperties": False}


def _column_schema(column: Any) -> dict[str, Any]:
    known: dict[type, dict[str, Any]] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        str: {"type": "string"},
        datetime: {"type": "string", "format": "date-time"},
        date: {"type": "string", "format": "date"},
        UUID: {"type": "string", "format": "uuid"},
    }
    kind = known.get(column.type.python_type, {})
    return {"anyOf": [kind, {"type": "null"}]} if column.nullable and kind else kind


def plain(value: Any) -> Any:
    """Return the value as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


async def erase(tx: Tx, holdings: Sequence[Holding], subject: Subject) -> None:
    """Do to every row what its part says, the rows that name others first; a second run finds nothing more to do."""
    order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
    parts = [part for holding in holdings for part in holding.parts if part.fate is not Fate.KEEP]
    for part in sorted(parts, key=lambda part: -order[part.table.name]):
        if part.fate is Fate.DELETE:
            await tx.execute(delete_from(part.table).where(part.theirs(subject)))
        else:
            await _pseudonymise(tx, part, subject)


async def _pseudonymise(tx: Tx, part: Part, subject: Subject) -> None:
    whole = subject if part.of_account is None else Subject(None, subject.patient_ids)
    await tx.execute(update(part.table).where(part.theirs(whole)).values(**part.blanks))
    if part.of_account:
        await tx.execute(update(part.table).where(part.theirs(subject)).values(**part.of_account))


def _is_private(column: Any) -> bool:
    """Whether a column holds bytes, or the id of a person, who may be somebody else."""
    return isinstance(column.type, LargeBinary) or any(key.column.table.name == "person" for key in column.foreign_keys)
