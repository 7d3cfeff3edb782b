"""The tests behind the page of health, each within a bounded time."""

import asyncio
from collections.abc import Mapping

import structlog

from server.core.db import STORAGE_ERRORS
from server.core.marking import _
from server.oversight.bench import Bench, Test
from server.oversight.board import Light, State, Thing
from server.oversight.health_words import UNFIT
from server.oversight.inner_proofs import try_anchors, try_backup, try_bus, try_clock, try_database, try_disk, try_keys, try_work
from server.oversight.outer_proofs import ask, try_certificate, try_mail, try_media, try_relay
from server.ports import NotProven

log = structlog.get_logger(__name__)

WITHIN_S = 25.0

TESTS: Mapping[Thing, Test] = {
    Thing.DATABASE: try_database,
    Thing.WORK: try_work,
    Thing.BUS: try_bus,
    Thing.MEDIA: try_media,
    Thing.RELAY: try_relay,
    Thing.MAIL: try_mail,
    Thing.SMS: ask(Thing.SMS),
    Thing.PAYMENTS: ask(Thing.PAYMENTS),
    Thing.SCANNER: ask(Thing.SCANNER),
    Thing.DISK: try_disk,
    Thing.BACKUP: try_backup,
    Thing.ANCHORS: try_anchors,
    Thing.KEYS: try_keys,
    Thing.CERTIFICATE: try_certificate,
    Thing.CLOCK: try_clock,
}


async def prove(thing: Thing, bench: Bench) -> State:
    """Run the test of a thing."""
    try:
        async with asyncio.timeout(WITHIN_S):
            return await TESTS[thing](bench)
    except TimeoutError:
        return State(Light.BAD, _("It took longer than {count} seconds."), {"count": int(WITHIN_S)})
    except NotProven as error:
        return State(Light.BAD, UNFIT[error.why])
    except STORAGE_ERRORS:
        return State(Light.BAD, _("What is stored could not be read or written."))
    except Exception as error:  # noqa: BLE001 - whatever it raises is what the test came to
        log.warning("health test failed", kind=thing.value, error=type(error).__name__)
        return State(Light.BAD, _("It failed in a way that nobody has thought of: {reason}."), {"reason": type(error).__name__})
