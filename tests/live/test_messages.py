"""A patient's invitation leaves the real server, arrives at a real mail server, and its link opens."""

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import httpx2
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.cast import ALICE, DANA, seat_in
from tests.servers import AppServer, free_port, until
from tests.site import Site

pytestmark = pytest.mark.row("S1")


class Mailbox:
    """Keeps what arrives, with the address it was for."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        message = email.message_from_bytes(bytes(envelope.content or b""), policy=default)
        assert isinstance(message, EmailMessage)
        self.letters += [(address, message) for address in envelope.rcpt_tos]
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, Controller]]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield mailbox, controller
    controller.stop()


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str, mailbox: tuple[Mailbox, Controller]) -> Iterator[Site]:
    seat_in(sqlite_url)
    provider = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mailbox[1].port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "Harbour Clinic <no-reply@clinic.example>",
    }
    server = AppServer(tmp_path, DATABASE_URL=sqlite_url, **provider)
    server.start()
    site = Site(server)
    yield site
    site.close()
    server.stop()


def test_the_link_in_the_mail_opens(site: Site, mailbox: tuple[Mailbox, Controller]) -> None:
    letters = mailbox[0].letters
    site.consultation(email=DANA.email)
    until(lambda: letters, what="the mail")
    [(address, message)] = letters
    assert address == DANA.email
    body = message.get_body(("plain",))
    assert body is not None
    [link] = re.findall(r"http\S+", body.get_content())
    with httpx2.Client(follow_redirects=True, trust_env=False) as browser:
        page = browser.get(link)
    assert page.status_code == 200
    assert ALICE.full_name in page.text
    assert [part.get_filename() for part in message.iter_attachments()] == ["appointment.ics"]
