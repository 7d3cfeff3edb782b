"""Names are folded the same way in Python, on SQLite and on PostgreSQL."""

import sys
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import literal, select

from server.consultation.known import find_known
from server.core.crypto import Secrets, load_secrets
from server.core.db import Database
from server.core.folding import Folded, fold
from server.notes.records import called, find_in_emergency, listed_records
from server.patients.model import Patient
from tests.cast import ALICE, CHARLIE, Guest, add_meeting, seat_cast
from tests.conftest import MORNING

pytestmark = pytest.mark.anyio

CALLED = ("Émile Zola", "EMILE Zwei", "Emília Ångström", "Łucja Żak", "Ψαλίδας Νίκος", "Юлия Ёлкина", "Jürgen Weiß", "İpek Çelik")
FOUND = {
    "émile": {"Émile Zola", "EMILE Zwei"},
    "emile": {"Émile Zola", "EMILE Zwei"},
    "ÉMILE": {"Émile Zola", "EMILE Zwei"},
    "E\u0301mile": {"Émile Zola", "EMILE Zwei"},  # as some keyboards write it: the letter, then its accent
    "ÅNG": {"Emília Ångström"},
    "łuc": {"Łucja Żak"},
    "ŁUC": {"Łucja Żak"},
    "zak": {"Łucja Żak"},
    "ΨΑΛΙΔ": {"Ψαλίδας Νίκος"},
    "ёлк": {"Юлия Ёлкина"},
    "ЕЛК": {"Юлия Ёлкина"},
    "JURGEN": {"Jürgen Weiß"},
    "ipek": {"İpek Çelik"},
    "\u0301\u0301\u0301": set(),  # accents alone are no letters
    "__": set(),
}


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return load_secrets(tmp_path)


@pytest.fixture
async def patients(database: Database, secrets: Secrets) -> None:
    """Alice's patients."""
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        for name in CALLED:
            await add_meeting(tx, secrets, MORNING, guest=Guest(name, "+447700900003", "x@example.org"))


async def test_every_letter_is_folded_alike(database: Database) -> None:
    """Each stands on a line of its own, because some letters look at their neighbours."""
    letters = [chr(code) for code in range(33, sys.maxunicode + 1) if unicodedata.category(chr(code))[0] in "LNM"]
    async with database.read() as tx:
        folded = await tx.scalar(select(Folded(literal("\n".join(letters)))))
    assert folded is not None
    assert [pair for pair in zip(letters, folded.split("\n"), map(fold, letters), strict=True) if pair[1] != pair[2]] == []


@pytest.mark.usefixtures("patients")
@pytest.mark.parametrize("letters", FOUND)
async def test_known_patients_are_found_however_they_are_written(database: Database, letters: str) -> None:
    async with database.read() as tx:
        assert {one.name for one in await find_known(tx, ALICE.viewer, letters)} == FOUND[letters]


@pytest.mark.usefixtures("patients")
async def test_records_are_found_however_they_are_written(database: Database) -> None:
    async with database.read() as tx:
        for letters, names in FOUND.items():
            emergency = await find_in_emergency(tx, CHARLIE.viewer, letters)
            assert {patient.name for patient in emergency} == (names if len(letters) > 2 else set()), letters
        listed = await listed_records(tx, ALICE.viewer, "emile z")
        assert [patient.name for patient in listed] == ["Émile Zola", "EMILE Zwei"]
        assert (await tx.scalars(select(Patient).where(called("mile")))).all() == []
