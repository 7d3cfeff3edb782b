"""What the holdings in a plan of an erasure are called to whoever works here, who reads of a patient and not of themself; pure."""

from collections.abc import Mapping
from typing import NamedTuple

from server.core.marking import _


class Words(NamedTuple):
    """What a holding is, and why it is kept; `why` is empty where nothing keeps it."""

    what: str
    why: str = ""


PART_OF_RECORD = _("It is part of the clinical record.")
STAFF_WORDS: Mapping[str, Words] = {
    "identity.account": Words(
        _("The patient's account: name, username, addresses, how and where they are signed in"),
        _("Without it they could not sign in."),
    ),
    "patients.record": Words(
        _("The patient's record: name, mobile number, e-mail address and whether the team may see it"),
        _("The practice must be able to say whose notes it keeps."),
    ),
    "patients.answers": Words(_("What the patient answered before appointments"), PART_OF_RECORD),
    "patients.background": Words(_("The patient's date of birth, address and doctor, allergies, medication and history"), PART_OF_RECORD),
    "patients.files": Words(
        _("Documents and photographs in the record"),
        _("They are part of the clinical record. What remains of a deleted one is that it was there."),
    ),
    "patients.holds": Words(
        _("That the record must be kept for a legal reason, and since when"),
        _("The practice must be able to show why it kept the data."),
    ),
    "patients.acting": Words(
        _("Who acts for the patient, or for whom they act: by what right, how far and until when, and what was said about it"),
        _("The practice must be able to say who acted for a patient, and who let them."),
    ),
    "patients.proofs": Words(_("A code that the patient asked for to prove an address")),
    "booking.appointments": Words(
        _("The patient's appointments: when they were, with whom, and what was agreed"),
        _("An appointment is a contract; claims can be made out of it for years."),
    ),
    "booking.hours": Words(
        _("Working hours, days away, and the link to a calendar"),
        _("They belong to the work that somebody does here."),
    ),
    "consultation.meetings": Words(_("The patient's consultations: when they were, who was there, and what was agreed to"), PART_OF_RECORD),
    "consultation.attendance": Words(_("Whether an appointment took place"), _("What was paid or given back depends on it.")),
    "consultation.recordings": Words(
        _("Recordings of calls, to which the patient agreed"),
        _("A recording is deleted after the time that the patient was told; what remains is that there was one."),
    ),
    "consultation.feedback": Words(_("How the patient found the consultations")),
    "notes.notes": Words(_("Notes that professionals wrote about the patient"), _("A professional must keep clinical notes for years.")),
    "notes.texts": Words(_("Templates and snippets"), _("They belong to the work that somebody does here.")),
    "messaging.deliveries": Words(
        _("That the patient was written to: when, by which way, and whether it arrived"),
        _("It shows that they were told of their appointments."),
    ),
    "circulars.consents": Words(_("Whether the patient wants news of a practice, and by which way")),
    "circulars.copies": Words(_("Which newsletters and notices the patient was sent")),
    "billing.charges": Words(_("What the patient was asked to pay, and who paid"), _("Tax law asks for the books of past years.")),
    "billing.books": Words(
        _("Receipts and invoices, refunds and the ledger"),
        _("Tax law forbids to change or delete a document that was issued."),
    ),
    "billing.merchant": Words(
        _("An account at the provider of payments"),
        _("Refunds go by this account for as long as payments can be returned."),
    ),
    "access.work": Words(
        _("Work here: a profession, teams and what somebody may do"),
        _("Patients' records must say who wrote and saw them."),
    ),
    "access.permissions": Words(
        _("Who was permitted to see the notes, and emergencies in which they were opened"),
        _("They are part of the record and kept as long as it."),
    ),
    "access.restrictions": Words(
        _("That the record was restricted, and until when"),
        _("The practice must be able to show that it did not use the data meanwhile."),
    ),
    "access.deeds": Words(
        _("The protocol of who opened or changed the record; it holds no text and no name"),
        _("It proves how the data were treated, and cannot be changed by anybody."),
    ),
    "privacy.terms": Words(_("Which terms the patient accepted, and when"), _("It shows what was agreed while they had an account.")),
    "privacy.notices": Words(
        _("That the patient was told that the account goes because it is not used"),
        _("The account goes no earlier than a month after that."),
    ),
    "privacy.account": Words(
        _("What was asked of whoever runs this server about the account, and until when it is answered"),
        _("The answers are read in the account."),
    ),
    "privacy.closing": Words(
        _("That the account was to be deleted, and when it was"),
        _("Whoever runs the server must be able to show that it was done in time; no name stands in it."),
    ),
    "privacy.requests": Words(
        _("What the patient asked the practice to do about the data, and until when it answers"),
        _("The practice must be able to show that it answered in time."),
    ),
    "privacy.copies": Words(_("A copy of the data that the patient asked for")),
    "directory.profile": Words(_("A page in the public directory")),
}
