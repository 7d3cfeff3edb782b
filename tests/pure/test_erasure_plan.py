"""What an erasure takes and what stays, and how one plan is told from another."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from server.privacy.erasure_labels import PATIENT, STAFF, Voice
from server.privacy.erasure_plan import Facts, Line, Said, Thing, Why, fingerprint, going, plan, waits
from server.privacy.registry import HOLDINGS

pytestmark = pytest.mark.row("L1")

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(days=1), NOW - timedelta(days=1)
FEEDBACK, CHARGES, NOTES, DEEDS = Thing("f", "choice", 1), Thing("c", "tax", 1), Thing("n", "clinical", 2), Thing("d", "record", 3)
ALL = (FEEDBACK, CHARGES, NOTES, DEEDS)


def whys(facts: Facts) -> list[Why]:
    return [line.why for line in plan(ALL, facts, NOW)]


def test_what_no_law_keeps_goes_and_a_record_never() -> None:
    facts = Facts({"tax": BEFORE, "clinical": NOW}, held=False, said=Said.GOES)
    assert whys(facts) == [Why.ASKED, Why.ASKED, Why.ASKED, Why.RECORD]
    assert going(plan(ALL, facts, NOW)) == {"f", "c", "n"}


def test_the_law_keeps_for_its_time_whatever_a_professional_says() -> None:
    facts = Facts({"tax": LATER, "clinical": LATER}, held=False, said=Said.GOES)
    lines = plan(ALL, facts, NOW)
    assert [line.why for line in lines] == [Why.ASKED, Why.LAW, Why.LAW, Why.RECORD]
    assert [line.until for line in lines] == [None, LATER, LATER, None]


@pytest.mark.parametrize(("until", "why"), [(LATER, Why.CHILD), (LATER + timedelta(days=2), Why.LAW), (None, Why.CHILD)])
def test_a_childs_birthday_keeps_the_clinical_part_where_it_is_later(until: datetime | None, why: Why) -> None:
    facts = Facts({"clinical": until} if until else {}, held=False, said=Said.GOES, child=LATER + timedelta(days=1))
    assert [line.why for line in plan(ALL, facts, NOW)] == [Why.ASKED, Why.ASKED, why, Why.RECORD]
    assert whys(facts._replace(child=BEFORE))[2] == (Why.LAW if until else Why.ASKED)


def test_a_name_stays_only_of_what_goes() -> None:
    facts = Facts({"tax": LATER}, held=False, said=Said.STAYS, named=frozenset({"f", "c", "n"}))
    assert whys(facts) == [Why.NAMED, Why.LAW, Why.PROFESSIONAL, Why.RECORD]
    assert going(plan(ALL, facts, NOW)) == {"f"}


@pytest.mark.parametrize("voice", [PATIENT, STAFF])
def test_every_holding_has_words_for_each_reader(voice: Voice) -> None:
    assert voice.holdings.keys() == {holding.name for holding in HOLDINGS}
    assert [bool(voice.holdings[one.name].why) for one in HOLDINGS] == [bool(one.why) for one in HOLDINGS]
    assert voice.whys.keys() == {Why.NAMED, Why.HOLD, Why.PROFESSIONAL, Why.PENDING, Why.CHILD, Why.UNKNOWN}


def test_whoever_works_here_is_not_called_you() -> None:
    said = [*STAFF.whys.values(), STAFF.blanked, *(text for words in STAFF.holdings.values() for text in words)]
    assert [text for text in said if re.search(r"\byou", text, re.IGNORECASE)] == []


@pytest.mark.parametrize(("said", "why"), [(Said.STAYS, Why.PROFESSIONAL), (Said.NOTHING_YET, Why.PENDING)])
def test_the_clinical_part_waits_for_the_professional(said: Said, why: Why) -> None:
    lines = plan(ALL, Facts({}, held=False, said=said), NOW)
    assert [line.why for line in lines] == [Why.ASKED, Why.ASKED, why, Why.RECORD]
    assert waits(lines) is (why is Why.PENDING)
    assert not waits([Line(Thing("n", "clinical", 0), why)]), "nobody is asked about nothing"


def test_bad_38_a_legal_hold_beats_everything() -> None:
    assert whys(Facts({}, held=True, said=Said.GOES)) == [Why.HOLD] * 4


def test_a_plan_is_told_from_another_by_what_becomes_of_things() -> None:
    facts = Facts({"tax": LATER}, held=False, said=Said.GOES)
    same = fingerprint(plan(ALL, facts, NOW))
    more = (FEEDBACK, CHARGES, NOTES, DEEDS._replace(rows=9))
    assert fingerprint(plan(more, facts, NOW)) == same
    assert fingerprint(plan(ALL, facts._replace(said=Said.STAYS), NOW)) != same
    assert fingerprint(plan(ALL, facts._replace(until={"tax": LATER + timedelta(days=1)}), NOW)) != same
