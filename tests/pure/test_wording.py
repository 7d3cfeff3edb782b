"""A practice's own texts: the link cannot be lost, and nothing stands in them that would stay a riddle."""

import pytest

from server.messaging.texts import Call, Manner, to_patient
from server.messaging.undelivered import masked
from server.messaging.wording import BUILT_IN, LONGEST, Kind, fault_of, placeholders, sentences_in
from server.web.i18n import ENGLISH
from tests.pure.test_texts import LINK, WHEN, practice

pytestmark = pytest.mark.row("S4")

GOOD = "{practice}: {day}, {time}\nOpen {link} please."


@pytest.mark.parametrize("kind", Kind)
def test_every_built_in_text_is_one_that_a_practice_could_write(kind: Kind) -> None:
    assert fault_of(kind, BUILT_IN[kind].text) == ("", "")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD, ("", "")),
        ("", ("empty", "")),
        (" \n ", ("empty", "")),
        ("{practice} {time} {link} " + "x" * LONGEST, ("long", "")),
        ("{practice} {time} {link} {name}", ("unknown", "name")),
        ("{practice} {time} {link} {}", ("unknown", "")),
        ("{practice} {time} {0.__class__} {link}", ("unknown", "0.__class__")),
        ("{practice} at {time}", ("missing", "link")),
        ("{practice} {link}", ("missing", "time")),
        ("{time} {link}", ("missing", "practice")),
        ("{practice} {time} {link}.", ("link_joined", "")),
        ("{practice} {time} ({link})", ("link_joined", "")),
        ("{practice} {time} {link} {link}.", ("link_joined", "")),
        ("{practice} {time} {link}\n{link}", ("", "")),
    ],
)
def test_what_is_wrong_is_named(text: str, fault: tuple[str, str]) -> None:
    assert fault_of(Kind.INVITATION, text) == fault


def test_what_is_cancelled_has_no_link() -> None:
    assert "link" not in placeholders(Kind.CANCELLED)
    assert fault_of(Kind.CANCELLED, "{practice} {day} {time} {link}") == ("unknown", "link")
    assert "minutes" in placeholders(Kind.DELAYED)


def test_the_own_text_is_written_and_the_subject_stays() -> None:
    letter = to_patient(Manner(Kind.INVITATION, GOOD), "d@example.org", practice(), Call(WHEN, LINK), ENGLISH)
    assert letter.sentences == ["Harbour Clinic: Monday 23 November, 10:30 (London time)", f"Open {LINK} please."]
    assert letter.subject == "Your video appointment with Harbour Clinic"


def test_a_name_with_braces_in_it_is_a_name() -> None:
    named = practice()
    named.name = "The {link} Clinic"
    letter = to_patient(Manner(Kind.INVITATION, GOOD), "d@example.org", named, Call(WHEN, LINK), ENGLISH)
    assert letter.sentences[0].startswith("The {link} Clinic:")


def test_lines_become_paragraphs() -> None:
    assert sentences_in(" one \r\n\n  two  words\n") == ["one", "two words"]


@pytest.mark.parametrize(("address", "shown"), [("dana@example.org", "d…@example.org"), ("+447700900001", "…001"), ("@", "…@")])
def test_an_address_is_known_again_and_not_read(address: str, shown: str) -> None:
    assert masked(address) == shown
