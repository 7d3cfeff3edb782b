"""Single-use tickets: what a page fetches over HTTPS, through a door, to open one socket."""

from collections import OrderedDict
from dataclasses import dataclass

from pydantic import BaseModel

from server.core.ids import new_token, token_hash
from server.errors import NotSignedIn
from server.ports import Clock

TICKET_TTL_S = 30.0
MAX_TICKETS = 10_000  # when full the oldest ticket goes: its page asks for another one


class TicketAnswer(BaseModel):
    ticket: str


@dataclass(frozen=True)
class _Ticket:
    purpose: str
    subject: object
    expires_at: float


class TicketOffice:
    """Keeps tickets in this process, by hash; a restart forgets them all, and the pages fetch new ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickets: OrderedDict[bytes, _Ticket] = OrderedDict()

    def issue(self, purpose: str, subject: object) -> str:
        """Return a ticket for `subject`, good once within 30 s."""
        self._forget_expired()
        while len(self._tickets) >= MAX_TICKETS:
            self._tickets.popitem(last=False)
        ticket = new_token()
        self._tickets[token_hash(ticket)] = _Ticket(purpose, subject, self._clock.monotonic() + TICKET_TTL_S)
        return ticket

    def redeem(self, purpose: str, ticket: str) -> object:
        """Return the subject, once; raises `NotSignedIn` for a ticket that is used, old, unknown or of another purpose."""
        found = self._tickets.pop(token_hash(ticket), None)
        if found is None or found.purpose != purpose or found.expires_at <= self._clock.monotonic():
            raise NotSignedIn(code="ticket")
        return found.subject

    def _forget_expired(self) -> None:
        """Drop from the old end: every ticket lives equally long, so the order of issue is the order of expiry."""
        now = self._clock.monotonic()
        while self._tickets and next(iter(self._tickets.values())).expires_at <= now:
            self._tickets.popitem(last=False)
