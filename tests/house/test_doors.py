"""Nobody loads or changes a protected thing except through its door, or in one of the few places that are handed its id by a door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import calls, python_files, relative

PROTECTED = {
    "Consultation", "Participant", "JoinLink", "ChatMessage", "Consent", "Feedback", "Attendance", "Ending", "Refusal", "Patient",
    "Delivery", "Note", "NoteUpdate", "NoteSession", "NoteSnapshot", "NoteReject", "NoteVersion", "NoteRelease", "SharingConsent",
    "NoteTemplate", "NoteSnippet", "Invitation", "CallQuality", "Recording", "RecordingTrack", "RecordingPeer", "Appointment", "Seeker",
    "Charge", "Refund", "LedgerLine", "Dispute", "MerchantAccount", "AnswerSet", "BillingDocument", "BackgroundEntry", "RecordFile",
    "Letter", "LetterAnswer", "RightsRequest",
    "Erasure", "ClinicalAnswer", "Restriction", "OutsideRequest", "Handover", "DataCopy", "RecordMerge", "MergeWish",
    "Representation", "NewsConsent", "Testimonial", "AccountRequest", "AccountClosing",
}  # fmt: skip
REACHES = {"select", "get", "get_one", "update", "delete", "join", "outerjoin", "select_from", "aliased", "exists"}
DOORS = {
    "server/consultation/doors.py", "server/notes/doors.py", "server/notes/records.py", "server/notes/released.py",
    "server/notes/recordings.py", "server/notes/text_doors.py", "server/booking/doors.py",
    "server/patients/doors.py", "server/patients/acting_doors.py", "server/patients/parents.py",
    "server/patients/answer_doors.py", "server/patients/background_doors.py", "server/patients/file_doors.py",
    "server/billing/doors.py", "server/billing/books.py", "server/privacy/letters.py",
    "server/privacy/requests.py", "server/privacy/clinical_answers.py", "server/privacy/outside.py", "server/privacy/handovers.py",
    "server/privacy/copies.py", "server/privacy/account_requests.py",
    "server/privacy/account_closing.py", "server/consultation/moderation.py",
    "server/privacy/restrictions.py", "server/access/restrictions.py",
}  # fmt: skip
HANDED = {
    "server/billing/actions.py": "is handed the appointment or what the provider says of a charge: there is no viewer",
    "server/billing/issuing.py": "follows a charge, a refund or an appointment that was handed to it: there is no viewer",
    "server/billing/refunds.py": "is handed the charge, or what the provider says of a refund",
    "server/billing/till.py": "asks the provider for an errand, or for whoever holds the time: there is no viewer",
    "server/billing/jobs.py": "sweeps what is open: there is no viewer",
    "server/billing/disputes.py": "takes down what the provider says of a dispute: there is no viewer",
    "server/billing/hearing.py": "applies what the provider signed, to rows of the account that it names: there is no viewer",
    "server/billing/merchant_pages.py": "shows the viewer their own account",
    "server/booking/passing.py": "is the administrators', of whose practice the professional is: times and counts, and nobody's name",
    "server/booking/guard.py": "finds what holds a time, and shows it to nobody: there is no viewer",
    "server/booking/taken.py": "finds who is busy, and shows nobody what with: there is no viewer",
    "server/booking/jobs.py": "sweeps holds that are over: there is no viewer",
    "server/booking/waiting_passing.py": "is the administrators', of whose practice the professional is: counts, and nobody's name",
    "server/booking/waiting_list.py": "is the door of whoever has their link, and finds who asks, for whom there is no viewer",
    "server/consultation/holdings.py": "says which words are the patient's, for whoever passed the door of their own data",
    "server/consultation/actions.py": "asks see_consultation first, or holds what it or the record's door returned",
    "server/consultation/acting.py": "is handed the record by its door or what see_visit opened, or ends what came of a right: no viewer",
    "server/patients/representing.py": "is handed the record that its door opened, or counts what stands in it",
    "server/patients/children.py": "counts for how many children the account that asks has said so",
    "server/messaging/acting_letters.py": "carries the link to whoever was asked: there is no viewer",
    "server/consultation/feedback.py": "starts from the viewer's own consultations",
    "server/consultation/guest_links.py": "asks see_guest first",
    "server/consultation/appointments.py": "follows what booking did with the consultation's own appointment",
    "server/consultation/guests.py": "asks see_consultation or see_guest first, or looks for the viewer's own places",
    "server/consultation/today.py": "starts from visible_consultations",
    "server/consultation/notices.py": "names the patients of notices that the viewer was sent",
    "server/messaging/actions.py": "starts from visible_consultations, or from a delivery's own consultation",
    "server/consultation/attendance.py": "works on the places of a live room, and sweeps what a crash left: there is no viewer",
    "server/consultation/call_quality.py": "starts from visible_consultations, or from the practice that the viewer administers",
    "server/consultation/readings.py": "stores what the room's actor was told, and sweeps it: there is no viewer",
    "server/consultation/known.py": "starts from visible_consultations",
    "server/consultation/lapse.py": "sweeps what nobody ended: there is no viewer",
    "server/consultation/live_actions.py": "acts for the room's actor, whose sockets came in by tickets from the doors",
    "server/consultation/recording_actions.py": "acts for the room's actor, or is handed what the recordings' door opened",
    "server/consultation/recording_holds.py": "is the administrator's, of whose practice it is",
    "server/consultation/recording_stretches.py": "acts for the room's actor",
    "server/consultation/recording_rescue.py": "takes in what a stopped server left: there is no viewer",
    "server/consultation/recording_jobs.py": "deletes what is due and unlinks what was deleted: there is no viewer",
    "server/consultation/settlements.py": "starts from visible_consultations",
    "server/consultation/settling.py": "asks see_consultation first, or settles what is over: there is no viewer",
    "server/consultation/rights.py": "is the door of the room's sockets: asks see_consultation, or compares with the ticket's own link",
    "server/consultation/registration.py": "is handed what see_visit opened",
    "server/consultation/visit_recordings.py": "is handed what see_visit opened",
    "server/consultation/visit_actions.py": "is handed what see_visit opened",
    "server/notes/dossiers.py": "is handed the notes that are exported",
    "server/notes/anchors.py": "sees the ends of all chains, and no text: there is no viewer",
    "server/notes/verify.py": "is the operator's, who owns the files: there is no viewer",
    "server/notes/history.py": "is handed a note's id by whoever passed its door",
    "server/patients/answers.py": "forgets what was never sent of an appointment that is settled: there is no viewer",
    "server/notes/timeline.py": "is handed the record that see_record opened",
    "server/notes/signed.py": "is handed the patient's id by a door, and says only whether somebody signed",
    "server/patients/background_actions.py": "follows a correction that see_entry opened to the line that it is about",
    "server/patients/actions.py": "is handed the record that its patient decides about",
    "server/demo.py": "makes the patient that it changes",
    "server/messaging/composing.py": "reads what one delivery is about, whose door was passed when it was queued or is shown",
    "server/messaging/money_news.py": "follows a payment to its appointment: there is no viewer",
    "server/messaging/delays.py": "finds the consultations of the professional who speaks, and shows them to nobody",
    "server/messaging/jobs.py": "runs errands: there is no viewer",
    "server/messaging/waiting.py": "writes to whoever asked to be told: there is no viewer",
    "server/messaging/undelivered.py": "is the administrators', of whose practice it is, and shows no patient",
    "server/privacy/letter_answers.py": "is handed the letter that see_letter opened, or settles an errand: there is no viewer",
    "server/circulars/audience.py": "finds whom a circular is for, and shows nobody who they are",
    "server/circulars/sending.py": "runs errands: there is no viewer",
    "server/circulars/consents.py": "finds whose news a signed link switches, or is handed the record: there is no viewer",
    "server/privacy/own_consents.py": "is handed the record that its patient opened",
    "server/privacy/announcing.py": "starts from the reader's own records, and says only who treats them",
    "server/privacy/letter_jobs.py": "carries what was written and answered to whoever wrote: there is no viewer",
    "server/privacy/holds.py": "is the administrators', of whose practice it is: a name and addresses, found by the whole name",
    "server/privacy/retention_facts.py": "reads days out of rows, and shows nobody whose: there is no viewer",
    "server/privacy/expiring.py": "lets go what is due: there is no viewer",
    "server/privacy/unused.py": "finds the records that keep an account: there is no viewer",
    "server/privacy/ageing.py": "finds what is held: there is no viewer",
    "server/privacy/erasures.py": "asks see_request first, or does what was ordered: there is no viewer",
    "server/privacy/erasure_jobs.py": "carries out what was ordered: there is no viewer",
    "server/privacy/restriction_jobs.py": "tells whoever's record is used again: there is no viewer",
    "server/privacy/outside_jobs.py": "sends codes to whoever asked: there is no viewer",
    "server/privacy/merge_wishes.py": "is handed records that came from their doors",
    "server/patients/forwards.py": "says only which record was merged into which, to whoever asks the door of that record",
    "server/privacy/merges.py": "asks see_record for both records first, or starts from visible_records",
    "server/privacy/copy_gather.py": "starts from the records that the person reads as their own",
    "server/privacy/request_jobs.py": "tells whoever asked that there is news: there is no viewer",
    "server/consultation/testimonials.py": "is handed what see_visit or the record's door opened, or shows a professional their own",
    "server/oversight/states.py": "asks when the newest message went out, of the whole server, and nothing else of it",
    "server/oversight/figures.py": "counts for whoever administers the practice, and names nobody",
    "server/messaging/reminders.py": "follows an appointment's own consultation: there is no viewer",
}


def reaches(path: Path) -> Iterator[tuple[str, str]]:
    """Yield place and model of each `select(Model)`, `tx.get(Model, …)`, `update(Model)`, `.join(Model, …)` and so on."""
    for name, call in calls(path):
        if name in REACHES:
            yield from ((f"{relative(path)}:{call.lineno}", model) for model in map(_root, call.args) if model in PROTECTED)


def _root(argument: ast.expr) -> str:
    while isinstance(argument, (ast.Attribute, ast.Starred)):
        argument = argument.value
    return argument.id if isinstance(argument, ast.Name) else ""


@pytest.mark.row("N3")
def test_no_query_goes_round_the_doors() -> None:
    others = [path for path in python_files() if relative(path) not in DOORS | HANDED.keys()]
    assert [place for path in others for place in reaches(path)] == []


def test_the_search_finds_what_it_looks_for() -> None:
    """The doors themselves must be full of such queries, else the search is blind."""
    found = {model for path in python_files() if relative(path) in DOORS for _, model in reaches(path)}
    assert {"Consultation", "Participant", "JoinLink", "Note", "NoteSnapshot"} <= found


@pytest.mark.parametrize(
    "query",
    [
        "select(Patient.name)", "tx.get(Patient, patient_id)", "update(Patient).values(name=name)", "delete(Note)",
        "select(Team).join(Patient, on)", "select(1).select_from(JoinLink)", "aliased(Consent)",
    ],
)  # fmt: skip
def test_the_search_knows_every_way_round(query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.house.source.ROOT", tmp_path)
    (tmp_path / "query.py").write_text(query)
    assert len(list(reaches(tmp_path / "query.py"))) == 1


def test_known_places_still_need_to_be_known() -> None:
    reaching = {relative(path) for path in python_files() if list(reaches(path))}
    assert HANDED.keys() <= reaching


@pytest.mark.row("M2")
def test_nothing_changes_a_line_of_the_ledger_or_a_document() -> None:
    """Only `enter` makes a line, `issuing` a document, and nobody updates, deletes or loads one to change it."""
    made = {relative(path) for path in python_files() for name, _ in calls(path) if name == "LedgerLine"}
    assert made == {"server/billing/entries.py"}
    changing = [call for path in python_files() for name, call in calls(path) if name in {"update", "delete"}]
    assert not any(_root(argument) in {"LedgerLine", "BillingDocument"} for call in changing for argument in call.args)
    issued = {relative(path) for path in python_files() for name, _ in calls(path) if name == "BillingDocument"}
    assert issued == {"server/billing/issuing.py"}
