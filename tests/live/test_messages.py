"""A patient's invitation leaves the real server, arrives at a real mail server, and its link opens."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.cast import ALICE, DANA, seat_in
from tests.mailbox import Mailbox, receiving
from tests.servers import ForkedServer, until
from tests.site import Site

pytestmark = pytest.mark.row("S1")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with receiving() as mailbox:
        yield mailbox


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str, mailbox: Mailbox) -> Iterator[Site]:
    seat_in(sqlite_url)
    server = ForkedServer(tmp_path, DATABASE_URL=sqlite_url, **mailbox.provider)
    server.start()
    site = Site(server)
    yield site
    site.close()
    server.stop()


def test_the_link_in_the_mail_opens(site: Site, mailbox: Mailbox) -> None:
    site.consultation(email=DANA.email)
    until(lambda: mailbox.letters, what="the mail")
    [(address, message)] = mailbox.letters
    assert address == DANA.email
    body = message.get_body(("plain",))
    assert body is not None
    [link] = re.findall(r"http\S+", body.get_content())
    with httpx2.Client(follow_redirects=True, trust_env=False) as browser:
        page = browser.get(link)
    assert page.status_code == 200
    assert ALICE.full_name in page.text
    assert [part.get_filename() for part in message.iter_attachments()] == ["appointment.ics"]
