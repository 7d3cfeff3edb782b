"""A real mail server that keeps what arrives."""

import email
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import free_port


class Mailbox:
    """`letters` are address and message, in the order in which they came; `raw` are the messages as they came."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.raw: list[bytes] = []
        self.port = 0

    @property
    def provider(self) -> dict[str, str]:
        """The settings of a server that sends through here."""
        sender = "Harbour Clinic <no-reply@clinic.example>"
        return {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.port), "SMTP_SECURITY": "none", "MAIL_FROM": sender}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        del server, session
        self.raw.append(bytes(envelope.content or b""))
        message = email.message_from_bytes(self.raw[-1], policy=default)
        assert isinstance(message, EmailMessage)
        self.letters += [(address, message) for address in envelope.rcpt_tos]
        return "250 OK"


@contextmanager
def receiving() -> Iterator[Mailbox]:
    """Listen in a thread of its own, until the end of the block."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    mailbox.port = controller.port
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
