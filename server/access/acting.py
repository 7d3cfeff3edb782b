"""Acting for somebody else: by what right, how far it goes, and whether it holds at a moment; pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

REVIEW_AGES = (16, 18)  # from 16 on somebody decides about their own treatment, from 18 on nobody is their parent in law
USUAL_DAYS, LONGEST_DAYS = 365, 366  # "until this day next year" also where a leap day lies between


class Basis(StrEnum):
    """By what right somebody acts."""

    PARENT = "parent"
    ATTORNEY = "attorney"
    CONSENT = "consent"
    SOLICITOR = "solicitor"


class Reach(StrEnum):
    """How far it goes; each includes those before it."""

    BOOK = "book"
    SEE = "see"
    RIGHTS = "rights"

    def includes(self, needed: "Reach") -> bool:
        order = list(Reach)
        return order.index(self) >= order.index(needed)


class Standing(StrEnum):
    """What became of it at a moment. `asked`: whoever is to act has not taken it on yet."""

    ASKED = "asked"
    HOLDS = "holds"
    SLEEPS = "sleeps"
    RAN_OUT = "ran_out"
    ENDED = "ended"


class Represents(Protocol):
    """What the policy needs to know. From `sleeps_at` on it waits until the practice has looked at it again."""

    @property
    def person_id(self) -> UUID | None: ...

    @property
    def patient_id(self) -> UUID: ...

    @property
    def reach(self) -> Reach: ...

    @property
    def expires_at(self) -> datetime: ...

    @property
    def sleeps_at(self) -> datetime | None: ...

    @property
    def ended_at(self) -> datetime | None: ...


def standing_of(one: Represents, now: datetime) -> Standing:
    if one.ended_at is not None:
        return Standing.ENDED
    if one.expires_at <= now:
        return Standing.RAN_OUT
    if one.sleeps_at is not None and one.sleeps_at <= now:
        return Standing.SLEEPS
    return Standing.ASKED if one.person_id is None else Standing.HOLDS


def may_act(person_id: UUID, patient_id: UUID, one: Represents, needed: Reach, now: datetime) -> bool:
    """Whether this person may do what `needed` says for this patient: only whom it names, as far as it goes, while it holds."""
    theirs = one.person_id == person_id and one.patient_id == patient_id
    return theirs and Reach(one.reach).includes(needed) and standing_of(one, now) is Standing.HOLDS


def review_on(born: date | None, today: date) -> date | None:
    """Return the next birthday after today at which acting for somebody is looked at again; None for adults, and where it is not known."""
    if born is None:
        return None
    return next((day for day in (_birthday(born, age) for age in REVIEW_AGES) if day > today), None)


def age_at(born: date, day: date) -> int:
    """Return how many birthdays there have been until and on this day, whoever was born on 29 February having theirs on 1 March."""
    return day.year - born.year - (day < _birthday(born, day.year - born.year))


def last_day(today: date) -> date:
    """Return the latest day until which somebody may be asked to act."""
    return today + timedelta(days=LONGEST_DAYS)


def _birthday(born: date, age: int) -> date:
    """Whoever was born on 29 February is a year older on 1 March."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
