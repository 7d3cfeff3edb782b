"""What the server needs from outside, as protocols; `adapters/` and the tests hold the implementations."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from server.media_control import Command, Event, Load


class Clock(Protocol):
    """Time is a parameter, so that a test can move it."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        ...


class Bus(Protocol):
    """Lossy hints between parts of the server: "look again", never content; the database is the truth."""

    def publish(self, topic: str) -> None: ...

    def subscribe(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` at each hint, without waiting; it must not block. Returns the function that ends it."""
        ...


@dataclass(frozen=True)
class Look:
    """How a practice looks on white paper: its colour as `#rrggbb`, and its logo as PNG with `words` for whoever does not see it."""

    colour: str
    logo: bytes | None
    words: str


@dataclass(frozen=True)
class Letter:
    """A message ready to go to one address. Only an e-mail has a `subject` and `look`, and may have a `calendar` (text of an .ics file).

    It may be laid out: `html` is the body of the same text, every letter escaped. `unsubscribe` is where a POST stops such letters.
    """

    to: str
    subject: str
    sentences: Sequence[str]
    calendar: str | None = None
    html: str | None = None
    unsubscribe: str | None = None
    look: Look | None = None

    @property
    def body(self) -> str:
        """All of it on one line, as a text message has it."""
        return " ".join(self.sentences)


class Carried(StrEnum):
    """What became of a letter: handed on, refused for good, or left on the outbox page where no provider is set up."""

    SENT = "sent"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


class Carrier(Protocol):
    """One way to carry a `Letter` (SMS, e-mail)."""

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        """Hand it on; raises whatever is worth another attempt. With the same `dedupe_key` it is the same letter, and may have gone out."""
        ...

    async def close(self) -> None:
        """End every connection that stayed open."""
        ...


class Unfit(StrEnum):
    """Why somebody outside would not do what we need of them."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    REFUSED = "refused"
    INSECURE = "insecure"
    STRANGE = "strange"


class NotProven(Exception):
    """Somebody outside does not do what we need; `why` is all that may be shown of it."""

    def __init__(self, why: Unfit) -> None:
        super().__init__(why)
        self.why = why


@runtime_checkable
class Provable(Protocol):
    """Somebody outside who can be asked whether they would work for us."""

    async def prove(self) -> None:
        """Ask, and have nothing done; raises `NotProven`."""
        ...


class NotScanned(Exception):
    """The scanner did not say whether there is a virus."""


class Scanner(Protocol):
    """Looks for viruses."""

    async def is_clean(self, content: bytes) -> bool:
        """Raises `NotScanned`."""
        ...


class Tickets(Protocol):
    """Single-use permissions to open one socket; held where every process that serves sockets can redeem them."""

    def issue(self, purpose: str, subject: object) -> str: ...

    def redeem(self, purpose: str, ticket: str) -> object:
        """Return the subject, once; raises `NotSignedIn` for a ticket that is used, old, unknown or of another purpose."""
        ...


class Limiter(Protocol):
    """Counts attempts; the caller decides what a key is and never puts a person's data in clear into it."""

    async def hit(self, rule: str, *key: str) -> None:
        """Count one attempt; raises `TooFast` once the rule's number for its window is passed."""
        ...

    async def forget(self, rule: str, *key: str) -> None:
        """Forget the attempts that were counted: they have led to a success."""
        ...

    async def take_back(self, rule: str, *key: str) -> None:
        """Uncount one attempt, and leave the others."""
        ...


class MediaRoom(Protocol):
    """A room on a forwarding engine, until it is closed or lost. Nothing here waits."""

    def do(self, kind: type[Command], **fields: Any) -> None:
        """Send a command for this room; the room's `id` and `room` are filled in. What it leads to is heard as events."""
        ...

    def close(self) -> None:
        """End it, and hear nothing of it any more."""
        ...


@dataclass(frozen=True)
class EngineState:
    """`load` is what the engine said of itself last; None while no line to it stands. `available`: it may be given a room all the same."""

    name: str
    available: bool
    load: Load | None


class MediaEngines(Protocol):
    """The forwarding engines that this server can reach (docs/WIRE.md 5). `tasks` are to be kept running."""

    @property
    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]: ...

    async def close(self) -> None:
        """End what was started here."""
        ...

    def states(self) -> Sequence[EngineState]:
        """Return how each of them is now, for whoever looks after the server."""
        ...

    @property
    def available(self) -> bool:
        """Whether a room could be opened now."""
        ...

    def open(self, name: str, hear: Callable[[Event | None], None]) -> MediaRoom | None:
        """Open a room on the engine with the least load; None where there is none.

        `hear` is called with each event of the room, and with None once when the room is lost: its engine died, fell silent or refused it.
        It must not wait.
        """
        ...


@dataclass(frozen=True)
class CheckoutAsk:
    """A page of the provider on which one charge is paid; asked for again with the same `charge_id` it is the same page.

    `account` is that of the professional at the provider, `minor` is in the smallest unit of `currency` (ISO 4217, capitals).
    """

    charge_id: UUID
    account: str
    minor: int
    currency: str
    fee_minor: int
    title: str
    email: str | None
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True)
class Checkout:
    id: str
    url: str


class CheckoutStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"


@dataclass(frozen=True)
class CheckoutSeen:
    """What the provider says of a checkout now; `payment` is its name for the payment, once there is one."""

    status: CheckoutStatus
    payment: str | None
    minor: int
    currency: str
    charge_id: UUID | None


@dataclass(frozen=True)
class RefundAsk:
    """Asked for again with the same `refund_id` it is the same refund. `with_fee`: the platform's fee is given back in proportion."""

    refund_id: UUID
    account: str
    payment: str
    minor: int
    with_fee: bool


class RefundStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class RefundSeen:
    id: str
    status: RefundStatus


@dataclass(frozen=True)
class MerchantSeen:
    """`ready`: charges can be made on the account; `wanting`: what the provider still wants to know, in its words."""

    account: str
    ready: bool
    wanting: Sequence[str]


class DisputeStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class DisputeSeen:
    """Somebody asks their bank for the money of a payment; `reason` is the provider's word, `won` is for whoever was paid.

    Until `answer_by` whoever was paid can say something to it; None where nobody asks them.
    """

    id: str
    payment: str
    minor: int
    currency: str
    reason: str
    status: DisputeStatus
    answer_by: datetime | None = None


@dataclass(frozen=True)
class Told:
    """What a provider told by itself, signed; it only says where to look. `account` is whose it is, None for the platform's own."""

    id: str
    kind: str
    account: str | None
    object_id: str
    charge_id: UUID | None
    refund_id: UUID | None


class PaymentRefused(Exception):
    """The provider has refused for good; every other exception is worth another attempt."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Payments(Protocol):
    """A provider of payments; each charge is on the account of the professional who is paid. No transaction is open meanwhile."""

    name: str

    async def open_checkout(self, ask: CheckoutAsk) -> Checkout: ...

    async def find_checkout(self, account: str, checkout_id: str) -> CheckoutSeen: ...

    async def expire_checkout(self, account: str, checkout_id: str) -> CheckoutSeen:
        """Let nobody pay it any more; returns `PAID` where somebody has meanwhile."""
        ...

    async def refund(self, ask: RefundAsk) -> RefundSeen: ...

    async def find_refund(self, account: str, refund_id: str) -> RefundSeen: ...

    async def find_dispute(self, account: str, dispute_id: str) -> DisputeSeen: ...

    async def open_merchant(self, professional_id: UUID, email: str | None) -> MerchantSeen:
        """Open an account; asked for again for the same professional it is the same account."""
        ...

    async def find_merchant(self, account: str) -> MerchantSeen: ...

    async def onboard(self, account: str, return_url: str, refresh_url: str) -> str:
        """Return a link, good once, to where the provider asks what it still wants to know."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class PlayCheckout:
    """A checkout of the sandbox, as its page shows it."""

    ask: CheckoutAsk
    status: CheckoutStatus


class PlayDesk(Protocol):
    """What the page of the sandbox can do, on which no money moves."""

    def find(self, checkout_id: str) -> PlayCheckout | None: ...

    def pay(self, checkout_id: str) -> bool:
        """Pay it; tells whether it is paid then: one that is over cannot be."""
        ...
