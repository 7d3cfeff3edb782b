"""The readable part of a copy, laid out in chapters; a long life is told in several volumes, each of bounded size. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.notes.export.paper import Fact
from server.notes.limits import SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span
from server.patients.answer_export import Filled
from server.patients.answer_words import lines_of
from server.privacy.copy_facts import AccountFacts, RecordFacts, Summary
from server.privacy.copy_words import CHAPTERS, MISSING, SECTION_NAMES, Say, about_copy

MAX_LETTERS = 400_000  # of one volume: the typesetter takes some hundred times as many bytes
OVERHEAD = 200  # letters that a heading costs, about


@dataclass(frozen=True)
class Passage:
    """A piece of a chapter under a heading of the second order; `inner` are smaller ones below it."""

    title: str
    facts: tuple[Fact, ...] = ()
    blocks: tuple[Block, ...] = ()
    inner: tuple["Passage", ...] = ()


@dataclass(frozen=True)
class Chapter:
    title: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Volume:
    """One PDF. `page` has the places {page} and {pages}; `heads` are words of the template."""

    title: str
    author: str
    made: str
    page: str
    contents: str
    missing: str
    chapters: tuple[Chapter, ...]


def lay_out(account: AccountFacts, records: Iterable[RecordFacts], missing: list[str], say: Say) -> list[Volume]:
    """Return the volumes in their order, one for nearly everybody."""
    _ = say.text
    chapters = [_about(account, missing, say), _account(account, say), *(_record(one, say) for one in records), _held(account, say)]
    parts = list(_split(chapters))
    return [
        Volume(
            title=_(CHAPTERS["title"]) + (f" ({number}/{len(parts)})" if len(parts) > 1 else ""),
            author="Consilium",
            made=_("Made for {name} on {moment}", name=account.name, moment=say.moment(account.made_at)),
            page=_("Page {page} of {pages}"),
            contents=_("Contents"),
            missing=_(
                "This server has no font for some of the letters. They stand in square brackets, by their name or number in Unicode."
            ),
            chapters=tuple(part),
        )
        for number, part in enumerate(parts, 1)
    ]


def _about(account: AccountFacts, missing: list[str], say: Say) -> Chapter:
    passages = [Passage("", blocks=_lines(about_copy(say.language, account)))]
    if missing:
        passages.append(Passage("", blocks=(*_lines([say.text(MISSING)]), _bullets(missing))))
    return Chapter(say.text(CHAPTERS["about"]), tuple(passages))


def _account(account: AccountFacts, say: Say) -> Chapter:
    _ = say.text
    values = {
        _("Name"): account.name,
        _("Username"): account.username,
        _("E-mail address"): account.email,
        _("Mobile number"): account.mobile,
    }
    facts = tuple(Fact(label, value) for label, value in values.items() if value)
    return Chapter(_(CHAPTERS["you" if account.form else "account"]), (Passage("", facts),))


def _held(account: AccountFacts, say: Say) -> Chapter:
    counted = (say.language.plural("{count} entry", "{count} entries", one.rows) for one in account.held)
    facts = tuple(Fact(f"{number} ({one.file})", say.text(one.words)) for one, number in zip(account.held, counted, strict=True))
    return Chapter(say.text(CHAPTERS["held"]), (Passage("", facts),))


def _record(record: RecordFacts, say: Say) -> Chapter:
    said = {
        "allergies": [say.statement(one) for one in record.allergies],
        "medication": [say.statement(one) for one in record.medication],
        "history": [say.statement(one) for one in record.history],
        "appointments": [say.booking(one) for one in record.bookings],
        "consultations": [f"{say.meeting(one)}, {one.professional.full_name}" for one in record.meetings],
        "documents": [f"{one.title} ({say.day(one.added_at)}, {one.sender}): {one.path or say.text(MISSING)}" for one in record.documents],
        "agreements": [say.agreement(one) for one in record.agreements],
        "bills": [f"{one.number}, {say.day(one.issued_at)}: {one.path}" for one in record.bills],
    }
    lists = [Passage(say.text(SECTION_NAMES[name]), blocks=(_bullets(lines),)) for name, lines in said.items() if lines]
    summaries = [_summary(one, say) for one in record.summaries]
    answers = [_answers(one, say) for one in record.answers]
    return Chapter(say.text(CHAPTERS["record_at"], practice=record.practice.name), (_who(record, say), *lists, *summaries, *answers))


def _who(record: RecordFacts, say: Say) -> Passage:
    _ = say.text
    reached = ", ".join(filter(None, (record.patient.phone, record.patient.email)))
    facts = [Fact(_("Name"), record.patient.name), *([Fact(_("Contact"), reached)] if reached else []), *say.particulars(record.who)]
    lost = [_("The particulars cannot be opened at the moment. Please ask your practice.")] if record.who is None else []
    if record.unreadable:
        lost.append(_("Some answers or lines about your health cannot be opened at the moment. Please ask your practice."))
    return Passage(_(SECTION_NAMES["who"]), tuple(facts), _lines(lost))


def _summary(one: Summary, say: Say) -> Passage:
    _ = say.text
    title = _("{title}, {date}", title=_(CHAPTERS["summary"]), date=say.day(one.met_at))
    facts = (Fact(_("Written by"), one.writer.full_name), Fact(_("Released"), say.moment(one.released_at)))
    if one.prose is None:
        return Passage(title, facts, _lines([_("This text cannot be opened at the moment. Please ask your practice.")]))
    filled = ((name, one.prose.sections.get(name, ())) for name in SECTIONS)
    inner = tuple(Passage(_(SECTION_NAMES[name]), blocks=blocks) for name, blocks in filled if not Prose({name: blocks}).empty)
    return Passage(title, facts, inner=inner)


def _answers(one: Filled, say: Say) -> Passage:
    _ = say.text
    lines = lines_of(say.language, one.questions, one.answers)
    title = _("{title}, {date}", title=_(SECTION_NAMES["answers"]), date=say.day(one.sent_at))
    return Passage(title, tuple(Fact(line.question, line.answer or _("Not answered")) for line in lines))


def _lines(lines: Iterable[str]) -> tuple[Block, ...]:
    return tuple(_paragraph(line) for text in lines for line in text.splitlines() if line.strip())


def _bullets(lines: Iterable[str]) -> Bullets:
    return Bullets(tuple(_lines([line]) for line in lines))


def _paragraph(line: str) -> Paragraph:
    return Paragraph((Span(line, frozenset(), 0, 0),))


def _split(chapters: Iterable[Chapter]) -> Iterator[list[Chapter]]:
    """Yield the chapters of each volume; one that is too long goes on in the next, under the same heading."""
    found: list[Chapter] = []
    letters = 0
    for chapter in chapters:
        passages: list[Passage] = []
        for passage in chapter.passages:
            weight = _weight(passage)
            if letters and letters + weight > MAX_LETTERS:
                yield [*found, *([Chapter(chapter.title, tuple(passages))] if passages else [])]
                found, passages, letters = [], [], 0
            passages.append(passage)
            letters += weight
        found.append(Chapter(chapter.title, tuple(passages)))
    yield found


def _weight(passage: Passage) -> int:
    facts = sum(OVERHEAD + len(fact.label) + len(fact.value) for fact in passage.facts)
    return OVERHEAD + facts + sum(map(_letters, passage.blocks)) + sum(map(_weight, passage.inner))


def _letters(block: Block) -> int:
    if isinstance(block, Paragraph):
        return OVERHEAD // 2 + sum(len(span.text) for span in block.spans)
    return sum(_letters(inner) for item in block.items for inner in item)
