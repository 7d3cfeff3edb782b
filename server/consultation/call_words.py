"""How a call went, in words: for one person, and for a whole consultation."""

from collections.abc import Sequence

from server.consultation.call_findings import Finding, Kind
from server.core.marking import _
from server.web.i18n import Language

SHORT_S = 30
MOST_TOLD = 2  # of one consultation in the list; its own page tells everything

GOOD = _("Good")
NO_REPORT = _("No figures of this call")


def verdict(language: Language, people: Sequence[tuple[str, Sequence[Finding]]]) -> str:
    """Return the sentence for a consultation; `people` holds each person's name with what was found, and is empty without any report."""
    if not people:
        return language.text(NO_REPORT)
    named = [(finding, name) for name, found in people for finding in found if finding.kind != Kind.SOUND_ONLY]
    worst = sorted(named, key=lambda pair: (list(Kind).index(pair[0].kind), -pair[0].seconds))
    return " ".join(tell(language, finding, name) for finding, name in worst[:MOST_TOLD]) or language.text(GOOD)


def tell(language: Language, finding: Finding, name: str) -> str:
    """Return one finding as a sentence about the person of this name."""
    if finding.kind == Kind.INTERRUPTED:
        return _interrupted(language, finding, name)
    sentence = {
        Kind.HARD_TO_HEAR: _("Hard to hear for {name} for about {time}."),
        Kind.LATE: _("Sound came late for {name} for about {time}."),
        Kind.SOUND_ONLY: _("{name} used sound only for about {time}."),
    }[finding.kind]
    return language.text(sentence, name=name, time=about(language, finding.seconds))


def _interrupted(language: Language, finding: Finding, name: str) -> str:
    ngettext = language.plural  # by this name the sentences are found for translation
    if finding.seconds <= SHORT_S * finding.times:
        return ngettext("{count} short interruption for {name}.", "{count} short interruptions for {name}.", finding.times, name=name)
    time = about(language, finding.seconds)
    return ngettext(
        "{count} interruption for {name}, about {time}.",
        "{count} interruptions for {name}, about {time} together.",
        finding.times,
        name=name,
        time=time,
    )


def about(language: Language, seconds: int) -> str:
    """Return `20 seconds` or `3 minutes`."""
    ngettext = language.plural
    if seconds < 60:
        return ngettext("{count} second", "{count} seconds", seconds)
    return ngettext("{count} minute", "{count} minutes", round(seconds / 60))
