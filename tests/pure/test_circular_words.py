"""How a circular reads: as a text message, as plain text and as HTML, with what the law wants below it."""

import pytest

from server.circulars.words import LONGEST, LONGEST_SUBJECT, Draft, Frame, fault_of, letter_of
from server.consultation.events import Channel
from server.web.i18n import ENGLISH

pytestmark = pytest.mark.row("S2")

FRAME = Frame("Harbour Clinic", "Harbour Ltd", "1 Quay\nPortsmouth", wanted=True, stop_url="https://c.example/news/x")
TEXT = "## We <b>\n\nWrite [us](mailto:us@c.example?a=1&b=2), see [https://c.example](https://c.example)."


def test_a_mail_is_escaped_and_says_who_sends_it_and_how_to_stop() -> None:
    letter = letter_of(Draft(Channel.EMAIL, "News", TEXT), FRAME, "a@b.example", ENGLISH)
    assert letter.sentences == [
        "We <b>",
        "Write us (us@c.example?a=1&b=2), see https://c.example.",
        "Harbour Ltd, 1 Quay Portsmouth",
        "You get this because you asked Harbour Clinic for news.",
        "Change or stop news (https://c.example/news/x)",
    ]
    assert letter.html is not None
    assert letter.html.startswith('<h3 dir="auto">We &lt;b&gt;</h3>')
    assert '<a href="mailto:us@c.example?a=1&amp;b=2">us</a>' in letter.html
    assert letter.unsubscribe == "https://c.example/news/x/stop"


def test_a_notice_cannot_be_stopped() -> None:
    letter = letter_of(Draft(Channel.EMAIL, "Policy", "- new"), Frame("Clinic", "Clinic", "", wanted=False), "a@b.example", ENGLISH)
    assert (letter.sentences, letter.unsubscribe) == (["- new", "Clinic", "You get this because you have an account."], None)
    assert letter.html is not None
    assert "<ul><li" in letter.html


def test_a_text_message_names_the_practice_and_the_way_to_stop() -> None:
    draft = Draft(Channel.SMS, "", "We open\nat  seven.")
    letter = letter_of(draft, FRAME, "+447700900001", ENGLISH)
    assert letter.body == "Harbour Clinic: We open at seven. To stop: https://c.example/news/x"
    assert letter_of(draft, FRAME._replace(stop_url=""), "", ENGLISH).body.endswith("To stop: …")


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (Draft(Channel.EMAIL, "", "x"), "subject:empty"),
        (Draft(Channel.EMAIL, "x" * (LONGEST_SUBJECT + 1), "x"), "subject:long"),
        (Draft(Channel.SMS, "", "\n "), "text:empty"),
        (Draft(Channel.SMS, "", "x" * (LONGEST[Channel.SMS] + 1)), "text:long"),
        (Draft(Channel.SMS, "", "x"), ""),
    ],
)
def test_what_cannot_be_sent_has_a_code(draft: Draft, fault: str) -> None:
    assert fault_of(draft) == fault
