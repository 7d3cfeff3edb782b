"""A reminder leaves the real server when it is due, also of a server that was killed before, and arrives once at a real mail server."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from server.core.clock import SystemClock
from tests.cast import ALICE, DANA, seat_in
from tests.mailbox import Mailbox, receiving
from tests.servers import AppServer, until
from tests.site import Site

pytestmark = pytest.mark.row("B6")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with receiving() as mailbox:
        yield mailbox


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str, mailbox: Mailbox) -> Iterator[Site]:
    seat_in(sqlite_url)
    server = AppServer(tmp_path, DATABASE_URL=sqlite_url, **mailbox.provider)
    server.start()
    site = Site(server)
    yield site
    site.close()
    server.stop()


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(message["Subject"]) for _, message in mailbox.letters]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


def test_the_reminder_arrives_when_it_is_due_and_its_link_opens(site: Site, mailbox: Mailbox) -> None:
    begins_at = SystemClock().now() + timedelta(minutes=15, seconds=3)
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
    begins_at = SystemClock().now() + timedelta(minutes=15, seconds=2)
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
