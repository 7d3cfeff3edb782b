"""Tests of what is outside of this server: each asks it something real, in the way in which it is used."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from server.consultation.events import Channel
from server.core.ids import new_id
from server.core.marking import _
from server.identity.mail_model import AccountEmail
from server.oversight.bench import Bench, Test
from server.oversight.board import Light, State, Thing
from server.ports import Carried, Letter

SOON = timedelta(days=14)  # before a certificate ends
ONE_ENGINE = asyncio.Lock()  # for tests: each starts one, on the address that is set
NO_PROVIDER = _("There is no provider to test.")
NOTHING = _("There is nothing to test.")
SUBJECT = _("A test of e-mail")
WORDS = _("This is a test. Somebody has pressed the button on the page that tells how the server is, and its e-mail works.")


def ask(thing: Thing) -> Test:
    """Return the test of somebody outside who can be asked."""

    async def test(bench: Bench) -> State:
        if thing not in bench.outside:
            return State(Light.WARN, NO_PROVIDER)
        await bench.outside[thing].prove()
        return State(Light.GOOD, _("It answered as it should."))

    return test


async def try_media(bench: Bench) -> State:
    """An own engine that runs is known by its word of the last seconds; else one is started for the test, as at the first call."""
    states = bench.house.engines.states()
    if not bench.house.settings.media_addresses and any(state.load for state in states):
        return State(Light.GOOD, _("It runs, and has told of itself within the last seconds."))
    from server.oversight.ways import engine_ways  # noqa: PLC0415 - what it needs to speak as a browser is large, and rarely needed

    async with ONE_ENGINE:
        return _told([(one.state, one.what, one.words) for one in await engine_ways(bench.house.settings)])


async def try_relay(bench: Bench) -> State:
    from server.oversight.ways import relay_ways  # noqa: PLC0415 - as above

    return _told([(one.state, one.what, one.words) for one in await relay_ways(bench.house.settings)])


def _told(findings: list[tuple[str, str, str]]) -> State:
    """Say what is wrong in the words of `consilium doctor`, which are English and name no secret."""
    wrong = [f"{what}: {words}" for state, what, words in findings if state == "bad"]
    if wrong:
        return State(Light.BAD, _("This does not work: {reason}"), {"reason": "; ".join(wrong)})
    if all(state == "none" for state, _what, _words in findings):
        return State(Light.OFF, NOTHING)
    return State(Light.GOOD, _("Tried as a browser does, and it works: {count}."), {"count": sum(one[0] == "ok" for one in findings)})


async def try_mail(bench: Bench) -> State:
    """Sign in, and write to the confirmed address of whoever asks, if there is one."""
    if Thing.MAIL not in bench.outside:
        return State(Light.WARN, NO_PROVIDER)
    await bench.outside[Thing.MAIL].prove()
    async with bench.house.database.read() as tx:
        known = await tx.get(AccountEmail, bench.person_id)
    if known is None:
        return State(Light.GOOD, _("It takes our name and password. Your account has no e-mail address to which a letter could go."))
    text = bench.language.text
    carried = await bench.carriers[Channel.EMAIL].carry(Letter(known.address, text(SUBJECT), [text(WORDS)]), str(new_id()))
    if carried is not Carried.SENT:
        return State(Light.BAD, _("It takes our name and password, and refuses a letter to your address."))
    return State(Light.GOOD, _("A letter to you was handed on. Please look whether it arrives."))


async def try_certificate(bench: Bench) -> State:
    at = urlsplit(bench.house.settings.base_url)
    if at.scheme != "https" or at.hostname is None:
        return State(Light.OFF, NOTHING)
    try:
        _reader, writer = await asyncio.open_connection(at.hostname, at.port or 443, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        return State(Light.BAD, _("Browsers do not accept it: {reason}"), {"reason": error.verify_message})
    except (OSError, ssl.SSLError):
        return State(Light.BAD, _("The address of this server cannot be reached from here."))
    ends = ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"])
    writer.close()
    ends_at = datetime.fromtimestamp(ends, UTC)
    soon = ends_at - bench.house.clock.now() < SOON
    return State(Light.WARN if soon else Light.GOOD, _("Browsers accept it. It ends: {when}."), at=ends_at)
