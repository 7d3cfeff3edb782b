"""A dossier as plain text, for a program or a person that reads nothing else; the words and their order are those of the PDF."""

from collections.abc import Iterable, Iterator

from server.notes.export.dossier import Dossier
from server.notes.export.paper import Fact, Paper, PaperNote, PaperPart, Row, lay_out
from server.notes.prose import Prose, shown
from server.notes.prose_text import plain_text
from server.web.i18n import Language

RULE = "=" * 72


def make_text(dossier: Dossier, language: Language, *, whole: bool) -> bytes:
    """Return UTF-8 without a byte order mark.

    A blank line stands between two blocks and nowhere else, and no value takes more than one line: nobody can write a signature.
    """
    paper = lay_out(dossier, language, whole=whole)
    blocks = [*_opening(paper), *(block for note in paper.notes for block in _note(paper, note, whole=whole))]
    return ("\n\n".join(filter(None, (block.strip("\n") for block in blocks))) + "\n").encode()


def _opening(paper: Paper) -> Iterator[str]:
    yield _lines((paper.title, ", ".join(filter(None, (paper.practice, paper.phone))), paper.exported))
    yield _facts(paper.facts)


def _note(paper: Paper, note: PaperNote, *, whole: bool) -> Iterator[str]:
    yield _lines((RULE, note.heading, note.state) if whole else (note.state,))
    yield _facts(note.facts)
    for part in note.parts:
        yield from _part(paper, part)
    yield _rows(paper.heads["accesses"], note.accesses)


def _part(paper: Paper, part: PaperPart) -> Iterator[str]:
    if part.title:
        yield _lines((part.title, *(_fact(fact) for fact in part.facts)))
    yield part.warning
    yield part.empty
    sections = Prose({passage.name: passage.blocks for passage in part.passages})
    yield plain_text(sections, {passage.name: passage.title for passage in part.passages}, with_empty=False)
    yield _rows(paper.heads["signatures"], part.signatures) or paper.heads["unsigned"]
    yield _facts(part.seals)


def _rows(title: str, rows: Iterable[Row]) -> str:
    said = [f"{row.who}: {row.what}, {row.when}" for row in rows]
    return _lines((title, *said)) if said else ""


def _facts(facts: Iterable[Fact]) -> str:
    return _lines(map(_fact, facts))


def _fact(fact: Fact) -> str:
    return f"{fact.label}: {fact.value}"


def _lines(lines: Iterable[str]) -> str:
    """Put each on a line of its own, whatever breaks are in it."""
    return "\n".join(" ".join(shown(line).split()) for line in lines)
