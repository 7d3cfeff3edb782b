"""A reminder leaves the real server when it is due, also of a server that was killed before, and arrives once at a real mail server."""

import re
from datetime import timedelta
from email.message import EmailMessage

import httpx2
import pytest

from server.core.clock import SystemClock
from tests.cast import ALICE, DANA
from tests.live.test_messages import mailbox, site
from tests.mailbox import Mailbox
from tests.servers import until
from tests.site import Site

__all__ = ["mailbox", "site"]
pytestmark = pytest.mark.row("B6")


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(message["Subject"]) for _, message in mailbox.letters]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


def test_the_reminder_arrives_when_it_is_due_and_its_link_opens(site: Site, mailbox: Mailbox) -> None:
    site.client(ALICE)  # signs in, which must not take of the time until then
    begins_at = SystemClock().now() + timedelta(minutes=15, seconds=10)
    site.consultation(email=DANA.email, scheduled_at=begins_at.isoformat())
    until(lambda: len(mailbox.letters) == 2, what="the reminder")
    assert SystemClock().now() >= begins_at - timedelta(minutes=15)
    address, message = mailbox.letters[1]
    assert (address, message["Subject"]) == (DANA.email, "Soon: your video appointment with Harbour Clinic")
    assert "begins soon, at" in text_of(message)
    assert "(London time)" in text_of(message)
    [link] = re.findall(r"http\S+", text_of(message))
    with httpx2.Client(follow_redirects=True, trust_env=False) as browser:
        assert ALICE.full_name in browser.get(link).text


@pytest.mark.row("S1")
def test_bad_19_a_killed_server_reminds_once_it_is_back(site: Site, mailbox: Mailbox) -> None:
    site.client(ALICE)  # signs in, which must not take of the time until then
    begins_at = SystemClock().now() + timedelta(minutes=15, seconds=10)
    site.consultation(email=DANA.email, scheduled_at=begins_at.isoformat())
    site.server.kill()
    until(lambda: SystemClock().now() > begins_at - timedelta(minutes=15), what="the moment of the reminder")
    before = [subject for subject in subjects(mailbox) if subject.startswith("Soon")]
    assert before == []
    site.server.restart()
    until(lambda: any(subject.startswith("Soon") for subject in subjects(mailbox)), what="the reminder")
    site.server.kill()
    site.server.restart()
    site.consultation(email="other@example.org", patient_id=None, patient_name="Erin Evans")
    until(lambda: "other@example.org" in [address for address, _ in mailbox.letters], what="a later message")
    assert len([subject for subject in subjects(mailbox) if subject.startswith("Soon")]) == 1
