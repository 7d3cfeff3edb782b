"""What a patient agrees to before a video consultation: each purpose in one versioned sentence."""

import hashlib

from server.core.marking import _
from server.patients.wording import Wording, fingerprint
from server.web.i18n import Language

WORDINGS = (
    Wording(
        "video",
        "2",
        _("I agree to have this consultation by video."),
        _(
            "Picture and sound go encrypted between your device and your professional's. "
            "Nothing is recorded unless everybody in the call has agreed to it. "
            "You can stop at any time and ask for an appointment in person instead."
        ),
    ),
    Wording(
        "notes",
        "2",
        _("I agree that notes about this consultation are kept in my health record."),
        _(
            "Your professional writes down what you talk about, as in any consultation. "
            "Others of a team can read it only if you agree to that in your account. You can ask the practice for a copy."
        ),
    ),
    Wording(
        "private_place",
        "1",
        _("I am in a place where I can talk, and I will say who is with me."),
        _("A quiet room is best. Somebody you trust may be with you: please tell your professional that they are there."),
    ),
)

RECORDING = Wording(
    "recording",
    "1",
    _("I agree that this call is recorded for quality and training."),
    _(
        "Sound and picture of everybody in the call are stored encrypted, and deleted after a fixed time. The professional whose "
        "consultation it is can play them, and so can colleagues who may see its notes. You can say no without any disadvantage. "
        "You can take your agreement back at any time: then the recording stops and is deleted."
    ),
)


def all_wordings(language: Language) -> tuple[str, bytes]:
    """Return every purpose with its version, and SHA-256 over all fingerprints: what somebody said no to."""
    names = ", ".join(f"{wording.purpose} {wording.version}" for wording in WORDINGS)
    return names, hashlib.sha256(b"".join(fingerprint(wording, language) for wording in WORDINGS)).digest()
