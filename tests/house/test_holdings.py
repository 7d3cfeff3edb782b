"""Every table that leads to a person or a patient says what becomes of it: a new one without a holding fails here."""

from collections import Counter

import pytest

import server.models
from server.core.holdings import Class, Fate, Holding, Part, schema_of
from server.privacy.registry import EXCEPTIONS, HOLDINGS

pytestmark = pytest.mark.row("L1")

TABLES = server.models.Base.metadata.tables
PARTS = {part.table.name: (holding, part) for holding in HOLDINGS for part in holding.parts}


def leading_to_people() -> set[str]:
    """Return the tables whose foreign keys end at a person or a patient, over however many others."""
    found = {"person", "patient"}
    while True:
        more = {table.name for table in TABLES.values() if {key.column.table.name for key in table.foreign_keys} & found} | found
        if more == found:
            return found
        found = more


def named() -> Counter[str]:
    """Return how often each table is named, in a holding or as an exception."""
    return Counter([part.table.name for holding in HOLDINGS for part in holding.parts] + list(EXCEPTIONS))


def uncovered() -> set[str]:
    return leading_to_people() - named().keys()


def test_every_table_that_leads_to_people_is_in_one_holding_or_excepted() -> None:
    assert uncovered() == set()
    assert [name for name, times in named().items() if times > 1] == []
    assert named().keys() <= TABLES.keys()


def test_every_part_names_columns_that_are_there() -> None:
    for _, part in PARTS.values():
        columns = part.table.columns.keys()
        assert part.hidden | part.blanks.keys() | {link.column for link in part.links} <= set(columns), part.table.name
        assert bool(part.blanks) == (part.fate is Fate.PSEUDONYMISE), part.table.name


def test_what_is_deleted_is_named_by_nothing_that_stays() -> None:
    """Else a foreign key would stop the erasure, or a cascade take more than the plan says."""
    for holding, part in PARTS.values():
        if part.fate is Fate.DELETE:
            for name, (other, child) in PARTS.items():
                if part.table.name in {key.column.table.name for key in child.table.foreign_keys}:
                    assert stays_no_longer(other, child, holding), f"{name} stays after {part.table.name}"


def stays_no_longer(holding: Holding, part: Part, than: Holding) -> bool:
    same = holding.kept_as in {than.kept_as, Class.CHOICE, Class.CONTRACT}
    return part.fate is Fate.DELETE and same


def test_whatever_is_kept_says_why_and_every_holding_has_a_schema() -> None:
    for holding in HOLDINGS:
        assert bool(holding.why) == (holding.kept_as is not Class.CHOICE), holding.name
        assert holding.words
        assert schema_of(holding)["title"] == holding.name
