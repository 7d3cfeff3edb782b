"""The words of a copy of somebody's data, and how it tells states, statements and agreements; pure."""

from collections.abc import Iterator
from datetime import date

from server.booking.model import AppointmentState
from server.circulars.wording import NEWS
from server.consultation.consents import RECORDING, SHOWING, WORDINGS
from server.core.marking import _
from server.notes.export.paper import Fact
from server.notes.export.paper_words import CONSULTATIONS, Dated
from server.patients.particulars import Particulars
from server.patients.telling import Source
from server.patients.wording import TEAM_NOTES
from server.privacy.copy_facts import TERMS, AccountFacts, Agreement, Booking, Meeting, Statement
from server.web.i18n import Language

CHAPTERS = {
    "title": _("A copy of your data"),
    "about": _("About this copy"),
    "account": _("Your account"),
    "you": _("Your name and how you are reached"),
    "record": _("Your record at the practice"),
    "record_at": _("Your record at {practice}"),
    "summary": _("Summary for the patient"),
    "held": _("Everything that is held about you"),
}
SECTION_NAMES = {
    "who": _("Who you are"),
    "allergies": _("Allergies"),
    "medication": _("Medication"),
    "history": _("Earlier illnesses and treatments"),
    "consultations": _("Consultations"),
    "appointments": _("Appointments"),
    "summaries": _("Summaries that you were given"),
    "answers": _("Your answers before consultations"),
    "documents": _("Documents and photographs"),
    "agreements": _("What you agreed to"),
    "bills": _("Receipts and invoices"),
    "subjective": _("What you told us"),
    "objective": _("What we found"),
    "assessment": _("What we think about it"),
    "plan": _("What happens next"),
}
BOOKINGS = {
    AppointmentState.HELD: _("Being booked"),
    AppointmentState.CONFIRMED: _("Booked"),
    AppointmentState.FULFILLED: _("Took place"),
    AppointmentState.CANCELLED: _("Cancelled"),
    AppointmentState.NO_SHOW: _("You did not come"),
    AppointmentState.EXPIRED: _("Not booked in time"),
}
PURPOSES = {wording.purpose: wording.sentence for wording in (*WORDINGS, RECORDING, TEAM_NOTES, SHOWING, *NEWS.values())}
ABOUT = (
    _("This file tells in plain words what is held about you. Beside it lie the same data for programs, and your documents."),
    _("In “data” there is a file for everything that is held about you, and in “schemas” what its fields mean to a program."),
    _(
        "In the folder of each practice “record.fhir.json” is your record in the form FHIR R4, which other health services can read; "
        "“documents” has the files of your record, and “bills” your receipts and invoices."
    ),
    _("“manifest.json” lists every file with its size and SHA-256, so that anybody can see that nothing was changed."),
    _(
        "Notes that your professional wrote and has not released to you are not in it, nor are recordings of calls and documents that "
        "are not shared with you. The professional decides whether you may have them."
    ),
)
ASK_SIGNED_IN = _("You can ask for them under “My data” in your account, and the practice must answer within a month.")
ASK_BY_FORM = _("You can ask for them on this page, and the practice must answer within a month: {address}")
KEEP_SAFE = _("Keep this copy in a safe place: whoever opens it can read everything in it.")
MISSING = _("These could not be opened, and are not in the copy. Please ask your practice about them:")


class Say(Dated):
    """One language and time zone."""

    def __init__(self, language: Language, zone: str) -> None:
        super().__init__(language, zone)
        self.language = language

    @property
    def tag(self) -> str:
        return self.language.tag

    def day_or(self, day: date | None) -> str:
        return self.date(day) if day else ""

    def particulars(self, who: Particulars | None) -> Iterator[Fact]:
        """Yield what is known of who somebody is."""
        told = who or Particulars()
        values = {
            _("Date of birth"): self.day_or(told.birthday),
            _("Title"): told.title,
            _("Maiden name or earlier name"): told.birth_name,
            _("Gender"): told.gender,
            _("Address"): told.address,
            _("Previous address"): told.previous_address,
            _("Marital status"): told.marital_status,
            _("Employment"): told.employment,
            _("Family doctor (GP)"): ", ".join(filter(None, (told.gp_name, told.gp_practice))),
            _("NHS number"): told.spoken_nhs_number,
        }
        yield from (Fact(self.text(label), value) for label, value in values.items() if value)

    def statement(self, one: Statement) -> str:
        """Return what was said, and on a second line since when and by whom."""
        said = {
            Source.PATIENT: self.text(_("Said by you")),
            Source.PROFESSIONAL: self.text(_("Said by a professional")),
            Source.DOCTOR: self.text(_("Received from {doctor}"), doctor=one.giver),
        }[one.source]
        return f"{one.text}\n{', '.join(filter(None, (self.day_or(one.since), said)))}"

    def meeting(self, one: Meeting) -> str:
        held = one.consultation
        return f"{self.moment(held.started_at or held.scheduled_at)}: {self.text(CONSULTATIONS[held.state])}"

    def booking(self, one: Booking) -> str:
        names = ", ".join(person.full_name for person in one.professionals)
        what = ", ".join(filter(None, (one.service, names)))
        return f"{self.moment(one.begins_at)}: {self.text(BOOKINGS[one.state])}{f' ({what})' if what else ''}"

    def purpose(self, purpose: str) -> str:
        return self.text(PURPOSES[purpose]) if purpose in PURPOSES else purpose

    def agreement(self, one: Agreement) -> str:
        given = self.text(_("Agreed on {day}"), day=self.day(one.given_at))
        taken_back = self.text(_("taken back on {day}"), day=self.day(one.withdrawn_at)) if one.withdrawn_at else ""
        said = given + self.by(one.by), taken_back + self.by(one.withdrawn_by)
        return f"{self.agreed_to(one)} {', '.join(filter(None, said))}."

    def agreed_to(self, one: Agreement) -> str:
        """Return the sentence that was agreed to; of terms, which they were."""
        if one.purpose == TERMS:
            return self.text(_("The terms of the practice, version {number}."), number=one.wording)
        return self.purpose(one.purpose)

    def by(self, name: str | None) -> str:
        """Say who did it for the patient; nothing where the patient did. What they were called may be on another record, after a merge."""
        if name is None:
            return f" ({self.text(_('by somebody who acted for the patient'))})"
        return f" ({self.text(_('by {name}, who acted for the patient'), name=name)})" if name else ""


def about_copy(language: Language, account: AccountFacts) -> list[str]:
    """Return what the copy says about itself: what is in it, what is not, and where to ask for that."""
    ask = language.text(ASK_BY_FORM, address=account.form) if account.form else language.text(ASK_SIGNED_IN)
    return [*map(language.text, ABOUT), ask, language.text(KEEP_SAFE)]


def read_me(language: Language, account: AccountFacts, missing: list[str]) -> bytes:
    """Return the README, as UTF-8 with lines that end as Windows wants them."""
    lines = [language.text(CHAPTERS["title"]), account.made_at.date().isoformat(), *about_copy(language, account)]
    lines += [language.text(MISSING), *(f"  {name}" for name in missing)] if missing else []
    return ("\r\n\r\n".join(lines) + "\r\n").encode()
