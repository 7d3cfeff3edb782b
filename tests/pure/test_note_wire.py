"""Both sides of the note socket know the same numbers."""

import re
from pathlib import Path

import pytest

from server.notes import limits, yproto

WIRE = (Path(__file__).parents[2] / "static/src/notes/wire.ts").read_text()


@pytest.mark.parametrize("name", ["SYNC", "AWARENESS", "STEP1", "STEP2", "UPDATE", "ACK", "HELLO", "EVENT", "REJECT"])
def test_kinds_of_frames(name: str) -> None:
    assert f"export const {name} = {getattr(yproto, name)};" in WIRE


def test_schema_and_sections() -> None:
    assert f"export const SCHEMA = {limits.SCHEMA_VERSION};" in WIRE
    listed = re.search(r"SECTIONS: readonly SectionName\[\] = \[(.*)\]", WIRE)
    assert listed is not None
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == limits.SECTIONS


def test_one_paste_fits_into_one_update() -> None:
    """A letter takes up to three bytes in UTF-8, and a paragraph at most sixty."""
    paste = (Path(__file__).parents[2] / "static/src/notes/paste.ts").read_text()
    letters, lines = (int(found) for found in re.findall(r"MAX_PASTE\w* = ([\d_]+)", paste))
    assert letters * 3 + lines * 60 <= limits.MAX_UPDATE
    assert lines * 6 <= limits.MAX_PARTS
