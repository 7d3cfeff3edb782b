"""Whoever is outside is asked whether they would work for us: what is right, what refuses and who is not there are told apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from server.adapters import clamd
from server.adapters.clamd import Clamd
from server.adapters.sandbox_payments import SandboxPayments
from server.adapters.smtp_mail import SmtpMail
from server.adapters.stripe_payments import StripePayments
from server.adapters.twilio_sms import TwilioSms
from server.ports import NotProven, Provable, Unfit
from server.settings import Settings
from tests.conftest import StillClock
from tests.servers import free_port
from tests.stripe.events import CONNECTED, OWN
from tests.stripe.server import KEY, fake_stripe
from tests.twilio import ACCOUNT, SENDER, TOKEN, fake_twilio

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def why(one: Provable) -> Unfit | None:
    try:
        await one.prove()
    except NotProven as error:
        return error.why
    return None


def mail(port: int, security: str = "none") -> SmtpMail:
    settings = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": security, "mail_from": "no-reply@clinic.example"}
    return SmtpMail(Settings(**settings), StillClock())  # type: ignore[arg-type]


async def test_a_mail_server() -> None:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(object()), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await why(mail(port)) is None
    assert await why(mail(port, "starttls")) is Unfit.STRANGE
    server.close()
    assert await why(mail(free_port())) is Unfit.UNREACHABLE


def twilio(url: str, token: str = TOKEN) -> TwilioSms:
    account = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": token, "twilio_from": SENDER, "twilio_url": url}
    return TwilioSms(Settings(**account))  # type: ignore[arg-type]


async def test_a_provider_of_text_messages(anyio_backend: str) -> None:
    async with fake_twilio() as fake:
        for carrier, told in ((twilio(fake.url), None), (twilio(fake.url, "another"), Unfit.REFUSED)):
            assert await why(carrier) is told
            await carrier.close()
        assert fake.taken == []
    nobody = twilio(f"http://127.0.0.1:{free_port()}")
    assert await why(nobody) is Unfit.UNREACHABLE
    await nobody.close()


def stripe(url: str, key: str = KEY) -> StripePayments:
    keys = {"stripe_secret_key": key, "stripe_webhook_secret": OWN, "stripe_connect_webhook_secret": CONNECTED, "stripe_url": url}
    return StripePayments(Settings(payments="stripe", **keys))  # type: ignore[arg-type]


async def test_a_provider_of_payments(clock: StillClock, tmp_path: Path) -> None:
    async with fake_stripe(clock.now) as fake:
        for payments, told in ((stripe(fake.books.url), None), (stripe(fake.books.url, "sk_test_another"), Unfit.REFUSED)):
            assert await why(payments) is told
            await payments.close()
    assert await why(SandboxPayments(tmp_path / "sandbox.db", clock.now)) is None


@pytest.fixture
async def silent() -> AsyncIterator[Talk]:
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    yield talk
    over.set()


def saying(answer: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zPING\0"
        writer.write(answer)
        writer.close()

    return talk


async def asked(talk: Talk) -> Unfit | None:
    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        found = await why(Clamd(f"127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        server.close()
        return found


async def test_a_virus_scanner(silent: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await asked(saying(b"PONG\0")) is None
    assert await asked(saying(b"220 mail\0")) is Unfit.STRANGE
    assert await why(Clamd(f"127.0.0.1:{free_port()}")) is Unfit.UNREACHABLE
    monkeypatch.setattr(clamd, "PROVE_WITHIN_S", 0.05)
    scanner = await asyncio.start_server(silent, "127.0.0.1", 0)
    assert await why(Clamd(f"127.0.0.1:{scanner.sockets[0].getsockname()[1]}")) is Unfit.SLOW
    scanner.close()
