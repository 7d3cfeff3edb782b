"""What requests about data are called on the pages of those who ask and of those who answer."""

from collections.abc import Mapping
from enum import StrEnum

from server.access.acting import Basis
from server.core.marking import _
from server.patients.acting_doors import Actor
from server.patients.acting_words import BASES
from server.privacy.request_words import Extension, Kind, Pause, State
from server.web.i18n import Language

KINDS: Mapping[StrEnum, str] = {
    Kind.ACCESS: _("See my data"),
    Kind.CORRECTION: _("Correct my data"),
    Kind.ERASURE: _("Delete my data"),
    Kind.RESTRICTION: _("Keep my data, but do nothing else with it"),
    Kind.OBJECTION: _("Stop a use of my data"),
    Kind.PORTABILITY: _("Hand my data over to me or to somebody else"),
}
STATES: Mapping[StrEnum, str] = {
    State.ASKED: _("Asked"),
    State.IN_WORK: _("In work"),
    State.DONE: _("Done"),
    State.REFUSED: _("Refused"),
    State.WITHDRAWN: _("Taken back"),
}
PAUSES: Mapping[StrEnum, str] = {
    Pause.IDENTITY: _("The practice waits until it knows that it is the patient who asks"),
    Pause.CLARIFICATION: _("The practice waits to hear more exactly what is asked for"),
}
EXTENSIONS: Mapping[StrEnum, str] = {
    Extension.COMPLEX: _("The request is complex"),
    Extension.MANY: _("There are many requests of the same person"),
}


ASKED_FOR = _("{name}, for {patient}, {basis}")


def asker_in_words(language: Language, actor: Actor | None, patient: str) -> str:
    """Say who asked for the patient and by what right; nothing where the patient did."""
    if actor is None:
        return ""
    basis = language.text(BASES[Basis(actor.representation.basis)])
    return language.text(ASKED_FOR).format(name=actor.name, patient=patient, basis=basis)


def labels(language: Language) -> dict[str, Mapping[str, str]]:
    """Return `kinds`, `states`, `pauses` and `extensions` in the reader's language, for a page."""
    named: Mapping[str, Mapping[StrEnum, str]] = {"kinds": KINDS, "states": STATES, "pauses": PAUSES, "extensions": EXTENSIONS}
    return {name: {str(key): language.text(words) for key, words in those.items()} for name, those in named.items()}


def fault_in_words(language: Language, code: str | None, sentences: Mapping[str, str]) -> dict[str, str] | None:
    """Return which field of a form is wrong, and what is said of it; `code` is `field:fault`, None where nothing is."""
    return {"field": code.partition(":")[0], "sentence": language.text(sentences[code])} if code else None
