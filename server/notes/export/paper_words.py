"""The words of exported documents, and how they tell dates, states and people in the practice's language."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from server.consultation.model import ConsultationState
from server.core.marking import _
from server.notes.export.dossier import Act, Dossier, Left, Mark, NoteEvent, NoteKind, NoteStatus, Part, PartKind, WrittenNote
from server.web.i18n import Language
from server.web.moments import zoned_time

TITLES = {
    NoteKind.SHARED: _("Consultation note"),
    NoteKind.JOTTINGS: _("Private jottings"),
    NoteKind.SUMMARY: _("Summary for the patient"),
}
STATES = {
    NoteStatus.DRAFT: _("Draft – not signed"),  # noqa: RUF001 - a dash between two words, as in print
    NoteStatus.SIGNED: _("Signed"),
    NoteStatus.AMENDED: _("Signed, then amended"),
    NoteStatus.RELEASED: _("Signed, and released to the patient"),
}
SECTION_TITLES = {
    "subjective": _("Subjective"),
    "objective": _("Objective"),
    "assessment": _("Assessment"),
    "plan": _("Plan"),
}
MARKS = {Mark.SIGNED: _("Signed"), Mark.LOCKED: _("Locked"), Mark.RELEASED: _("Released to the patient")}
ACTS = {
    Act.CREATED: _("Began the note"),
    Act.OPENED: _("Opened the note"),
    Act.EMERGENCY: _("Opened the note in an emergency"),
    Act.EXPORTED: _("Exported the note"),
}
GENDERS = {"male": _("Male"), "female": _("Female"), "other": _("Other"), "unknown": _("Unknown")}
CONSULTATIONS = {
    ConsultationState.SCHEDULED: _("Planned"),
    ConsultationState.WAITING: _("The patient waits"),
    ConsultationState.ACTIVE: _("Under way"),
    ConsultationState.ENDED: _("Ended"),
    ConsultationState.ABANDONED: _("Did not take place"),
    ConsultationState.CANCELLED: _("Cancelled"),
}
RECORD = _("Clinical record")
ACCESSES = _("Who had access")
CHANGED = _("This text no longer fits its fingerprint: it was changed after it had been fixed.")
LEFT = _("{name} left the practice on {moment} and had not closed this text. It was closed as it stood.")
PARTS = {PartKind.AMENDMENT: _("Amendment of {date}"), PartKind.ADDENDUM: _("Addendum of {date}")}


class Dated:
    """How a document tells dates, in one language and time zone."""

    def __init__(self, language: Language, zone: str) -> None:
        self.text = language.text
        self._language = language
        self._zone = zone

    def date(self, day: date) -> str:
        """Return `23 November 2026`."""
        return format_date(day, "long", locale=self._language.locale)

    def day(self, moment: datetime) -> str:
        return self.date(moment.astimezone(ZoneInfo(self._zone)).date())

    def moment(self, moment: datetime) -> str:
        """Return `23 November 2026, 10:30 (London time)`."""
        return self.text(_("{date}, {time}"), date=self.day(moment), time=zoned_time(self._language, moment, self._zone))


class Words(Dated):
    """One dossier's language and time zone."""

    def __init__(self, dossier: Dossier, language: Language) -> None:
        super().__init__(language, dossier.practice.time_zone)
        self._dossier = dossier

    def heading(self, note: WrittenNote) -> str:
        """Return `Consultation note, 23 November 2026`."""
        day = self.day(note.consultation.started_at or note.consultation.scheduled_at)
        return self.text(_("{title}, {date}"), title=self.text(TITLES[note.kind]), date=day)

    def people(self, part: Part) -> str:
        return ", ".join(self._dossier.name_of(person_id) for person_id in part.author_ids)

    def left(self, left: Left) -> str:
        return self.text(LEFT, name=self._dossier.name_of(left.person_id), moment=self.moment(left.at))

    def act(self, event: NoteEvent) -> str:
        said = self.text(ACTS[event.what])
        return self.text(_("{act}. Reason: {reason}"), act=said, reason=event.reason) if event.reason else said
