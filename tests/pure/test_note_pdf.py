"""The PDF of notes: what people see in it, what a screen reader finds in it, and what text can never do to it."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typst
from typst import Fonts, TypstError

from server.core import typeset
from server.core.typeset import FOLDER, unprintable_in
from server.errors import TooBig
from server.notes.export import weight
from server.notes.export.dossier import NoteStatus, PersonFacts
from server.notes.export.paper import lay_out
from server.notes.export.pdf import TEMPLATE, make_pdf
from server.notes.export.pdf_data import template_data
from server.notes.prose import Block
from server.web.i18n import Language, Languages
from tests.dossiers import (
    ADDED_TEXT,
    ALICE,
    DANA,
    NOTE,
    NOTES,
    PATIENT,
    PEOPLE,
    PRACTICE,
    SIGNED_TEXT,
    bullets,
    dossier,
    note,
    paragraph,
    part,
    prose,
    words,
)
from tests.house.source import ROOT

pytestmark = pytest.mark.row("N9")

DRAFT = "Draft \N{EN DASH} not signed"
ENGLISH = Languages([]).choose(None, "")
MARKUP = [
    '#include "/etc/passwd"',
    '#read("/etc/passwd")',
    "*bold* _soft_ $x^2$ `code`",
    "<label> @ref // gone",
    "\\ [x] ~ --- #panic()",
    "= Heading",
]


@pytest.fixture(autouse=True)
def embedded_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fonts that come with Typst, whatever the machine has besides."""
    fonts = Fonts(include_system_fonts=False)
    monkeypatch.setattr(typeset, "_fonts", lambda: fonts)


def read(*notes: Any, whole: bool = False, language: Language = ENGLISH, keeps_standards: bool = True, **changes: Any) -> pypdf.PdfReader:
    """Return a PDF, which keeps its standards unless that is what the test is about."""
    made = make_pdf(dossier(*(notes or (NOTES["signed"],)), **changes), language, whole=whole)
    reader = pypdf.PdfReader(io.BytesIO(made))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert ("<pdfuaid:part>1<" in metadata, "<pdfaid:part>2<" in metadata) == (keeps_standards, keeps_standards)
    return reader


def text_of(reader: pypdf.PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def written(text: str) -> str:
    return written_blocks(paragraph(text))


def written_blocks(*blocks: Block) -> str:
    """Return what a note with these blocks shows under 'Plan', lines joined."""
    shown = text_of(read(note(NoteStatus.SIGNED, part(text=prose(plan=blocks)))))
    return " ".join(shown.partition("\nPlan\n")[2].partition("\nSignatures\n")[0].split())


def refusal(diagnostic: str) -> TypstError:
    """Return an error as Typst raises it."""
    error = TypstError("twelve days", diagnostic)
    error.diagnostic = diagnostic
    return error


def tags(element: Any) -> Iterator[str]:
    """Yield the names of the structure that a screen reader goes through."""
    element = element.get_object() if hasattr(element, "get_object") else element
    if isinstance(element, list):
        for inner in element:
            yield from tags(inner)
    elif isinstance(element, dict):
        if "/S" in element:
            yield element["/S"]
        yield from tags(element.get("/K"))


@pytest.mark.parametrize("state", NOTES)
def test_every_state_is_tagged_titled_and_harmless(state: str) -> None:
    reader = read(NOTES[state])
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en-GB"
    assert reader.metadata is not None
    assert reader.metadata.title in {"Consultation note", "Summary for the patient"}
    assert reader.metadata.author == "Dr Alice Moreau, Bob Lindqvist"
    assert not {"/OpenAction", "/AA", "/AcroForm"} & root.keys()
    assert not {"/JavaScript", "/EmbeddedFiles"} & root.get("/Names", {}).keys()
    assert "/AF" not in root


def test_a_screen_reader_finds_headings_lists_and_tables() -> None:
    found = list(tags(read(NOTES["amended"]).trailer["/Root"]["/StructTreeRoot"]["/K"]))
    assert {"/H1", "/H2", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/Strong", "/Em"} <= set(found)
    assert "/H3" not in found
    assert found.count("/H1") == len(["Subjective", "Objective", "Assessment", "Plan", "Signatures", "Amendment", "Addendum", "Access"])


def test_every_page_says_whose_it_is_and_which_text() -> None:
    reader = read(NOTES["amended"])
    assert len(reader.pages) > 1
    for number, page in enumerate(reader.pages, 1):
        shown = page.extract_text()
        assert PRACTICE.name in shown
        assert PATIENT.name in shown
        assert str(DANA) in shown
        assert f"Page {number} of {len(reader.pages)}" in shown
        assert f"Note {NOTE}, version 3" in shown
        assert ADDED_TEXT.content_sha256.hex() in shown
        assert "Exported 28 November 2026, 16:05 (London time) by Dr Alice Moreau" in shown


def test_all_that_was_written_is_there_in_its_order() -> None:
    shown = " ".join(text_of(read(NOTES["amended"])).split())
    places = [
        "9 March 1984", "MBBS, MRCGP", "Subjective", "twelve days", "Objective", "96 % after the stairs",
        "Assessment", "Plan", "Signatures", "23 November 2026, 11:31 (London time)",
        SIGNED_TEXT.content_sha256.hex(), SIGNED_TEXT.head_hash.hex(),
        "Amendment of 27 November 2026", "Dr Alice Moreau", "four days after ramipril was stopped", "caused by the ACE inhibitor.",
        "27 November 2026, 10:30", "Addendum of 28 November 2026", "Bob Lindqvist", "Potassium 4.4", "Who had access",
        "in an emergency. Reason: Patient phoned",
    ]  # fmt: skip
    at = 0
    for place in places:
        assert place in shown[at:], place
        at = shown.index(place, at)


def test_a_draft_says_so_on_every_page() -> None:
    long = note(NoteStatus.DRAFT, part(text=prose(plan=(paragraph("Rest. "),) * 200)))
    reader = read(long)
    assert len(reader.pages) > 2
    assert all(DRAFT in page.extract_text() for page in reader.pages)
    assert "Nobody has signed this text." in text_of(reader)
    assert not any("Draft" in page.extract_text() for page in read(NOTES["signed"]).pages)


def test_a_text_that_does_not_fit_its_fingerprint_says_so() -> None:
    assert "no longer fits its fingerprint" in text_of(read(note(NoteStatus.SIGNED, replace(SIGNED_TEXT, content_sha256=bytes(32)))))
    assert "fingerprint" not in text_of(read(NOTES["signed"]))


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_shown_as_it_was_written(text: str) -> None:
    assert written(text) == " ".join(text.split())


def test_markup_in_names_and_reasons_is_shown_as_it_was_written() -> None:
    evil = '#read("/etc/passwd") *x*'
    shown = text_of(
        read(
            note(NoteStatus.AMENDED, SIGNED_TEXT, replace(ADDED_TEXT, reason=f"R {evil}")),
            practice=replace(PRACTICE, name=f"P {evil}", phone=f"T {evil}"),
            patient=replace(PATIENT, name=f"D {evil}", email=f"E {evil}"),
            people=(PersonFacts(ALICE, "", f"A {evil}", f"Q {evil}"), PEOPLE[1]),
        )
    )
    assert [letter for letter in "RPTDEAQ" if f"{letter} {evil}" not in " ".join(shown.split())] == []


@pytest.mark.parametrize("path", ["/etc/passwd", "../../errors.py", "/../../errors.py", "../staff/today.html"])
def test_the_templates_could_read_nothing_but_themselves(path: str) -> None:
    templates = sorted(FOLDER.iterdir())
    assert TEMPLATE in templates
    assert {path.suffix for path in templates} == {".typ"}
    with pytest.raises(TypstError, match=r"not found|outside|escape"):
        typst.compile(f'#read("{path}")'.encode(), root=FOLDER)
    assert not any("import" in path.read_text() for path in templates)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("中文 and 😀👨‍👩‍👧", "[U+4E2D][U+6587] and [grinning face][man][woman][girl]"),
        ("x\u20dd xylophone", "x[U+20DD] xylophone"),
        ("1\ufe0f\u20e3 one", "1[U+20E3] one"),
        ("private \ue000, null \x00", "private [U+E000], null \ufffd"),
        ("tab\tstop", "tab stop"),
    ],
)
def test_letters_without_a_font_are_spelt_out(text: str, shown: str) -> None:
    assert written(text) == shown


def test_a_page_with_spelt_letters_says_why_and_keeps_its_standards() -> None:
    reader = read(note(NoteStatus.SIGNED, part(text=prose(plan=(paragraph("中文"),)))))
    assert "no font for some of the letters" in text_of(reader)
    assert "no font" not in text_of(read(NOTES["signed"]))


@pytest.mark.parametrize("text", ["مرحبا", "שלום", "Ελληνικά", "Привет", "Łódź, Đặng, Çağan"])
def test_other_scripts_need_no_spelling(text: str) -> None:
    assert "[" not in written(text)


def test_a_record_has_its_contents_and_each_note_its_own_pages() -> None:
    reader = read(*NOTES.values(), whole=True)
    assert reader.metadata is not None
    assert reader.metadata.title == "Clinical record"
    first = reader.pages[0].extract_text()
    assert first.count("Consultation note, 23 November 2026") == 3
    assert "Summary for the patient, 23 November 2026" in first
    assert DRAFT in reader.pages[1].extract_text()
    assert not any("Draft" in page.extract_text() for page in reader.pages[2:])
    assert f"Page {len(reader.pages)} of {len(reader.pages)}" in reader.pages[-1].extract_text()


def test_another_language_runs_its_own_way(languages: Languages) -> None:
    reader = read(language=languages.choose("ar-XB", ""))
    assert reader.trailer["/Root"]["/Lang"] == "ar-XB"
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/Direction"] == "/R2L"


def test_lists_of_any_depth_keep_their_words() -> None:
    inner: Block = bullets("word-39")
    for number in reversed(range(39)):
        inner = bullets((paragraph(f"word-{number}"), inner))
    shown = text_of(read(note(NoteStatus.SIGNED, part(text=prose(plan=(inner,))))))
    assert [number for number in range(40) if f"word-{number}" not in shown] == []


def test_a_word_wider_than_the_page_goes_on_in_the_next_line() -> None:
    reader = read(note(NoteStatus.SIGNED, part(text=prose(plan=(paragraph("x" * 400 + "e\u0301" * 80),)))))
    lines = [line.strip() for line in text_of(reader).splitlines() if re.fullmatch(r"[xe\u0301\u200bé]{30,}", line.strip())]
    assert len(lines) > 3
    assert max(len(line.replace("\u0301", "")) for line in lines) <= 100
    assert not any(line.startswith("\u0301") for line in lines)
    assert sum(line.count("x") for line in lines) == 400


def test_nothing_at_all_takes_its_place() -> None:
    shown = written_blocks(paragraph(), bullets(), bullets(()), bullets((paragraph(),)), paragraph(""), paragraph("End."))
    assert shown.endswith("End.")


def test_words_that_several_people_wrote_stay_whole() -> None:
    paper = lay_out(
        dossier(note(NoteStatus.SIGNED, part(text=prose(plan=(paragraph("مر", "حبا", words("!", "bold")),))))), ENGLISH, whole=False
    )
    (block,) = template_data(paper, whole=False)["notes"][0]["parts"][0]["passages"][0]["blocks"]
    assert [run["text"] for run in block["runs"]] == ["مرحبا", "!"]


def test_a_list_runs_as_its_first_letters_do() -> None:
    paper = lay_out(
        dossier(note(NoteStatus.SIGNED, part(text=prose(plan=(bullets("12", "مرحبا"), bullets("a"), bullets("12")))))), ENGLISH, whole=False
    )
    blocks = template_data(paper, whole=False)["notes"][0]["parts"][0]["passages"][0]["blocks"]
    assert [block["rtl"] for block in blocks] == [True, False, None]


def test_the_same_dossier_gives_the_same_bytes() -> None:
    assert make_pdf(dossier(NOTES["amended"]), ENGLISH, whole=False) == make_pdf(dossier(NOTES["amended"]), ENGLISH, whole=False)


def test_a_note_comes_out_even_where_the_standards_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_really = typeset._compile

    def strict(template: Path, data: str, made_at: int, standards: list[Any]) -> bytes:
        if standards:
            raise refusal("PDF/UA-1 error: something new")
        return compile_really(template, data, made_at, standards)

    monkeypatch.setattr(typeset, "_compile", strict)
    assert "twelve days" in text_of(read(keeps_standards=False))


def test_letters_that_never_end_do_not_keep_it_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "ROUNDS", 1)
    thai = note(NoteStatus.SIGNED, part(text=prose(plan=(paragraph("สวัสดี, then twelve days"),))))
    assert "twelve days" in text_of(read(thai, keeps_standards=False))


def test_a_failure_tells_the_line_and_not_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise refusal("error: twelve days\n server/templates/pdf/dossier.typ:29:81")

    monkeypatch.setattr(typeset, "_compile", fail)
    with pytest.raises(RuntimeError, match=r"^the template failed at dossier.typ:29$") as caught:
        read()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_what_typst_cannot_show_is_read_from_its_words() -> None:
    said = 'the text `"\\u{1f468}\\u{200d}"` could not be … the text `"e\\""` could … the PDF contains the codepoint `"\\u{e000}"` …'
    assert unprintable_in(said) == {"\u200d", "\ue000"}


def test_a_record_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "MAX_WEIGHT", weight.weight(dossier(NOTES["signed"])))
    read(NOTES["signed"])
    with pytest.raises(TooBig):
        read(NOTES["signed"], NOTES["draft"])
    with pytest.raises(TooBig):
        read(note(NoteStatus.SIGNED, replace(part(text=prose(plan=(paragraph("中" * 900),))), signatures=SIGNED_TEXT.signatures)))


def test_two_hundred_pages_need_a_bounded_memory() -> None:
    """220 notes of one page each; `weight` lets half as much again through. ru_maxrss would keep the peak of who started the process."""
    program = """
import io, pathlib, re
import pypdf
from server.notes.export.pdf import make_pdf
from server.web.i18n import Languages
from tests.dossiers import dossier, numbered
made = make_pdf(dossier(*numbered(220)), Languages([]).choose(None, ""), whole=True)
peak_kb = int(re.search(r"VmHWM:\\s*([0-9]+) kB", pathlib.Path("/proc/self/status").read_text())[1])
print(len(pypdf.PdfReader(io.BytesIO(made)).pages), round(peak_kb / 1024))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    pages, peak_mb = map(int, done.stdout.split())
    assert pages >= 200
    assert peak_mb < 600


def test_starting_the_server_loads_neither_typst_nor_fhir() -> None:
    program = "import sys, server.app, server.notes.export_http; print([name for name in ('typst', 'fhir') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
