"""E-mail over SMTP (RFC 5321), one connection a message: a practice sends some hundred a day, and an idle line would be cut anyway."""

import re
import ssl
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Any, cast

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError, SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPTimeoutError, send

from server.ports import Carried, Clock, Letter, Look, NotProven, Unfit
from server.settings import Settings

WITHIN_S = 10.0  # for each step of the exchange; the errand as a whole has 30
FOR_GOOD = range(500, 600)  # RFC 5321, 4.2.1: trying again would not help
LOGO, LOGO_HEIGHT = "logo@consilium", 56
LINK = re.compile(r"https?://\S+")


class Whole(UnstructuredHeader, BaseHeader):
    """A header on one line however long: in `List-Unsubscribe`, RFC 2369 allows no encoded words, which a long address would become."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", Whole)
POLICY = SMTP.clone(header_factory=HEADERS)


class SmtpMail:
    """Hands messages to one SMTP server, which stores and forwards them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        """The same `dedupe_key` gives the same Message-ID. Only what concerns this one address or text is refused for good.

        A sender or a password that the server does not take is a mistake of the operator: it may be mended before the last attempt.
        """
        try:
            await send(message_of(letter, dedupe_key, self._settings.mail_from, self._clock.now()), **self._server())
        except SMTPRecipientsRefused as refused:
            return _refused(refused, refused.recipients[0].code)
        except SMTPDataError as error:
            return _refused(error, error.code)
        return Carried.SENT

    async def prove(self) -> None:
        """Connect and sign in, as for a letter; raises `NotProven`."""
        try:
            async with aiosmtplib.SMTP(**self._server()) as client:
                await client.noop()
        except (SMTPTimeoutError, TimeoutError):
            raise NotProven(Unfit.SLOW) from None
        except SMTPAuthenticationError:
            raise NotProven(Unfit.REFUSED) from None
        except ssl.SSLError:
            raise NotProven(Unfit.INSECURE) from None
        except (OSError, SMTPException) as error:
            raise NotProven(Unfit.UNREACHABLE if isinstance(error, OSError) else Unfit.STRANGE) from None

    async def close(self) -> None:
        """There is nothing that stays open."""

    def _server(self) -> dict[str, Any]:
        """Return where `send` connects to. With `starttls` a server that offers none is an error: somebody between may have left it out."""
        settings = self._settings
        return {
            "hostname": settings.smtp_host,
            "port": settings.smtp_port,
            "username": settings.smtp_username or None,
            "password": settings.smtp_password.get_secret_value() or None,
            "use_tls": settings.smtp_security == "tls",
            "start_tls": settings.smtp_security == "starttls",
            "timeout": WITHIN_S,
        }


def message_of(letter: Letter, key: str, sender: str, now: datetime) -> EmailMessage:
    """Return the message as plain text and as HTML, with the calendar file as a third reading and as a file to keep (RFC 6047)."""
    message = EmailMessage(policy=POLICY)
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{key}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note may answer it
    if letter.unsubscribe is not None:  # RFC 8058: mail programs show a button for it
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("\n\n".join(letter.sentences))
    message.add_alternative(html_of(letter), subtype="html")
    if letter.look is not None and letter.look.logo is not None:
        shown = cast(EmailMessage, message.get_body(("html",)))
        shown.add_related(letter.look.logo, "image", "png", cid=f"<{LOGO}>", disposition="inline", filename="logo.png")
    if letter.calendar is not None:
        message.add_attachment(letter.calendar.encode(), "text", "calendar", filename="appointment.ics", params={"charset": "utf-8"})
    return message


def html_of(letter: Letter) -> str:
    """Return the sentences as paragraphs under the look, unless it is laid out; addresses become links, nothing else is read as HTML."""
    head, style = _head(letter.look)
    rows = head + (letter.html or "".join(f'<p dir="auto">{_linked(sentence)}</p>' for sentence in letter.sentences))
    return f'<!doctype html><html><body style="font: 1.125rem/1.5 sans-serif{style}">{rows}</body></html>'


def _head(look: Look | None) -> tuple[str, str]:
    """Return the logo, and what its colour adds to the style: a line on top."""
    if look is None:
        return "", ""
    logo = f'<p><img src="cid:{LOGO}" alt="{escape(look.words)}" height="{LOGO_HEIGHT}"></p>' if look.logo else ""
    return logo, f"; border-top: 4px solid {look.colour}; padding-top: 1rem"


def _linked(sentence: str) -> str:
    parts, at = [], 0
    for found in LINK.finditer(sentence):
        url = escape(found.group())
        parts += [escape(sentence[at : found.start()]), f'<a href="{url}">{url}</a>']
        at = found.end()
    return "".join([*parts, escape(sentence[at:])])


def _refused(error: Exception, code: int) -> Carried:
    if code not in FOR_GOOD:
        raise error
    return Carried.REFUSED
