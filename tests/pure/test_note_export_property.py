"""Whatever people write, every form of an export comes out whole: PDF within its standards, FHIR valid, text as text."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from typst import Fonts

from server.core import typeset
from server.notes.export.dossier import Dossier, NoteStatus
from server.notes.export.fhir import make_fhir
from server.notes.export.paper_text import make_text
from server.notes.export.pdf import make_pdf
from server.web.i18n import Languages
from tests.cast import fixed_id
from tests.dossiers import ADDED_TEXT, PATIENT, PRACTICE, dossier, note, part
from tests.pure.prose_strategies import LETTERS, PROSES

pytestmark = pytest.mark.row("N9")

ENGLISH = Languages([]).choose(None, "")
FONTS = Fonts(include_system_fonts=False)


def _dossier(text: object, name: str, reason: str, *, amended: bool) -> Dossier:
    parts = (part(text=text), replace(ADDED_TEXT, reason=reason)) if amended else (part(text=text),)  # type: ignore[arg-type]
    state = NoteStatus.AMENDED if amended else NoteStatus.DRAFT
    return dossier(note(state, *parts), patient=replace(PATIENT, name=name, email=name), practice=replace(PRACTICE, name=name))


DOSSIERS = some.builds(_dossier, PROSES, LETTERS, LETTERS, amended=some.booleans())


@settings(max_examples=40, deadline=None)
@given(DOSSIERS, some.booleans())
def test_every_pdf_keeps_its_standards(given_dossier: Dossier, whole: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typeset, "_fonts", lambda: FONTS)
        made = make_pdf(given_dossier, ENGLISH, whole=whole)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made


@settings(max_examples=60, deadline=None)
@given(DOSSIERS, some.booleans())
def test_every_fhir_document_is_valid(given_dossier: Dossier, whole: bool) -> None:
    assert json.loads(make_fhir(given_dossier, ENGLISH, fixed_id("bundle"), whole=whole))["type"] == "document"


@settings(max_examples=60, deadline=None)
@given(DOSSIERS, some.booleans())
def test_every_text_is_one_of_blocks_and_lines(given_dossier: Dossier, whole: bool) -> None:
    made = make_text(given_dossier, ENGLISH, whole=whole).decode()
    assert "\n\n\n" not in made
    assert not {"\x00", "\x1b", "\r", "\u2028", "\x85"} & set(made)
