"""The built-in texts of messages to patients, and what a practice's own text must keep; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.consultation.events import News
from server.core.marking import _

LONGEST = 600
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
LINK_ALONE = re.compile(r"(?:^|\s)\{link\}(?=\s|$)")  # whatever touched an address would become part of it


class Kind(StrEnum):
    """What a patient may be written about."""

    INVITATION = "invitation"
    MOVED = News.MOVED
    PASSED_ON = News.PASSED_ON
    CANCELLED = News.CANCELLED
    REMIND24H = News.REMIND24H
    REMIND15M = News.REMIND15M
    DELAYED = News.DELAYED
    LISTED = News.LISTED
    FREED = News.FREED
    WAITS_ON = News.WAITS_ON
    LIST_ENDED = News.LIST_ENDED


@dataclass(frozen=True)
class Wording:
    """Sentences with placeholders. With `questions` the practice's telephone number follows, where it has one."""

    subject: str
    sentences: tuple[str, ...]
    questions: bool = True

    @property
    def text(self) -> str:
        return "\n".join(self.sentences)


JOIN = _("To join, open {link} - no app is needed.")
LATE = _("{professional} is running about {minutes} minutes late.")
QUESTIONS = _("Questions? Call {phone}.")
BUILT_IN: Mapping[Kind, Wording] = {
    Kind.INVITATION: Wording(
        _("Your video appointment with {practice}"), (_("{practice}: your video appointment is on {day} at {time}."), JOIN)
    ),
    Kind.MOVED: Wording(
        _("Your video appointment with {practice}"), (_("{practice}: your video appointment is now on {day} at {time}."), JOIN)
    ),
    Kind.PASSED_ON: Wording(
        _("Who you see: your video appointment with {practice}"),
        (_("{practice}: your video appointment on {day} at {time} is with {professional} now."), JOIN),
    ),
    Kind.CANCELLED: Wording(
        _("Cancelled: your video appointment with {practice}"),
        (_("{practice}: your video appointment on {day} at {time} is cancelled."),),
    ),
    Kind.REMIND24H: Wording(
        _("Reminder: your video appointment with {practice}"),
        (_("Reminder from {practice}: your video appointment is on {day} at {time}."), JOIN),
    ),
    Kind.REMIND15M: Wording(
        _("Soon: your video appointment with {practice}"),
        (_("{practice}: your video appointment begins soon, at {time}."), JOIN),
        questions=False,
    ),
    Kind.DELAYED: Wording(
        _("Running late: your video appointment with {practice}"),
        (LATE, _("This is about your video appointment with {practice} at {time}. You keep your place."), JOIN),
        questions=False,
    ),
    Kind.LISTED: Wording(
        _("You are on the waiting list of {practice}"),
        (
            _("{practice}: you are on the waiting list. We write to you as soon as a time that suits you becomes free."),
            _("To see where you stand, or to leave the list, open {link} - no account is needed."),
        ),
        questions=False,
    ),
    Kind.FREED: Wording(
        _("A time has become free at {practice}"),
        (
            _("{practice}: a time has become free on {day} at {time}. It is kept for you until {until}."),
            _("To take it or to pass it on, open {link} - no account is needed."),
        ),
        questions=False,
    ),
    Kind.WAITS_ON: Wording(
        _("You keep your place on the waiting list of {practice}"),
        (
            _("{practice}: you are still on the waiting list. From now on you wait for a time with {professional}."),
            _("To see where you stand, or to leave the list, open {link} - no account is needed."),
        ),
    ),
    Kind.LIST_ENDED: Wording(
        _("A waiting list of {practice} has ended"),
        (
            _("{practice}: the waiting list that you were on has ended. No time will be offered to you any more."),
            _("To see with whom else you can book, open {link} - no account is needed."),
        ),
    ),
}

ALLOWED = {kind: frozenset({"practice", "day", "time", "link"}) for kind in Kind} | {
    Kind.CANCELLED: frozenset({"practice", "day", "time"}),  # its link is dead
    Kind.PASSED_ON: frozenset({"practice", "day", "time", "link", "professional"}),
    Kind.DELAYED: frozenset({"practice", "day", "time", "link", "professional", "minutes"}),
    Kind.LISTED: frozenset({"practice", "link"}),
    Kind.FREED: frozenset({"practice", "day", "time", "link", "until"}),
    Kind.WAITS_ON: frozenset({"practice", "link", "professional"}),
    Kind.LIST_ENDED: frozenset({"practice", "link"}),
}
WANTED = {kind: frozenset({"practice", "time", "link"}) for kind in Kind} | {
    Kind.CANCELLED: frozenset({"practice", "day", "time"}),
    Kind.PASSED_ON: frozenset({"practice", "time", "link", "professional"}),
    Kind.DELAYED: frozenset({"practice", "time", "link", "minutes"}),
    Kind.LISTED: frozenset({"practice", "link"}),
    Kind.FREED: frozenset({"practice", "day", "time", "link", "until"}),
    Kind.WAITS_ON: frozenset({"practice", "link", "professional"}),
    Kind.LIST_ENDED: frozenset({"practice", "link"}),
}


def placeholders(kind: Kind) -> list[str]:
    """Return what may stand in a text of that kind."""
    return sorted(ALLOWED[kind])


def fault_of(kind: Kind, text: str) -> tuple[str, str]:
    """Return the code of what is wrong with a practice's own text, and the placeholder that it is about; two times "" for nothing.

    Codes: `empty`, `long`, `unknown`, `missing`, `link_joined`.
    """
    used = PLACEHOLDER.findall(text)
    unknown = next((name for name in used if name not in placeholders(kind)), None)
    missing = next((name for name in sorted(WANTED[kind]) if name not in used), None)
    faults = {
        "empty": not text.strip(),
        "long": len(text) > LONGEST,
        "unknown": unknown is not None,
        "missing": missing is not None,
        "link_joined": "link" in used and len(LINK_ALONE.findall(text)) < used.count("link"),
    }
    code = next((code for code, wrong in faults.items() if wrong), "")
    return code, {"unknown": unknown or "", "missing": missing or ""}.get(code, "")


def sentences_in(text: str) -> list[str]:
    """Return the lines of a practice's own text, each of which becomes a paragraph."""
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
