"""The composition root: settings become a house, the house becomes the application. It alone imports adapters."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

import server.billing.hooks
import server.billing.merchant_pages
import server.billing.sandbox_pages
import server.circulars.hooks
import server.messaging.hooks
import server.web.failures
from server.access.places import INVITE
from server.access.whose_menu import menu_of
from server.adapters.clamd import Clamd
from server.adapters.engines import Engines
from server.adapters.memory_bus import MemoryBus
from server.adapters.outbox_page import OutboxPage
from server.adapters.own_engine import places_of
from server.adapters.sandbox_payments import SandboxPayments
from server.adapters.smtp_mail import SmtpMail
from server.billing.jobs import handlers as billing_handlers
from server.billing.jobs import sweep_charges
from server.booking.jobs import sweep_holds
from server.booking.waiting_jobs import offer_freed_with
from server.booking.waiting_list import OFFER_FREED
from server.circulars.sending import circular_handlers
from server.consultation.events import Channel
from server.consultation.recording_actions import REMOVE, TAKE_IN
from server.consultation.recording_jobs import remove_with, sweep_daily
from server.consultation.recording_rescue import take_in_with
from server.consultation.rooms import Rooms, build_rooms
from server.consultation.settle_jobs import sweep_over
from server.consultation.testimonials import TELL_AUTHOR
from server.core.clock import SystemClock
from server.core.crypto import load_secrets
from server.core.db import STORAGE_ERRORS, Database
from server.core.house import House
from server.core.keyring import load_keyring
from server.core.outbox import Worker
from server.core.press import Press
from server.core.supervise import Supervisor
from server.errors import ConsiliumError, NotFound
from server.identity.email_changes import CHANGE_EMAIL, change_with
from server.identity.letters import WRITE
from server.identity.phones import PROVE_PHONE
from server.messaging.account_letters import write_with
from server.messaging.acting_letters import ask_to_act_with, tell_of_review_with
from server.messaging.actions import DELIVER
from server.messaging.composing import Post
from server.messaging.delays import TELL
from server.messaging.jobs import Deliverer, remind_with
from server.messaging.late_http import tell_with
from server.messaging.phone_codes import prove_phone_with
from server.messaging.place_letters import invite_with
from server.messaging.proving import prove_with
from server.messaging.reminders import REMIND
from server.messaging.testimonial_letters import tell_author_with
from server.notes.far_anchors import anchor_daily
from server.notes.hub import build_hub
from server.notes.plain_audit import note_plain_ends
from server.oversight.board import Board, Thing
from server.oversight.inner_proofs import TRY_OUT, run_with
from server.oversight.watching import watch
from server.patients.claims import PROVE
from server.patients.representing import ASK_TO_ACT, REVIEW
from server.ports import Bus, Carrier, Clock, Payments, Provable
from server.privacy.account_jobs import account_handlers
from server.privacy.copy_jobs import make_copies
from server.privacy.erasure_jobs import erasure_handlers, untold_with
from server.privacy.erasures import TELL_ERASED
from server.privacy.forgetting_jobs import sweep_forgotten
from server.privacy.letter_answers import ANSWER
from server.privacy.letter_jobs import LetterPost
from server.privacy.merge_pages import forward
from server.privacy.outside_jobs import outside_handlers
from server.privacy.request_jobs import request_handlers
from server.privacy.restriction_jobs import restriction_handlers
from server.privacy.retention_jobs import retention_handlers, sweep_retention
from server.routes import every_route
from server.settings import Settings
from server.subscriptions import build_events
from server.web.i18n import read_languages
from server.web.middleware import HostCheck, OriginCheck, SecurityHeaders
from server.web.proxies import ClientAddress
from server.web.ratelimit import MemoryLimiter
from server.web.sockets import SocketFork, SocketRouter
from server.web.tickets import TicketOffice

SHUTDOWN_S = 8.0


@dataclass(frozen=True)
class Parts:
    """What a test may replace."""

    clock: Clock = field(default_factory=SystemClock)
    bus: Bus = field(default_factory=MemoryBus)


class Application(Starlette):
    """Starlette with the security headers outside of everything, also of the answer to a crash, and a short way for websockets."""

    def build_middleware_stack(self) -> ASGIApp:
        house: House = self.state.house
        sockets: ASGIApp = SocketRouter(self.routes)
        for layer, arguments, named in reversed(self.user_middleware):
            sockets = layer(sockets, *arguments, **named)
        return SecurityHeaders(SocketFork(super().build_middleware_stack(), sockets), secure=house.settings.secure)


def build_house(settings: Settings, parts: Parts) -> House:
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets = load_secrets(settings.data_dir)
    return House(
        settings=settings,
        clock=parts.clock,
        database=Database(settings.database, parts.bus, build_events(parts.clock, secrets), secrets.audit_key),
        bus=parts.bus,
        supervisor=Supervisor(),
        secrets=secrets,
        keyring=load_keyring(settings.data_dir),
        tickets=TicketOffice(parts.clock),
        limiter=MemoryLimiter(parts.clock),
        engines=Engines(places_of(settings)),
        payments=_payments(settings, parts.clock),
        scanner=Clamd(settings.clamd) if settings.clamd else None,
    )


def build_app(settings: Settings, parts: Parts | None = None) -> Starlette:
    """Compose the application; the database must be migrated before it starts."""
    house, press = build_house(settings, parts or Parts()), Press()
    app = Application(
        routes=every_route([*_pay_routes(settings, house.payments), *_text_message_routes(settings)], press),
        lifespan=_lifespan,
        middleware=[
            Middleware(ClientAddress, trusted=settings.trusted_proxies),
            Middleware(HostCheck, base_url=settings.base_url),
            Middleware(OriginCheck, base_url=settings.base_url),
        ],
        exception_handlers={
            ConsiliumError: _on_error,
            HTTPException: server.web.failures.on_http_error,
            **dict.fromkeys(STORAGE_ERRORS, server.web.failures.on_database_error),
            Exception: server.web.failures.on_crash,
        },
    )
    app.state.house = house
    app.state.press = press
    app.state.menu_of = menu_of
    app.state.closing = False
    app.state.rooms = build_rooms(house)
    app.state.notes = build_hub(house)
    app.state.health = Board()
    app.state.carriers = _carriers(settings, house.clock)
    app.state.outside = _outside(house, app.state.carriers)
    return app


async def _on_error(request: Request, error: Exception) -> Response:
    """Answer as `failures` says, but an old link to a record that was merged leads on."""
    led_on = await forward(request) if isinstance(error, NotFound) else None
    return led_on or await server.web.failures.on_error(request, error)


def _text_messages(settings: Settings) -> Carrier:
    from server.adapters.twilio_sms import TwilioSms  # noqa: PLC0415 - its SDK takes long to load, and not everybody needs it

    return TwilioSms(settings)


def _text_message_routes(settings: Settings) -> list[Route]:
    if not settings.twilio_account_sid:
        return []
    from server.adapters.twilio_sms import genuine_with  # noqa: PLC0415 - as above

    genuine = genuine_with(settings)
    return [*server.messaging.hooks.routes(genuine), *server.circulars.hooks.routes(genuine)]


def _payments(settings: Settings, clock: Clock) -> Payments | None:
    if settings.payments == "sandbox":
        return SandboxPayments(settings.data_dir / "sandbox.db", clock.now)
    if settings.payments == "stripe":
        from server.adapters.stripe_payments import StripePayments  # noqa: PLC0415 - its SDK takes long to load, and few need it

        return StripePayments(settings)
    return None


def _pay_routes(settings: Settings, payments: Payments | None) -> list[Route]:
    """Return what only the provider that is set up has."""
    if isinstance(payments, SandboxPayments):
        return server.billing.sandbox_pages.routes(payments)
    if payments is None:
        return []
    from server.adapters.stripe_payments import reader_of  # noqa: PLC0415 - as above

    own, connected = (reader_of(secret.get_secret_value()) for secret in settings.stripe_hook_secrets)
    hooks = server.billing.hooks.Hooks(payments, own, connected)
    return [*server.billing.hooks.routes(hooks), *server.billing.merchant_pages.routes(payments)]


def _carriers(settings: Settings, clock: Clock) -> Mapping[Channel, Carrier]:
    """Without a provider for a channel its messages stay on the outbox page."""
    return {
        Channel.SMS: _text_messages(settings) if settings.twilio_account_sid else OutboxPage(),
        Channel.EMAIL: SmtpMail(settings, clock) if settings.smtp_host else OutboxPage(),
    }


def _outside(house: House, carriers: Mapping[Channel, Carrier]) -> Mapping[Thing, Provable]:
    """Return who is outside and can be asked whether they would work for us."""
    everybody: Mapping[Thing, object] = {
        Thing.MAIL: carriers[Channel.EMAIL],
        Thing.SMS: carriers[Channel.SMS],
        Thing.PAYMENTS: house.payments,
        Thing.SCANNER: house.scanner,
    }
    return {thing: one for thing, one in everybody.items() if isinstance(one, Provable)}


def _worker(house: House, rooms: Rooms, carriers: Mapping[Channel, Carrier]) -> Worker:
    post = Post(house.secrets, house.settings.base_url, read_languages(house.settings.locales_dir))
    deliverer = Deliverer(house, post, carriers)
    handlers = {
        DELIVER: deliverer.deliver,
        REMIND: remind_with(house),
        PROVE: prove_with(house, post, carriers),
        PROVE_PHONE: prove_phone_with(house, post, carriers),
        CHANGE_EMAIL: change_with(house),
        WRITE: write_with(house, post, carriers),
        INVITE: invite_with(house, post, carriers[Channel.EMAIL]),
        ASK_TO_ACT: ask_to_act_with(house, post, carriers[Channel.EMAIL]),
        REVIEW: tell_of_review_with(house, post, carriers[Channel.EMAIL]),
        TELL_AUTHOR: tell_author_with(house, post, carriers[Channel.EMAIL]),
        OFFER_FREED: offer_freed_with(house),
        TELL: tell_with(house, post, rooms),
        REMOVE: remove_with(house.database, house.settings),
        TAKE_IN: take_in_with(house),
        TRY_OUT: run_with(house),
    }
    letters = LetterPost(house, post, carriers)
    handlers |= {**billing_handlers(house), **letters.handlers, **request_handlers(house, post, carriers)}
    handlers |= {**retention_handlers(house), **account_handlers(house)}
    handlers |= {**erasure_handlers(house, post, carriers), **restriction_handlers(house, post, carriers)}
    handlers |= outside_handlers(house, post, carriers)
    handlers |= circular_handlers(house, post, carriers)
    given_up = {DELIVER: deliverer.give_up, ANSWER: letters.give_up, TELL_ERASED: untold_with(house)}
    return Worker(house.database, house.bus, house.clock, handlers, given_up)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Start the keepers; at the end say goodbye to the sockets, flush the notes, and only then stop, each within a deadline."""
    house: House = app.state.house
    carriers = app.state.carriers
    await note_plain_ends(house.database, house.settings.data_dir)
    house.supervisor.keep(_worker(house, app.state.rooms, carriers).run, name="outbox worker")
    for run in house.engines.tasks:
        house.supervisor.keep(run, name="engine line")
    app.state.rooms.start()
    await app.state.notes.start()
    house.supervisor.keep(lambda: anchor_daily(house), name="note anchors")
    started_at = house.clock.now()
    house.supervisor.keep(lambda: sweep_daily(house, started_at), name="recordings due")
    house.supervisor.keep(lambda: sweep_holds(house), name="holds due")
    house.supervisor.keep(lambda: sweep_charges(house), name="charges due")
    house.supervisor.keep(lambda: sweep_over(house), name="appointments over")
    house.supervisor.keep(lambda: sweep_retention(house), name="retention due")
    house.supervisor.keep(lambda: make_copies(house, app.state.press), name="copies asked for")
    house.supervisor.keep(lambda: sweep_forgotten(house), name="forgetting")
    house.supervisor.keep(lambda: watch(house, app.state.health), name="health watch")
    yield
    app.state.closing = True
    await app.state.rooms.close(SHUTDOWN_S)
    await app.state.notes.close(SHUTDOWN_S)
    await house.supervisor.close(SHUTDOWN_S)
    await house.engines.close()
    if house.payments is not None:
        await house.payments.close()
    for carrier in carriers.values():
        await carrier.close()
    await house.database.close()
