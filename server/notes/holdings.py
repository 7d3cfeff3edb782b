"""What notes holds about somebody: what professionals wrote about a patient, and a professional's own templates.

Every text is encrypted under the key of its note, so the note is erased by forgetting that key: its rows and their chain stay, and nobody
can read them any more. That holds for a locked note, too, whose rows the database lets nobody delete.
"""

from server.access.policy import Kind
from server.consultation.holdings import MEETINGS
from server.core.holdings import Class, Fate, Holding, Link, Part, Root
from server.core.marking import _
from server.notes.model import Note, NoteReject, NoteRelease, NoteSession, NoteSnapshot, NoteSnippet, NoteTemplate, NoteUpdate, NoteVersion

NOTES = Part(
    Note, (Link("consultation_id", MEETINGS),), Fate.PSEUDONYMISE, {"key_id": "", "data_key": b"", "reason": None},
    hidden=frozenset({"id", "amends_id", "key_id", "reason"}), told=Note.kind != Kind.JOTTINGS,
)  # fmt: skip
SESSIONS = Part(NoteSession, (Link("note_id", NOTES),), Fate.KEEP, technical=True)
SNAPSHOTS = Part(NoteSnapshot, (Link("note_id", NOTES),), Fate.KEEP, technical=True)
UPDATES = Part(NoteUpdate, (Link("note_id", NOTES),), Fate.KEEP, technical=True)
REJECTS = Part(NoteReject, (Link("note_id", NOTES),), Fate.KEEP, technical=True)
VERSIONS = Part(NoteVersion, (Link("note_id", NOTES),), Fate.KEEP)
RELEASES = Part(NoteRelease, (Link("version_id", VERSIONS),), Fate.KEEP)
TEMPLATES = Part(NoteTemplate, (Link("person_id", Root.PERSON),), Fate.KEEP)
SNIPPETS = Part(NoteSnippet, (Link("person_id", Root.PERSON),), Fate.KEEP)

HOLDINGS = (
    Holding(
        "notes.notes",
        _("Notes that your professionals wrote about you; their text is handed out by the professional"),
        Class.CLINICAL,
        _("A professional must keep clinical notes for years."),
        (NOTES, SESSIONS, SNAPSHOTS, UPDATES, REJECTS, VERSIONS, RELEASES),
    ),
    Holding(
        "notes.texts",
        _("Your templates and snippets"),
        Class.RECORD,
        _("They belong to the work that you do here."),
        (TEMPLATES, SNIPPETS),
    ),
)
