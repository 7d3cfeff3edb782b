"""A dossier laid out for people, in the practice's language: what PDF and plain text show, in the same words and order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from server.notes.export.dossier import Dossier, NoteStatus, Part, PartKind, PatientFacts, WrittenNote
from server.notes.export.paper_words import (
    ACCESSES,
    CHANGED,
    CONSULTATIONS,
    GENDERS,
    MARKS,
    PARTS,
    RECORD,
    SECTION_TITLES,
    STATES,
    TITLES,
    Words,
)
from server.notes.limits import SECTIONS
from server.notes.prose import Block, Prose
from server.web.i18n import Language


class Fact(NamedTuple):
    label: str
    value: str


class Row(NamedTuple):
    """Somebody did something: one line of a table of signatures or of accesses."""

    who: str
    what: str
    when: str


class Passage(NamedTuple):
    """A section with its name, its title, and what is written in it."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class PaperPart:
    """`title` is empty for the original text, `warning` unless the text no longer fits its fingerprint."""

    title: str
    facts: tuple[Fact, ...]
    warning: str
    passages: tuple[Passage, ...]
    empty: str
    signatures: tuple[Row, ...]
    seals: tuple[Fact, ...]


@dataclass(frozen=True)
class PaperNote:
    """`warning` stands out at the top of every page; `foot` and `seal` say on every page which text of which note it is."""

    title: str
    heading: str
    state: str
    warning: str
    facts: tuple[Fact, ...]
    parts: tuple[PaperPart, ...]
    accesses: tuple[Row, ...]
    foot: str
    seal: str


@dataclass(frozen=True)
class Paper:
    """`heads` are the headings that stand between the facts; `page` has the places {page} and {pages}."""

    title: str
    language: str
    author: str
    practice: str
    phone: str
    patient: str
    number: str
    facts: tuple[Fact, ...]
    notes: tuple[PaperNote, ...]
    exported: str
    page: str
    heads: dict[str, str]
    missing: str


def lay_out(dossier: Dossier, language: Language, *, whole: bool) -> Paper:
    """Lay out the one note, or with `whole` the record of which the dossier has all notes."""
    words = Words(dossier, language)
    _ = words.text
    notes = tuple(_note(dossier, note, words) for note in dossier.notes)
    title = _(RECORD) if whole else notes[0].title
    exported = _("Exported {moment} by {name}", moment=words.moment(dossier.exported_at), name=dossier.name_of(dossier.exported_by))
    return Paper(
        title=title,
        language=language.tag,
        author=_author(dossier),
        practice=dossier.practice.name,
        phone=dossier.practice.phone or "",
        patient=dossier.patient.name,
        number=_("Patient's number {id}", id=dossier.patient.id),
        facts=tuple(_patient(dossier.patient, words)),
        notes=notes,
        exported=exported,
        page=_("Page {page} of {pages}"),
        heads=_heads(words),
        missing=_("This server has no font for some of the letters. They stand in square brackets, by their name or number in Unicode."),
    )


def _author(dossier: Dossier) -> str:
    """Return who wrote, for the properties of the document; the practice where a program asks for somebody and nobody did."""
    names = dict.fromkeys(dossier.name_of(one) for note in dossier.notes for part in note.parts for one in part.author_ids)
    return ", ".join(names) or dossier.practice.name


def _heads(words: Words) -> dict[str, str]:
    _ = words.text
    return {
        "contents": _("Contents"),
        "signatures": _("Signatures"),
        "accesses": _(ACCESSES),
        "who": _("Who"),
        "what": _("What"),
        "when": _("When"),
        "unsigned": _("Nobody has signed this text."),
    }


def _patient(patient: PatientFacts, words: Words) -> Iterator[Fact]:
    _ = words.text
    yield Fact(_("Patient"), patient.name)
    yield Fact(_("Patient's number"), str(patient.id))
    if patient.birth_date is not None:
        yield Fact(_("Date of birth"), words.date(patient.birth_date))
    if patient.gender is not None:
        yield Fact(_("Gender"), _(GENDERS[patient.gender]))
    if patient.phone or patient.email:
        yield Fact(_("Contact"), ", ".join(filter(None, (patient.phone, patient.email))))


def _note(dossier: Dossier, note: WrittenNote, words: Words) -> PaperNote:
    _ = words.text
    draft = note.state is NoteStatus.DRAFT
    return PaperNote(
        title=_(TITLES[note.kind]),
        heading=words.heading(note),
        state=_(STATES[note.state]),
        warning=_(STATES[NoteStatus.DRAFT]) if draft else "",
        facts=tuple(_consultation(dossier, note, words)),
        parts=tuple(_part(dossier, part, words) for part in note.parts),
        accesses=tuple(Row(dossier.name_of(event.person_id), words.act(event), words.moment(event.at)) for event in note.events),
        foot=_("Note {id}, version {version}", id=note.id, version=note.last.version),
        seal=_("SHA-256 {hash}", hash=note.last.content_sha256.hex()),
    )


def _consultation(dossier: Dossier, note: WrittenNote, words: Words) -> Iterator[Fact]:
    """Tell of the meeting; a professional's qualifications stand beside the name."""
    _ = words.text
    held = note.consultation
    yield Fact(_("Consultation"), _(CONSULTATIONS[held.state]))
    yield Fact(_("Planned for"), words.moment(held.scheduled_at))
    if held.started_at is not None:
        yield Fact(_("Started"), words.moment(held.started_at))
    if held.ended_at is not None:
        yield Fact(_("Ended"), words.moment(held.ended_at))
    wrote = {one for part in note.parts for one in part.author_ids}
    names = [", ".join(filter(None, (one.full_name, one.qualifications))) for one in dossier.people if one.id in wrote]
    if names:
        yield Fact(_("Written by"), "; ".join(names))


def _part(dossier: Dossier, part: Part, words: Words) -> PaperPart:
    _ = words.text
    passages = ((name, part.prose.sections.get(name, ())) for name in SECTIONS)
    return PaperPart(
        title="" if part.kind is PartKind.ORIGINAL else _(PARTS[part.kind], date=words.day(part.written_at)),
        facts=() if part.kind is PartKind.ORIGINAL else tuple(_origin(part, words)),
        warning=" ".join(_warnings(part, words)),
        passages=tuple(Passage(name, _(SECTION_TITLES[name]), blocks) for name, blocks in passages if not Prose({name: blocks}).empty),
        empty=_("Nothing is written here.") if part.prose.empty else "",
        signatures=tuple(Row(dossier.name_of(one.person_id), _(MARKS[one.what]), words.moment(one.at)) for one in part.signatures),
        seals=tuple(_seals(part, words)),
    )


def _warnings(part: Part, words: Words) -> Iterator[str]:
    if not part.intact:
        yield words.text(CHANGED)
    if part.left:
        yield words.left(part.left)


def _origin(part: Part, words: Words) -> Iterator[Fact]:
    _ = words.text
    yield Fact(_("Written"), words.moment(part.written_at))
    if part.author_ids:
        yield Fact(_("Written by"), words.people(part))
    if part.reason:
        yield Fact(_("Reason"), part.reason)


def _seals(part: Part, words: Words) -> Iterator[Fact]:
    _ = words.text
    yield Fact(_("Version"), str(part.version))
    yield Fact(_("SHA-256 of the text"), part.content_sha256.hex())
    yield Fact(_("SHA-256 of the journal"), part.head_hash.hex())
