"""What a patient or a guest agrees to before a video consultation, in it and after it: each purpose in one versioned sentence."""

import hashlib

from server.consultation.model import Role
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

SHOWING = Wording(
    "testimonial",
    "1",
    _("I agree that these words are shown to everybody on my professional's page."),
    _(
        "They stand there without your name, with the month only, once your professional has looked at them. You have no disadvantage "
        "if you say no. You can take your agreement back in your account at any time: then they are deleted at once."
    ),
)

GUEST_WORDINGS = (
    Wording(
        "confidential",
        "1",
        _("I will keep to myself what I see and hear in this call."),
        _(
            "It may be about somebody's health. Please tell nobody about it afterwards, take no pictures and record nothing. "
            "If you interpret, this holds for your notes, too."
        ),
    ),
    Wording(
        "guest_video",
        "1",
        _("I agree that everybody in the call can see and hear me."),
        _(
            "Picture and sound go encrypted, between your devices or over this practice's own server. Your name, and when you were there, "
            "are kept with the consultation. You can leave the call at any time, and need not say why."
        ),
    ),
    Wording(
        "guest_place",
        "1",
        _("I am in a place where nobody else can listen, or I will say who is with me."),
        _("A closed room is best, or headphones. Please say at the beginning of the call who is with you."),
    ),
)


def wordings_for(role: Role) -> tuple[Wording, ...]:
    """Return what somebody with this role agrees to."""
    return GUEST_WORDINGS if role == Role.GUEST else WORDINGS


def all_wordings(wordings: tuple[Wording, ...], language: Language) -> tuple[str, bytes]:
    """Return every purpose with its version, and SHA-256 over all fingerprints: what somebody said no to."""
    names = ", ".join(f"{wording.purpose} {wording.version}" for wording in wordings)
    return names, hashlib.sha256(b"".join(fingerprint(wording, language) for wording in wordings)).digest()
