"""Who may do what with what, as pure functions over ids: the only place where a right is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID


class Permission(NamedTuple):
    """The author lets this viewer see what they wrote about one patient, or about every patient where none is named, at this moment."""

    author_id: UUID
    patient_id: UUID | None


@dataclass(frozen=True)
class Viewer:
    """A signed-in person with everything that gives them a right at this moment.

    `professional_id` is None for whoever gives no consultations, `practice_id` for whoever works in none. `emergencies` are the patients
    whose record they opened in an emergency; `reads_for` are the patient records that are their own or of somebody they act for.
    `restricted` are the patients of the practice whose record is kept and not used: they close every right of whoever works there.
    An administrator has no right to anything clinical, so it is not a part of this.
    """

    person_id: UUID
    professional_id: UUID | None
    practice_id: UUID | None
    team_ids: frozenset[UUID]
    name: str
    permissions: frozenset[Permission] = frozenset()
    emergencies: frozenset[UUID] = frozenset()
    reads_for: frozenset[UUID] = frozenset()
    restricted: frozenset[UUID] = frozenset()

    @property
    def unrestricted(self) -> "Viewer":
        """The viewer as they would be without restrictions: to tell them what keeps a record from them, and never to open it."""
        return replace(self, restricted=frozenset())

    def is_let_by(self, author_id: UUID, patient_id: UUID) -> bool:
        """Whether the author permits them what they wrote about this patient."""
        return not self.permissions.isdisjoint({Permission(author_id, patient_id), Permission(author_id, None)})


class Owned(Protocol):
    """What the policy needs to know of a consultation."""

    @property
    def practice_id(self) -> UUID: ...

    @property
    def professional_id(self) -> UUID: ...

    @property
    def patient_id(self) -> UUID: ...

    @property
    def team_id(self) -> UUID | None: ...


def may_see_consultation(viewer: Viewer, consultation: Owned) -> bool:
    """The professional whose consultation it is, and the members of the team that it was given to."""
    if viewer.professional_id is None or viewer.practice_id != consultation.practice_id or consultation.patient_id in viewer.restricted:
        return False
    return consultation.professional_id == viewer.professional_id or consultation.team_id in viewer.team_ids


def stranger(known_as: UUID, name: str) -> Viewer:
    """Return somebody who has no account, and works nowhere: they have no right but to records that a door lets them read."""
    return Viewer(known_as, None, None, frozenset(), name)


@dataclass(frozen=True)
class RecordFacts:
    """What the policy needs to know of a patient's record.

    `author_ids` are those who wrote a note about the patient, `sharer_ids` those of them who wrote more than jottings.
    """

    practice_id: UUID
    patient_id: UUID
    consultations: tuple[Owned, ...]
    author_ids: frozenset[UUID]
    sharer_ids: frozenset[UUID]


def may_see_record(viewer: Viewer, record: RecordFacts) -> bool:
    """Whoever may see a consultation of the patient, wrote about them, was permitted by an author, or opened it in an emergency.

    It opens the cover, so to speak: which consultations and notes are in it for the viewer, each of them decides. A permission for all
    patients opens the records of those about whom its author wrote something that it shows.
    """
    if viewer.practice_id != record.practice_id or record.patient_id in viewer.restricted:
        return False
    if any(permission.patient_id == record.patient_id for permission in viewer.permissions):
        return True
    if any(Permission(author_id, None) in viewer.permissions for author_id in record.sharer_ids):
        return True
    if viewer.professional_id is None:
        return False
    if viewer.person_id in record.author_ids or record.patient_id in viewer.emergencies:
        return True
    return any(may_see_consultation(viewer, consultation) for consultation in record.consultations)


def may_read_background(viewer: Viewer, record: RecordFacts) -> bool:
    """Clinical background and documents: the professionals who may see the record, in an emergency, too.

    An assistant whom an author lets read notes was let read these, so they see who the patient is and no more.
    """
    return viewer.professional_id is not None and may_see_record(viewer, record)


def may_write_record(viewer: Viewer, record: RecordFacts) -> bool:
    """The professionals who treat the patient: who may see a consultation of theirs, or wrote about them.

    A colleague's permission and an emergency let somebody read, and not write.
    """
    if viewer.professional_id is None or viewer.practice_id != record.practice_id or record.patient_id in viewer.restricted:
        return False
    return viewer.person_id in record.author_ids or any(may_see_consultation(viewer, one) for one in record.consultations)


def may_book(viewer: Viewer, record: RecordFacts) -> bool:
    """Whether a professional may give the patient a consultation: whoever may see the record.

    A record without any consultation shows nothing of anybody's, so every professional of its practice may begin it, as with a new patient.
    """
    if viewer.professional_id is None or viewer.practice_id != record.practice_id or record.patient_id in viewer.restricted:
        return False
    return not record.consultations or may_see_record(viewer, record)


class Kind(StrEnum):
    """The three kinds of note beside each other: one's own remarks, the clinical note, and what the patient will read."""

    JOTTINGS = "jottings"
    SHARED = "shared"
    SUMMARY = "summary"


class Verb(StrEnum):
    """What somebody may do with a note. `READ` is the released text only, never the note behind it."""

    SEE = "see"
    WRITE = "write"
    SIGN = "sign"
    LOCK = "lock"
    AMEND = "amend"
    RELEASE = "release"
    EXPORT = "export"
    HISTORY = "history"
    PERMIT = "permit"
    READ = "read"


class Relation(StrEnum):
    """How somebody stands to a note; one may stand to it in several ways, and has the rights of all of them."""

    AUTHOR = "author"
    TEAM = "team"
    PERMITTED = "permitted"
    EMERGENCY = "emergency"
    PATIENT = "patient"


@dataclass(frozen=True)
class NoteFacts:
    """What the policy needs to know of a note. `sharing`: the patient is registered and has agreed that the team sees notes."""

    practice_id: UUID
    team_id: UUID | None
    patient_id: UUID
    author_id: UUID
    kind: Kind
    sharing: bool
    released: bool = False


_WORK = frozenset({Verb.SEE, Verb.WRITE, Verb.SIGN, Verb.AMEND, Verb.EXPORT, Verb.HISTORY})
_OWN = _WORK | {Verb.LOCK, Verb.PERMIT}
_NONE: frozenset[Verb] = frozenset()
RIGHTS: Mapping[Relation, Mapping[Kind, frozenset[Verb]]] = {
    Relation.AUTHOR: {
        Kind.JOTTINGS: frozenset({Verb.SEE, Verb.WRITE, Verb.EXPORT, Verb.HISTORY}),
        Kind.SHARED: _OWN,
        Kind.SUMMARY: _OWN | {Verb.RELEASE},
    },
    Relation.TEAM: {Kind.JOTTINGS: _NONE, Kind.SHARED: _WORK, Kind.SUMMARY: _WORK | {Verb.RELEASE}},
    Relation.PERMITTED: {Kind.JOTTINGS: _NONE, Kind.SHARED: frozenset({Verb.SEE}), Kind.SUMMARY: frozenset({Verb.SEE})},
    Relation.EMERGENCY: {Kind.JOTTINGS: _NONE, Kind.SHARED: frozenset({Verb.SEE}), Kind.SUMMARY: frozenset({Verb.SEE})},
    Relation.PATIENT: {Kind.JOTTINGS: _NONE, Kind.SHARED: _NONE, Kind.SUMMARY: frozenset({Verb.READ})},
}


def relations(viewer: Viewer, note: NoteFacts) -> frozenset[Relation]:
    """Return every way in which the viewer stands to the note."""
    here = viewer.practice_id == note.practice_id and note.patient_id not in viewer.restricted
    working = here and viewer.professional_id is not None
    stands = {
        Relation.AUTHOR: working and viewer.person_id == note.author_id,
        Relation.TEAM: working and note.sharing and note.team_id in viewer.team_ids,
        Relation.PERMITTED: here and viewer.is_let_by(note.author_id, note.patient_id),
        Relation.EMERGENCY: working and note.patient_id in viewer.emergencies,
        Relation.PATIENT: note.released and note.patient_id in viewer.reads_for,
    }
    return frozenset(relation for relation, true in stands.items() if true)


def may(viewer: Viewer, verb: Verb, note: NoteFacts) -> bool:
    return any(verb in RIGHTS[relation][note.kind] for relation in relations(viewer, note))


@dataclass(frozen=True)
class RecordingFacts:
    """What the policy needs to know of a recording of a call. `author_ids` wrote the notes of its consultation, jottings left out."""

    practice_id: UUID
    professional_id: UUID
    team_id: UUID | None
    patient_id: UUID
    author_ids: frozenset[UUID]
    sharing: bool


def may_hear(viewer: Viewer, recording: RecordingFacts) -> bool:
    """The professional whose consultation it was, and the professionals who may see its notes.

    It was agreed to for quality and training. So an assistant, whom a permission lets read, does not hear it, and an emergency opens none.
    """
    if viewer.professional_id is None or viewer.practice_id != recording.practice_id or recording.patient_id in viewer.restricted:
        return False
    if viewer.professional_id == recording.professional_id or viewer.person_id in recording.author_ids:
        return True
    if recording.sharing and recording.team_id in viewer.team_ids:
        return True
    return any(viewer.is_let_by(author_id, recording.patient_id) for author_id in recording.author_ids)


def may_delete_recording(viewer: Viewer, recording: RecordingFacts) -> bool:
    """Only the professional whose consultation it was; the patient takes their agreement back instead."""
    theirs = viewer.professional_id == recording.professional_id and viewer.practice_id == recording.practice_id
    return theirs and recording.patient_id not in viewer.restricted


@dataclass(frozen=True)
class AnswerFacts:
    """What the policy needs to know of answers to a questionnaire: which professionals give the appointment for which they were given.

    `patient_id` is None for a time that is only held.
    """

    practice_id: UUID
    professional_ids: frozenset[UUID]
    patient_id: UUID | None = None


def may_see_answers(viewer: Viewer, answers: AnswerFacts) -> bool:
    """Only the professionals booked in the appointment: that is what the patient was told.

    Neither the team, nor a permission, nor an emergency opens them, and an administrator sees none.
    """
    booked = viewer.practice_id == answers.practice_id and viewer.professional_id in answers.professional_ids
    return booked and answers.patient_id not in viewer.restricted


class Earned(Protocol):
    """What the policy needs to know of money: which practice keeps it in its books, and which professional was paid."""

    @property
    def practice_id(self) -> UUID: ...

    @property
    def professional_id(self) -> UUID: ...


def may_see_money(viewer: Viewer, money: Earned, *, keeps_books: bool) -> bool:
    """The professional who was paid, and whoever administers the practice: the books are a part of its settings, not of the records."""
    if viewer.practice_id != money.practice_id:
        return False
    return keeps_books or viewer.professional_id == money.professional_id


def may_give_back(viewer: Viewer, money: Earned) -> bool:
    """Only the professional: it is their account that the money leaves."""
    return viewer.practice_id == money.practice_id and viewer.professional_id == money.professional_id


def may_know_who_paid(viewer: Viewer, money: Earned) -> bool:
    """The professional knows their patients; whoever keeps the books reads names only on the documents, and that is on record."""
    return may_give_back(viewer, money)


class Role(StrEnum):
    """What somebody's place in a practice is; a professional may look after the practice as well."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    PROFESSIONAL = "professional"
    ASSISTANT = "assistant"
    AUDITOR = "auditor"


IN_CHARGE = frozenset({Role.OWNER, Role.ADMINISTRATOR})
READS_AUDIT = IN_CHARGE | {Role.AUDITOR}
APART = frozenset({Role.ASSISTANT, Role.AUDITOR})  # who assists or audits gives no consultations there


def may_give_place(own: Role | None, role: Role) -> bool:
    """Whether somebody with the place `own` may give the place `role`, or take it away: only owners make and unmake owners."""
    return own is Role.OWNER or (own is Role.ADMINISTRATOR and role is not Role.OWNER)


def may_leave(role: Role, others_in_charge: int) -> bool:
    """Whether a place may end, whoever ends it; `others_in_charge` have a right as far as this one's, and the last of them cannot go."""
    return role not in IN_CHARGE or others_in_charge > 0


def may_run_team(own: Role | None, *, leads: bool) -> bool:
    """Whether somebody may rename a team, ask people in, part from them and end it: its lead, and whoever looks after the practice."""
    return leads or own in IN_CHARGE
