"""The kinds of policy, and the built-in text of each for the platform, a practice and a professional; pure.

The built-in texts say what this product does. They are read from `texts/`, where each stands in a file of its own.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from server.core.marking import _

TEXTS = Path(__file__).parent / "texts"
TEMPLATE = "This text is a template, not legal advice; edit it."
LONGEST = 20_000
LONGEST_CHANGES = 500


class Policy(StrEnum):
    PRIVACY = "privacy"
    TERMS = "terms"
    COOKIES = "cookies"


class Scope(StrEnum):
    """Whose text it is."""

    PLATFORM = "platform"
    PRACTICE = "practice"
    PROFESSIONAL = "professional"


NAMES: Mapping[Policy, str] = {
    Policy.PRIVACY: _("Privacy policy"),
    Policy.TERMS: _("Terms"),
    Policy.COOKIES: _("Cookie policy"),
}


@cache
def built_in(policy: Policy, scope: Scope) -> str:
    """Return the built-in text, with `{name}` where the controller's name belongs."""
    own = TEXTS / f"{scope}_{policy}.txt"
    return (own if own.exists() else TEXTS / f"{policy}.txt").read_text(encoding="utf-8").strip()


def fault_of(text: str, changes: str) -> tuple[str, str]:
    """Return field and code of what is wrong with a text that is to be published; two times "" for nothing.

    Codes: `empty`, `long`, `template` (the sentence that says it is one is still there).
    """
    if not text.strip():
        return "text", "empty"
    if len(text) > LONGEST:
        return "text", "long"
    if TEMPLATE in text:
        return "text", "template"
    if not changes.strip():
        return "changes", "empty"
    return ("changes", "long") if len(changes) > LONGEST_CHANGES else ("", "")
