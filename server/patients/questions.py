"""What a practice asks before a consultation: questions with their bounds, how they are checked, and how they are stored. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum

from server.core.marking import _
from server.errors import Invalid

MAX_QUESTIONS = 40  # of a questionnaire; one more is refused with 'full'
MAX_NAME = 120  # letters of a questionnaire's name; refused, as are all lengths here
MAX_TEXT = 300  # of a question
MAX_HINT = 500
MAX_UNIT = 20
MAX_OPTIONS = 20  # of a choice; at least two
MAX_OPTION = 120
NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,4})?")

NO_NAME = _("Please give the questionnaire a name of up to 120 letters.")
NO_TEXT = _("Please write the question, in up to 300 letters.")
LONG_HINT = _("Please write the explanation in up to 500 letters.")
LONG_UNIT = _("Please write the unit in up to 20 letters.")
BAD_BOUND = _("Please write a number as 12 or 12.5.")
TURNED = _("The smallest number must not be bigger than the biggest.")
BAD_OPTIONS = _("Please write 2 to 20 different answers to choose from, each on a line of its own, in up to 120 letters.")
BAD_KIND = _("Please choose what kind of answer it is.")
FULL = _("A questionnaire has 40 questions at most. Please remove one first.")
NOTHING_ASKED = _("Please add a question first.")


class AnswerKind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    ONE = "one"
    SEVERAL = "several"
    DATE = "date"
    HEIGHT = "height"
    WEIGHT = "weight"
    CONSENT = "consent"


CHOICES = frozenset({AnswerKind.ONE, AnswerKind.SEVERAL})


@dataclass(frozen=True)
class Question:
    """One question. `id` stays the same over versions. `low` and `high` are bounds of a number as text, "" for none; `unit` is its unit.

    A consent is a sentence to agree to: it can be required, and it is never taken over from an earlier answer.
    """

    id: str
    kind: AnswerKind
    text: str
    hint: str = ""
    required: bool = True
    unit: str = ""
    low: str = ""
    high: str = ""
    options: tuple[str, ...] = ()

    def checked(self) -> "Question":
        """Return it; raises `Invalid` with the field as its code."""
        _refuse(not 1 <= len(self.text) <= MAX_TEXT, NO_TEXT, "text")
        _refuse(len(self.hint) > MAX_HINT, LONG_HINT, "hint")
        _refuse(len(self.unit) > MAX_UNIT, LONG_UNIT, "unit")
        for field in ("low", "high"):
            _refuse(bool(getattr(self, field)) and not NUMBER.fullmatch(getattr(self, field)), BAD_BOUND, field)
        _refuse(bool(self.low and self.high) and Decimal(self.low) > Decimal(self.high), TURNED, "low")
        _refuse(self.kind in CHOICES and not _good_options(self.options), BAD_OPTIONS, "options")
        return self

    def asks_the_same(self, other: "Question") -> bool:
        """Whether an answer to one is an answer to the other; the wording may differ a little, what can be answered may not."""
        return (self.id, self.kind, self.unit, self.options) == (other.id, other.kind, other.unit, other.options)


def _good_options(options: Sequence[str]) -> bool:
    return 2 <= len(options) <= MAX_OPTIONS and len(set(options)) == len(options) and all(len(one) <= MAX_OPTION for one in options)


def _refuse(wrong: bool, sentence: str, field: str) -> None:  # noqa: FBT001 - reads as a sentence
    if wrong:
        raise Invalid(sentence, code=field)


def checked_name(name: str) -> str:
    """Return it; raises `Invalid`."""
    _refuse(not 1 <= len(name) <= MAX_NAME, NO_NAME, "name")
    return name


def options_of(text: str) -> tuple[str, ...]:
    """Read one answer to choose from out of each line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def packed(questions: Sequence[Question]) -> str:
    return json.dumps([asdict(one) for one in questions], ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str) -> tuple[Question, ...]:
    found = json.loads(text)
    return tuple(Question(**{**one, "kind": AnswerKind(one["kind"]), "options": tuple(one["options"])}) for one in found)


USUAL_NAME = _("Before the first consultation")
USUAL = (
    Question("height", AnswerKind.HEIGHT, _("How tall are you?")),
    Question("weight", AnswerKind.WEIGHT, _("How much do you weigh?")),
    Question(
        "troubles",
        AnswerKind.LONG_TEXT,
        _("What troubles you?"),
        _("Please say since when, and what you have tried already. Write as you would tell a friend."),
    ),
)
