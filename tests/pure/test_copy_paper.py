"""The readable part of a copy: a long life goes on in further volumes, and nothing of it is lost."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from server.circulars.wording import NEWS
from server.consultation.consents import RECORDING, SHOWING, WORDINGS
from server.notes.prose import Paragraph
from server.patients.telling import Source
from server.patients.wording import TEAM_NOTES, Wording
from server.privacy.copy_facts import AccountFacts, Agreement, RecordFacts, Statement, Summary
from server.privacy.copy_paper import MAX_LETTERS, Chapter, lay_out
from server.privacy.copy_words import Say
from server.web.i18n import ENGLISH
from tests.dossiers import CONSULTATION, HELD, PATIENT, PEOPLE, PRACTICE, paragraph, prose

pytestmark = pytest.mark.row("L1")

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SAY = Say(ENGLISH, "Europe/London")
ACCOUNT = AccountFacts("Dana Reed", "dana", "", "", "Europe/London", NOW)


def summary(letters: int) -> Summary:
    return Summary(uuid4(), CONSULTATION.id, PEOPLE[0], HELD, HELD, prose(plan=(paragraph("x" * letters),)))


def letters_of(chapters: tuple[Chapter, ...]) -> int:
    """Return how many letters stand in the summaries of these chapters."""
    inner = [piece for chapter in chapters for passage in chapter.passages for piece in passage.inner]
    return sum(len(span.text) for piece in inner for block in piece.blocks if isinstance(block, Paragraph) for span in block.spans)


def test_a_short_life_is_one_volume_without_a_number() -> None:
    (volume,) = lay_out(ACCOUNT, [RecordFacts(PRACTICE, PATIENT, None)], [], SAY)
    assert volume.title == "A copy of your data"
    assert [chapter.title for chapter in volume.chapters][2] == "Your record at Harbour Street Clinic"
    assert "The particulars cannot be opened" in str(volume.chapters[2])


def test_a_long_life_goes_on_in_further_volumes() -> None:
    half = MAX_LETTERS // 2
    record = RecordFacts(PRACTICE, PATIENT, None, summaries=tuple(summary(half) for _ in range(5)))
    volumes = lay_out(ACCOUNT, [record], [], SAY)
    assert [volume.title[-5:] for volume in volumes] == [f"({number}/{len(volumes)})" for number in range(1, len(volumes) + 1)]
    assert sum(letters_of(volume.chapters) for volume in volumes) == 5 * half
    assert max(letters_of(volume.chapters) for volume in volumes) <= MAX_LETTERS


@pytest.mark.parametrize("wording", [*WORDINGS, RECORDING, SHOWING, TEAM_NOTES, *NEWS.values()], ids=lambda wording: wording.purpose)
def test_an_agreement_stands_there_in_the_words_that_were_agreed_to(wording: Wording) -> None:
    assert SAY.purpose(wording.purpose) == wording.sentence


def test_an_agreement_says_who_gave_it_for_the_patient_also_where_their_name_is_not_known() -> None:
    said = {by: SAY.agreement(Agreement(uuid4(), "news_sms", "1", NOW, None, by)) for by in ("", "Dora Diaz", None)}
    sentence = "I would like news of this practice by text message. Agreed on 29 November 2026"
    assert said == {
        "": f"{sentence}.",
        "Dora Diaz": f"{sentence} (by Dora Diaz, who acted for the patient).",
        None: f"{sentence} (by somebody who acted for the patient).",
    }


def test_a_statement_says_since_when_and_by_whom() -> None:
    told = Statement(uuid4(), "Penicillin", datetime(2001, 5, 1, tzinfo=UTC).date(), Source.DOCTOR, "Dr Gale", NOW)
    assert SAY.statement(told) == "Penicillin\n1 May 2001, Received from Dr Gale"


def test_what_cannot_be_opened_is_said_in_its_place() -> None:
    lost = Summary(uuid4(), CONSULTATION.id, PEOPLE[0], HELD, HELD, None)
    (volume,) = lay_out(
        ACCOUNT, [RecordFacts(PRACTICE, PATIENT, None, summaries=(lost,), unreadable=2)], ["practice-1/documents/001.pdf"], SAY
    )
    told = str(volume.chapters)
    for words in ("Some answers or lines about your health cannot be opened", "This text cannot be opened", "practice-1/documents/001.pdf"):
        assert words in told
