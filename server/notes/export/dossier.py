"""What leaves the house when notes are exported: plain facts, put together by whoever asked the doors, with no way back to the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from server.consultation.model import ConsultationState
from server.notes.prose import Prose, fingerprint


class NoteKind(StrEnum):
    SHARED = "shared"
    JOTTINGS = "jottings"
    SUMMARY = "summary"


class NoteStatus(StrEnum):
    """`released` is a signed note that the patient may read."""

    DRAFT = "draft"
    SIGNED = "signed"
    AMENDED = "amended"
    RELEASED = "released"


class PartKind(StrEnum):
    """An amendment is the whole text anew, an addendum stands beside the text that it adds to."""

    ORIGINAL = "original"
    AMENDMENT = "amendment"
    ADDENDUM = "addendum"


class Mark(StrEnum):
    """What somebody did to a text by their signature."""

    SIGNED = "signed"
    LOCKED = "locked"
    RELEASED = "released"


class Act(StrEnum):
    """What somebody did with a note beside writing and signing."""

    CREATED = "created"
    OPENED = "opened"
    EMERGENCY = "emergency"
    EXPORTED = "exported"


@dataclass(frozen=True)
class PracticeFacts:
    """`language` is the tag of the catalogue in which documents are written, `time_zone` an IANA name."""

    id: UUID
    name: str
    phone: str | None
    language: str
    time_zone: str


@dataclass(frozen=True)
class PatientFacts:
    """`gender` is a code of FHIR: `male`, `female`, `other` or `unknown`."""

    id: UUID
    name: str
    birth_date: date | None = None
    gender: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class PersonFacts:
    """A professional, or whoever else signed, opened or exported; only professionals have qualifications."""

    id: UUID
    title: str
    name: str
    qualifications: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.title} {self.name}".strip()


class Parties(Protocol):
    """Whoever tells of a patient of a practice."""

    @property
    def practice(self) -> PracticeFacts: ...

    @property
    def patient(self) -> PatientFacts: ...


@dataclass(frozen=True)
class ConsultationFacts:
    id: UUID
    state: ConsultationState
    scheduled_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Signature(NamedTuple):
    person_id: UUID
    at: datetime
    what: Mark


class Left(NamedTuple):
    """Who had not closed a text when they left the practice, and when that was: it was closed as it stood."""

    person_id: UUID
    at: datetime


@dataclass(frozen=True)
class Part:
    """One fixed text of a note: `head_hash` is the end of the journal's chain, `content_sha256` the `fingerprint` as it was stored."""

    kind: PartKind
    version: int
    prose: Prose
    written_at: datetime
    author_ids: tuple[UUID, ...]
    head_hash: bytes
    content_sha256: bytes
    reason: str | None = None
    signatures: tuple[Signature, ...] = ()
    left: Left | None = None

    @property
    def intact(self) -> bool:
        """Whether the text is still the one that was fixed."""
        return fingerprint(self.prose) == self.content_sha256


class NoteEvent(NamedTuple):
    person_id: UUID
    at: datetime
    what: Act
    reason: str | None = None


@dataclass(frozen=True)
class WrittenNote:
    """`parts` begins with the original text, the others follow in the order in which they were written."""

    id: UUID
    kind: NoteKind
    state: NoteStatus
    consultation: ConsultationFacts
    parts: tuple[Part, ...]
    events: tuple[NoteEvent, ...] = ()

    def __post_init__(self) -> None:
        kinds = [part.kind for part in self.parts]
        if not kinds or kinds[0] is not PartKind.ORIGINAL or PartKind.ORIGINAL in kinds[1:]:
            raise ValueError("a note has one text, and it comes first")

    @property
    def last(self) -> Part:
        return self.parts[-1]

    @property
    def current(self) -> Part:
        """The text that holds now: the last amendment, or the original."""
        return [part for part in self.parts if part.kind is not PartKind.ADDENDUM][-1]


@dataclass(frozen=True)
class Dossier:
    """One note, or the whole record of a patient in the order of time, with everybody who is named in it.

    Raises `ValueError` where somebody acted who is not among `people`; the patient may act, too.
    """

    practice: PracticeFacts
    patient: PatientFacts
    people: tuple[PersonFacts, ...]
    notes: tuple[WrittenNote, ...]
    exported_at: datetime
    exported_by: UUID

    def __post_init__(self) -> None:
        if not self.notes:
            raise ValueError("nothing to export")
        known = {self.patient.id, *(person.id for person in self.people)}
        if not known >= {self.exported_by, *self._acting()}:
            raise ValueError("somebody acted who is not named")

    def name_of(self, person_id: UUID) -> str:
        names = {person.id: person.full_name for person in self.people}
        return names.get(person_id, self.patient.name)

    def _acting(self) -> Iterator[UUID]:
        for note in self.notes:
            yield from (event.person_id for event in note.events)
            for part in note.parts:
                yield from part.author_ids
                yield from (signature.person_id for signature in part.signatures)
                if part.left is not None:
                    yield part.left.person_id
