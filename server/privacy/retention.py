"""How long data are kept, purely: the rules of a practice, and the last day on which something must be kept by them.

A day that a month lacks becomes the first of the next month, so that nothing goes a day early: who was born on 29 February has their
birthday on 1 March in other years. Days are those of the calendar in the practice's time zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import NamedTuple

NOTICE = timedelta(days=30)  # in which somebody can save their account by signing in
GRACE = timedelta(days=7)  # in which a change of the rules can be taken back before anything goes by it
ADULT, NEARLY = 18, 17  # years
TAX_YEAR_ENDS = (4, 5)  # month and day, in the United Kingdom


@dataclass(frozen=True)
class Rules:
    """Whole months, years, and birthdays. A record goes when all that is said about it is over.

    `contract_years` count from the last appointment that was promised or took place, `contact_years` from the last sign of the person.
    Who was a child at their first contact is kept until the birthday `child_age`, or `late_child_age` where they were 17 at the last
    appointment. With `unknown_as_child` somebody without a date of birth counts as born on the day of their first contact.
    """

    contract_years: int = 7
    contact_years: int = 2
    child_age: int = 25
    late_child_age: int = 26
    unknown_as_child: bool = True
    tax_years: int = 6
    account_months: int = 6
    message_months: int = 24
    login_months: int = 12
    letter_years: int = 2


PRESETS: Mapping[str, Rules] = {"private": Rules(), "nhs": Rules(contract_years=8), "mental": Rules(contract_years=20)}
OWN = "own"
FLOORS = Rules(
    contract_years=6, contact_years=1, child_age=21, late_child_age=21, unknown_as_child=False, tax_years=6, account_months=3,
    message_months=6, login_months=3, letter_years=1,
)  # fmt: skip
MOST = 100  # of anything: beyond it nothing would ever go
NUMBERS = tuple(field.name for field in fields(Rules) if field.name != "unknown_as_child")


class Facts(NamedTuple):
    """What the rules ask of a record. `born` is None where nobody said it; `contract` where nothing was promised or took place.

    `held`: by a legal hold, on the record or on a recording. `pending`: something lies ahead, or was asked and not answered.
    """

    first: date
    last: date
    contract: date | None
    born: date | None
    held: bool
    pending: bool


class Decided(NamedTuple):
    """Rules, and the day on which they were decided."""

    on: date
    rules: Rules


def in_force(decisions: Sequence[Decided], today: date) -> Rules | None:
    """Return the rules of today out of all that were decided, the oldest first; None before the first ones count.

    New rules count a week after they were decided. Until then what is longer counts: a longer one at once.
    """
    settled = [one for one in decisions if one.on + GRACE <= today]
    if not settled:
        return None
    return longest([settled[-1].rules, *(one.rules for one in decisions[len(settled) :])])


def longest(rules: Sequence[Rules]) -> Rules:
    """Return what keeps everything as long as any of these."""
    return Rules(**{name: max(asdict(one)[name] for one in rules) for name in asdict(rules[0])})


def faults_of(values: Mapping[str, int | None]) -> dict[str, str]:
    """Return by field `number`, `floor` or `most` for what cannot be a rule."""
    floors = asdict(FLOORS)
    wrong = {name: _fault(values.get(name), floors[name]) for name in NUMBERS}
    return {name: fault for name, fault in wrong.items() if fault}


def _fault(value: int | None, floor: int) -> str:
    if value is None:
        return "number"
    return "floor" if value < floor else "most" if value > MOST else ""


def record_until(rules: Rules, facts: Facts) -> date:
    """Return the last day on which the record is kept, whatever is held or pending."""
    days = [add_years(facts.last, rules.contact_years)]
    if facts.contract is not None:
        days.append(add_years(facts.contract, rules.contract_years))
    child = child_until(rules, facts)
    return max(days if child is None else [*days, child])


def child_until(rules: Rules, facts: Facts) -> date | None:
    """Return the birthday until which the record of a child is kept; None of whoever was grown up at their first contact."""
    born = _birth_of(rules, facts)
    if born is None or age_on(born, facts.first) >= ADULT:
        return None
    late = age_on(born, facts.contract or facts.last) == NEARLY
    return add_years(born, rules.late_child_age if late else rules.child_age)


def may_go(rules: Rules, facts: Facts, today: date) -> bool:
    """Whether a record is due: a hold beats every rule, and what is pending comes first."""
    return not facts.held and not facts.pending and record_until(rules, facts) < today


def _birth_of(rules: Rules, facts: Facts) -> date | None:
    """A birth after the first contact is a slip of the pen: then nobody knows it."""
    if facts.born is not None and facts.born <= facts.first:
        return facts.born
    return facts.first if rules.unknown_as_child else None


def tax_until(rules: Rules, moved: date) -> date:
    """Return the last day on which a document about money is kept that moved on this day."""
    ends = date(moved.year, *TAX_YEAR_ENDS)
    return add_years(ends if moved <= ends else add_years(ends, 1), rules.tax_years)


def tax_before(rules: Rules, today: date) -> date:
    """Return the day before which money must have moved to be due today: the first day of a tax year."""
    over = today.year if date(today.year, *TAX_YEAR_ENDS) < today else today.year - 1
    return date(over - rules.tax_years, *TAX_YEAR_ENDS) + timedelta(days=1)


def account_until(rules: Rules, last_used: date) -> date:
    """Return the last day on which an account is kept that was used last on this day."""
    return add_months(last_used, rules.account_months)


def is_noticed_enough(told_on: date, today: date) -> bool:
    return told_on + NOTICE <= today


def months_before(today: date, months: int) -> date:
    """Return the first day that is kept for so many months on this day: what is older may go."""
    day = add_months(today, -months)
    while add_months(day - timedelta(days=1), months) >= today:
        day -= timedelta(days=1)
    return day


def add_years(day: date, years: int) -> date:
    return add_months(day, 12 * years)


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if _exists(year, month + 1, day.day):
        return day.replace(year=year, month=month + 1)
    return add_months(day.replace(day=1), months + 1)


def age_on(born: date, day: date) -> int:
    """Return the age in whole years, negative before the birth."""
    years = day.year - born.year
    return years if add_years(born, years) <= day else years - 1


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
