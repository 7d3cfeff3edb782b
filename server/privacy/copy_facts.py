"""What a copy of somebody's data tells of them in words: plain facts out of the database, with no way back to it. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from server.booking.model import AppointmentState
from server.notes.export.dossier import ConsultationFacts, PatientFacts, PersonFacts, PracticeFacts
from server.notes.prose import Prose
from server.patients.answer_export import Filled
from server.patients.particulars import Particulars
from server.patients.telling import Source


@dataclass(frozen=True)
class Statement:
    """A line of the background. `giver` is the doctor outside of the practice who said it, if it was one."""

    id: UUID
    text: str
    since: date | None
    source: Source
    giver: str
    written_at: datetime


@dataclass(frozen=True)
class Meeting:
    consultation: ConsultationFacts
    professional: PersonFacts


@dataclass(frozen=True)
class Booking:
    id: UUID
    state: AppointmentState
    begins_at: datetime
    ends_at: datetime
    service: str
    professionals: tuple[PersonFacts, ...]


@dataclass(frozen=True)
class Summary:
    """A text that was released to the patient; `prose` is None where it cannot be opened any more."""

    id: UUID
    consultation_id: UUID
    writer: PersonFacts
    met_at: datetime
    released_at: datetime
    prose: Prose | None


@dataclass(frozen=True)
class Document:
    """A file of the record; `path` is where it lies in the copy, empty where it cannot be opened."""

    id: UUID
    title: str
    path: str
    media_type: str
    size: int
    added_at: datetime
    sender: str


TERMS = "terms"


@dataclass(frozen=True)
class Agreement:
    """A dated yes: `purpose` is its code (`TERMS` those of the practice), `wording` the version of it. `by` and `withdrawn_by` are who gave
    it and took it back for the patient: empty where they did it, None where it is not known what somebody else is called.
    """

    id: UUID
    purpose: str
    wording: str
    given_at: datetime
    withdrawn_at: datetime | None
    by: str | None = ""
    withdrawn_by: str = ""


@dataclass(frozen=True)
class Bill:
    """A receipt, an invoice or a credit note, and where it lies in the copy."""

    number: str
    path: str
    issued_at: datetime


@dataclass(frozen=True)
class RecordFacts:
    """A record as far as its patient may have it. `who` is None where it cannot be opened, `unreadable` counts such sets of answers."""

    practice: PracticeFacts
    patient: PatientFacts
    who: Particulars | None
    allergies: tuple[Statement, ...] = ()
    medication: tuple[Statement, ...] = ()
    history: tuple[Statement, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    bookings: tuple[Booking, ...] = ()
    summaries: tuple[Summary, ...] = ()
    documents: tuple[Document, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    answers: tuple[Filled, ...] = ()
    bills: tuple[Bill, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True)
class Counted:
    """A holding in words of the source language, how many rows it has, and its file."""

    words: str
    rows: int
    file: str


@dataclass(frozen=True)
class AccountFacts:
    """Whose copy it is. `form` is the page on which somebody without an account asks for what is not in it; with one it is empty."""

    name: str
    username: str
    email: str
    mobile: str
    zone: str
    made_at: datetime
    held: tuple[Counted, ...] = field(default=())
    form: str = ""
