"""Sentences that people agree to, and how it is proved later which one they read."""

import hashlib
from dataclasses import dataclass

from server.core.marking import _
from server.web.i18n import Language


@dataclass(frozen=True)
class Wording:
    """One sentence to agree to. A change of `sentence` or `more` needs a new `version`, and everybody is asked again."""

    purpose: str
    version: str
    sentence: str
    more: str


TEAM_NOTES = Wording(
    "team_notes",
    "1",
    _("The whole team that treats me may see the notes about my consultations."),
    _(
        "Without it, only the professional who writes a note sees it, and whoever that professional permits. "
        "You can change this at any time. From then on nobody else of the team can open the notes."
    ),
)


def fingerprint(wording: Wording, language: Language) -> bytes:
    """Return SHA-256 over the sentence and its explanation, just as they were read in that language."""
    return hashlib.sha256(f"{language.text(wording.sentence)}\n{language.text(wording.more)}".encode()).digest()
