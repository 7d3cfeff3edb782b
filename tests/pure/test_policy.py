"""Who may do what with a note: every way to stand to it, every kind, every verb, written out by hand."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.policy import (
    AnswerFacts,
    Kind,
    NoteFacts,
    Permission,
    RecordFacts,
    RecordingFacts,
    Verb,
    Viewer,
    may,
    may_book,
    may_delete_recording,
    may_hear,
    may_read_background,
    may_see_answers,
    may_see_consultation,
    may_see_record,
    may_write_record,
)

pytestmark = [pytest.mark.row("N3"), pytest.mark.row("N4")]

SPACE = UUID(int=7)


def an_id(name: str) -> UUID:
    return uuid5(SPACE, name)


HERE, THERE = an_id("practice here"), an_id("practice there")
NORTH, SOUTH = an_id("north"), an_id("south")
ALICE, DANA, ERIN = an_id("alice"), an_id("dana"), an_id("erin")


def somebody(name: str, *, practice: UUID | None = HERE, works: bool = True, teams: tuple[UUID, ...] = (), **more: frozenset) -> Viewer:
    """Somebody signed in; `works` says whether they give consultations."""
    professional_id = an_id(f"professional {name}") if works else None
    return Viewer(an_id(name), professional_id, practice, frozenset(teams), name, **more)


LETS_SEE = frozenset({Permission(ALICE, DANA)})
FOR_ALL = frozenset({Permission(ALICE, None)})
AUTHOR = somebody("alice", teams=(NORTH,))
PEOPLE = {
    "author": AUTHOR,
    "author who left the team": replace(AUTHOR, team_ids=frozenset()),
    "team": somebody("bob", teams=(NORTH,)),
    "another team": somebody("charlie", teams=(SOUTH,)),
    "no team": somebody("victor"),
    "permitted assistant": somebody("sam", works=False, permissions=LETS_SEE),
    "permitted professional": somebody("charlie", teams=(SOUTH,), permissions=LETS_SEE),
    "assistant permitted for all": somebody("sam", works=False, permissions=FOR_ALL),
    "professional permitted for all": somebody("charlie", teams=(SOUTH,), permissions=FOR_ALL),
    "permitted for all by another author": somebody("sam", works=False, permissions=frozenset({Permission(an_id("bob"), None)})),
    "permitted for all from another practice": somebody("mallory", practice=THERE, permissions=FOR_ALL),
    "permission that has ended": somebody("sam", works=False),
    "permission for another patient": somebody("sam", works=False, permissions=frozenset({Permission(ALICE, ERIN)})),
    "permission of another author": somebody("sam", works=False, permissions=frozenset({Permission(an_id("bob"), DANA)})),
    "administrator": somebody("olga", works=False),
    "emergency": somebody("charlie", teams=(SOUTH,), emergencies=frozenset({DANA})),
    "emergency of another patient": somebody("charlie", teams=(SOUTH,), emergencies=frozenset({ERIN})),
    "emergency of whoever treats nobody": somebody("olga", works=False, emergencies=frozenset({DANA})),
    "registered patient": somebody("dana", practice=None, works=False, reads_for=frozenset({DANA})),
    "proxy": somebody("dora", practice=None, works=False, reads_for=frozenset({DANA, ERIN})),
    "patient without an account": somebody("nobody", practice=None, works=False),
    "another patient": somebody("erin", practice=None, works=False, reads_for=frozenset({ERIN})),
    "another practice": somebody("mallory", practice=THERE, teams=(NORTH,), permissions=LETS_SEE, emergencies=frozenset({DANA})),
    "author who left the practice": somebody("alice", practice=THERE, teams=(NORTH,)),
}  # fmt: skip

NOTHING = ""
READS = "read"
SEES = "see"
OWN_JOTTINGS = "see write export history"
OWN_SHARED = "see write sign lock amend export history permit"
OWN_SUMMARY = "see write sign lock amend release export history permit"
TEAM_SHARED = "see write sign amend export history"
TEAM_SUMMARY = "see write sign amend release export history"


@dataclass(frozen=True)
class Line:
    """What somebody may do with jottings, a shared note and a summary; `released` where the summary is."""

    jottings: str
    shared: str
    summary: str
    released: str


OWN = Line(OWN_JOTTINGS, OWN_SHARED, OWN_SUMMARY, OWN_SUMMARY)
WITH_THE_TEAM = Line(NOTHING, TEAM_SHARED, TEAM_SUMMARY, TEAM_SUMMARY)
ONLY_SEES = Line(NOTHING, SEES, SEES, SEES)
ONLY_READS = Line(NOTHING, NOTHING, NOTHING, READS)
NONE = Line(NOTHING, NOTHING, NOTHING, NOTHING)

# Whoever is not named in the second table may do the same without the patient's agreement as with it.
SHARING = {
    "author": OWN,
    "author who left the team": OWN,
    "team": WITH_THE_TEAM,
    "another team": NONE,
    "no team": NONE,
    "permitted assistant": ONLY_SEES,
    "permitted professional": ONLY_SEES,
    "assistant permitted for all": ONLY_SEES,
    "professional permitted for all": ONLY_SEES,
    "permitted for all by another author": NONE,
    "permitted for all from another practice": NONE,
    "permission that has ended": NONE,
    "permission for another patient": NONE,
    "permission of another author": NONE,
    "administrator": NONE,
    "emergency": ONLY_SEES,
    "emergency of another patient": NONE,
    "emergency of whoever treats nobody": NONE,
    "registered patient": ONLY_READS,
    "proxy": ONLY_READS,
    "patient without an account": NONE,
    "another patient": NONE,
    "another practice": NONE,
    "author who left the practice": NONE,
}
WITHOUT_SHARING = SHARING | {"team": NONE}

NOTE = NoteFacts(HERE, NORTH, DANA, ALICE, Kind.SHARED, sharing=True)


def allowed(viewer: Viewer, note: NoteFacts) -> set[str]:
    return {verb.value for verb in Verb if may(viewer, verb, note)}


def test_the_tables_name_everybody() -> None:
    assert SHARING.keys() == WITHOUT_SHARING.keys() == PEOPLE.keys()


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("sharing", [True, False], ids=["sharing", "without sharing"])
def test_every_right(name: str, sharing: bool) -> None:
    line = (SHARING if sharing else WITHOUT_SHARING)[name]
    note = replace(NOTE, sharing=sharing)
    found = [
        allowed(PEOPLE[name], replace(note, kind=Kind.JOTTINGS)),
        allowed(PEOPLE[name], note),
        allowed(PEOPLE[name], replace(note, kind=Kind.SUMMARY)),
        allowed(PEOPLE[name], replace(note, kind=Kind.SUMMARY, released=True)),
    ]
    assert found == [set(words.split()) for words in (line.jottings, line.shared, line.summary, line.released)]


def test_a_note_without_a_team_is_nobodys_of_a_team() -> None:
    assert allowed(PEOPLE["team"], replace(NOTE, team_id=None)) == set()


HOST = an_id("professional alice")
RECORD_OPENS = {
    "author", "author who left the team", "team", "permitted assistant", "permitted professional", "permission of another author",
    "emergency", "assistant permitted for all", "professional permitted for all",
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    practice_id: UUID = HERE
    professional_id: UUID = HOST
    team_id: UUID | None = NORTH
    patient_id: UUID = DANA


RECORD = RecordFacts(HERE, DANA, (Held(),), frozenset({ALICE}), frozenset({ALICE}))


@pytest.mark.parametrize("name", PEOPLE)
def test_every_right_to_a_record(name: str) -> None:
    assert may_see_record(PEOPLE[name], RECORD) == (name in RECORD_OPENS)


@pytest.mark.parametrize("name", ["assistant permitted for all", "professional permitted for all"])
def test_bad_28_a_permission_for_all_ends_where_its_author_wrote_nothing_that_it_shows(name: str) -> None:
    assert not may_see_record(PEOPLE[name], replace(RECORD, sharer_ids=frozenset()))
    assert not may_see_record(PEOPLE[name], replace(RECORD, sharer_ids=frozenset({an_id("bob")})))


GIVE_CONSULTATIONS_HERE = {name for name, viewer in PEOPLE.items() if viewer.professional_id and viewer.practice_id == HERE}


@pytest.mark.parametrize("name", PEOPLE)
def test_every_right_to_book(name: str) -> None:
    """Whoever gives consultations and may see the record; one without any consultation is anybody's of the practice to begin."""
    assert may_book(PEOPLE[name], RECORD) == (name in RECORD_OPENS & GIVE_CONSULTATIONS_HERE)
    assert may_book(PEOPLE[name], replace(RECORD, consultations=(), author_ids=frozenset(), sharer_ids=frozenset())) == (
        name in GIVE_CONSULTATIONS_HERE
    )


people = st.sampled_from([an_id(name) for name in ("alice", "bob", "charlie")])
patients = st.sampled_from([DANA, ERIN])
teams = st.sampled_from([NORTH, SOUTH])
practices = st.sampled_from([HERE, THERE])
permissions = st.frozensets(st.builds(Permission, people, st.none() | patients), max_size=3)
viewers = st.builds(
    Viewer, person_id=people, professional_id=st.none() | people, practice_id=st.none() | practices, team_ids=st.frozensets(teams),
    name=st.just("somebody"), permissions=permissions, emergencies=st.frozensets(patients), reads_for=st.frozensets(patients),
)  # fmt: skip
notes = st.builds(
    NoteFacts, practice_id=practices, team_id=st.none() | teams, patient_id=patients, author_id=people, kind=st.sampled_from(Kind),
    sharing=st.booleans(), released=st.booleans(),
)  # fmt: skip


@given(viewers, notes)
def test_outside_the_practice_a_released_summary_is_all_that_anybody_reads(viewer: Viewer, note: NoteFacts) -> None:
    if viewer.practice_id != note.practice_id and allowed(viewer, note):
        assert allowed(viewer, note) == {"read"}
        assert (note.kind, note.released, note.patient_id in viewer.reads_for) == (Kind.SUMMARY, True, True)


@given(viewers, notes)
def test_without_sharing_nobody_but_the_author_writes(viewer: Viewer, note: NoteFacts) -> None:
    changes = {"write", "sign", "lock", "amend", "release", "permit"}
    if not note.sharing and viewer.person_id != note.author_id:
        assert not allowed(viewer, note) & changes


@given(viewers, notes)
def test_jottings_are_never_anybody_elses(viewer: Viewer, note: NoteFacts) -> None:
    if note.kind == Kind.JOTTINGS and allowed(viewer, note):
        assert viewer.person_id == note.author_id


@given(viewers, notes)
def test_who_treats_nobody_changes_nothing(viewer: Viewer, note: NoteFacts) -> None:
    if viewer.professional_id is None:
        assert allowed(viewer, note) <= {"see", "read"}


@given(viewers, notes, viewers)
def test_one_more_relation_takes_no_right_away(viewer: Viewer, note: NoteFacts, other: Viewer) -> None:
    more = replace(
        viewer, permissions=viewer.permissions | other.permissions, team_ids=viewer.team_ids | other.team_ids,
        emergencies=viewer.emergencies | other.emergencies, reads_for=viewer.reads_for | other.reads_for,
    )  # fmt: skip
    assert allowed(viewer, note) <= allowed(more, note)
    assert allowed(viewer, note) <= allowed(viewer, replace(note, sharing=True))


@pytest.mark.row("L1")
@pytest.mark.parametrize("name", PEOPLE)
def test_a_restricted_record_is_open_to_its_patient_alone(name: str) -> None:
    """Nobody who works there sees, writes, hears or books anything; of another patient they may what they might before."""
    before = PEOPLE[name]
    closed = replace(before, restricted=frozenset({DANA}))
    for kind in Kind:
        note = replace(NOTE, kind=kind, released=True)
        assert allowed(closed, note) == allowed(before, note) & ({"read"} if before.reads_for else set())
        assert allowed(closed, replace(note, patient_id=ERIN)) == allowed(before, replace(note, patient_id=ERIN))
    assert not may_see_record(closed, RECORD)
    assert not may_write_record(closed, RECORD)
    assert not may_read_background(closed, RECORD)
    assert not may_book(closed, RECORD)
    assert not may_book(closed, replace(RECORD, consultations=()))
    assert not may_see_consultation(closed, Held())
    assert not may_hear(closed, RECORDING)
    assert not may_delete_recording(closed, RECORDING)
    assert not may_see_answers(closed, answered("alice"))
    assert may_see_record(closed.unrestricted, RECORD) is may_see_record(before, RECORD)


@given(viewers, notes)
def test_whoever_sees_a_note_may_open_its_record(viewer: Viewer, note: NoteFacts) -> None:
    held, authors = Held(note.practice_id, an_id("host"), note.team_id, note.patient_id), frozenset({note.author_id})
    record = RecordFacts(note.practice_id, note.patient_id, (held,), authors, frozenset() if note.kind == Kind.JOTTINGS else authors)
    if may(viewer, Verb.SEE, note):
        assert may_see_record(viewer, record)
    if may_see_consultation(viewer, record.consultations[0]):
        assert may_see_record(viewer, record)


# A recording of alice's call with dana, about which alice wrote; the same people as above.
RECORDING = RecordingFacts(HERE, HOST, NORTH, DANA, frozenset({ALICE}), sharing=True)
HEARS = {"author", "author who left the team", "team", "permitted professional", "professional permitted for all"}


@pytest.mark.row("V8")
@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("sharing", [True, False], ids=["sharing", "without sharing"])
def test_who_hears_a_recording_and_who_deletes_it(name: str, sharing: bool) -> None:
    recording = replace(RECORDING, sharing=sharing)
    expected = HEARS if sharing else HEARS - {"team"}
    assert may_hear(PEOPLE[name], recording) is (name in expected)
    assert may_delete_recording(PEOPLE[name], recording) is (name in {"author", "author who left the team"})


@pytest.mark.row("V8")
def test_a_colleague_who_wrote_about_the_call_hears_it_without_the_agreement_and_does_not_delete_it() -> None:
    recording = replace(RECORDING, author_ids=frozenset({an_id("victor")}), sharing=False)
    assert may_hear(PEOPLE["no team"], recording)
    assert not may_delete_recording(PEOPLE["no team"], recording)
    assert not may_hear(PEOPLE["permitted professional"], recording)


def answered(*names: str, practice: UUID = HERE) -> AnswerFacts:
    return AnswerFacts(practice, frozenset(an_id(f"professional {name}") for name in names), DANA)


@pytest.mark.row("B5")
@pytest.mark.parametrize("name", PEOPLE)
def test_only_who_is_booked_reads_answers(name: str) -> None:
    """Neither the team, nor a permission, nor an emergency opens them; who left the team is booked all the same."""
    booked = {"author", "author who left the team"}
    assert may_see_answers(PEOPLE[name], answered("alice")) is (name in booked)
    assert not may_see_answers(PEOPLE[name], answered())


@pytest.mark.row("B5")
def test_everybody_who_is_booked_reads_answers() -> None:
    facts = answered("alice", "bob")
    assert may_see_answers(PEOPLE["team"], facts)
    assert not may_see_answers(PEOPLE["emergency"], facts)
    assert not may_see_answers(replace(PEOPLE["team"], practice_id=THERE), facts)
