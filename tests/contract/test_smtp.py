"""E-mail goes through a real SMTP server, and is read again as a mail program reads it."""

import asyncio
import email
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from typing import Literal

import icalendar
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from aiosmtplib import SMTPException

from server.adapters.smtp_mail import SmtpMail
from server.ports import Carried, Letter, Look
from server.settings import Settings
from tests.conftest import StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("S1")]
KEY = "01900000-0000-7000-8000-000000000001"
LETTER = Letter(
    "dana@example.org",
    "Your video appointment with Harbour Clinic",
    ["To join, open https://clinic.example/j/x?a=1&b=2 - no app is needed.", "Questions? Call <us> & ask."],
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n",
)


class Inbox:
    """What the server took; `answers` are its replies to RCPT and DATA, when they are not its own."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.rcpt: str | None = None
        self.data: str | None = None

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        del server, session, options
        if self.rcpt is None:
            envelope.rcpt_tos.append(address)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        if self.data is None:
            message = email.message_from_bytes(bytes(envelope.content or b""), policy=default)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
        return self.data or "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def server(inbox: Inbox, anyio_backend: str) -> AsyncIterator[asyncio.Server]:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(inbox), "127.0.0.1", 0)
    yield server
    server.close()


@pytest.fixture
def port(server: asyncio.Server) -> int:
    number: int = server.sockets[0].getsockname()[1]
    return number


def mail(port: int, clock: StillClock, security: Literal["none", "starttls"] = "none") -> SmtpMail:
    sender = "Consilium <no-reply@clinic.example>"
    return SmtpMail(Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_security=security, mail_from=sender), clock)


async def test_it_arrives_as_text_and_as_html_with_a_calendar_file(port: int, inbox: Inbox, clock: StillClock) -> None:
    assert await mail(port, clock).carry(LETTER, KEY) == Carried.SENT
    [message] = inbox.messages
    assert (message["to"], message["subject"]) == (LETTER.to, LETTER.subject)
    assert message["from"] == "Consilium <no-reply@clinic.example>"
    assert message["auto-submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip().replace("\r\n", "\n") == "\n\n".join(LETTER.sentences)
    assert '<a href="https://clinic.example/j/x?a=1&amp;b=2">' in html.get_content()
    assert "Call &lt;us&gt; &amp; ask." in html.get_content()
    [file] = message.iter_attachments()
    assert file.get_filename() == "appointment.ics"
    assert icalendar.Calendar.from_ical(file.get_content())["method"] == "PUBLISH"


async def test_the_logo_of_a_practice_is_in_the_letter(port: int, inbox: Inbox, clock: StillClock) -> None:
    look = Look("#1a6b3c", b"\x89PNG...", 'Harbour "Clinic"')
    await mail(port, clock).carry(replace(LETTER, look=look), KEY)
    [message] = inbox.messages
    html = message.get_body(("html",))
    assert html is not None
    assert 'src="cid:logo@consilium" alt="Harbour &quot;Clinic&quot;"' in html.get_content()
    assert "border-top: 4px solid #1a6b3c" in html.get_content()
    [logo] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert (logo["content-id"], logo.get_content()) == ("<logo@consilium>", look.logo)
    assert [file.get_filename() for file in message.iter_attachments()][-1] == "appointment.ics"


async def test_bad_19_the_same_letter_twice_has_the_same_message_id(port: int, inbox: Inbox, clock: StillClock) -> None:
    carrier = mail(port, clock)
    await carrier.carry(LETTER, KEY)
    await carrier.carry(LETTER, KEY)
    assert [message["message-id"] for message in inbox.messages] == [f"<{KEY}@clinic.example>"] * 2


@pytest.mark.parametrize("stage", ["rcpt", "data"])
async def test_bad_18_what_the_server_refuses_for_good_is_not_tried_again(port: int, inbox: Inbox, clock: StillClock, stage: str) -> None:
    setattr(inbox, stage, "550 no such mailbox")
    assert await mail(port, clock).carry(LETTER, KEY) == Carried.REFUSED
    assert inbox.messages == []


@pytest.mark.parametrize("answer", ["421 closing", "450 busy", "451 local error"])
@pytest.mark.parametrize("stage", ["rcpt", "data"])
async def test_bad_18_what_may_pass_is_worth_another_attempt(port: int, inbox: Inbox, clock: StillClock, stage: str, answer: str) -> None:
    setattr(inbox, stage, answer)
    with pytest.raises(SMTPException):
        await mail(port, clock).carry(LETTER, KEY)
    setattr(inbox, stage, None)
    assert await mail(port, clock).carry(LETTER, KEY) == Carried.SENT


async def test_bad_18_a_server_that_is_down_is_worth_another_attempt(server: asyncio.Server, port: int, clock: StillClock) -> None:
    server.close()
    with pytest.raises(ConnectionError):
        await mail(port, clock).carry(LETTER, KEY)


async def test_without_the_encryption_that_was_asked_for_nothing_is_sent(port: int, inbox: Inbox, clock: StillClock) -> None:
    with pytest.raises(SMTPException, match="STARTTLS"):
        await mail(port, clock, "starttls").carry(LETTER, KEY)
    assert inbox.messages == []


async def test_bad_18_a_name_cannot_add_a_header(port: int, inbox: Inbox, clock: StillClock) -> None:
    letter = Letter(LETTER.to, "Harbour\r\nBcc: mallory@example.org", ["Hello"])
    with pytest.raises(ValueError, match="linefeed"):
        await mail(port, clock).carry(letter, KEY)
    assert inbox.messages == []
