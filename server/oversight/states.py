"""How each part of the server is, as far as can be told without disturbing anybody: what the page of health says before any test."""

import ctypes
import shutil
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from anyio import to_thread
from sqlalchemy import select, text

from server.consultation.events import Channel
from server.core.db import STORAGE_ERRORS, Tx
from server.core.errands import given_up, lines
from server.core.house import House
from server.core.marking import _
from server.messaging.model import Delivery, DeliveryStatus, Why
from server.notes.far_anchors import newest_day
from server.oversight.board import Light, State, Thing
from server.settings import Settings

LATE_MIN = 5
SCARCE, TIGHT = 0.05, 0.15  # of the disk that is free
OLD_BACKUP = timedelta(hours=49)  # of a backup a day, two are missing then
GB = 1 << 30
CLOCK_ERROR = 5  # what adjtimex says of a clock that nobody sets (TIME_ERROR)
UNTESTED = _("It is set up. The test tells whether it works.")


async def states_of(house: House) -> dict[Thing, State]:
    """Look at everything; a database that does not answer hides only what it knows."""
    settings = house.settings
    found = {
        Thing.BUS: State(Light.GOOD, _("They go around within this process.")),
        Thing.MEDIA: _media(house),
        Thing.RELAY: _relay(settings),
        Thing.PAYMENTS: _payments(settings),
        Thing.SCANNER: State(Light.UNKNOWN, UNTESTED) if settings.clamd else State(Light.WARN, _("Documents are not looked through.")),
        Thing.KEYS: State(Light.GOOD, _("Keys in the ring: {count}."), {"count": len(house.keyring.names)}),
        Thing.CERTIFICATE: _certificate(settings),
        Thing.CLOCK: clock_state(),
        Thing.DISK: await to_thread.run_sync(_disk, settings.data_dir),
        Thing.BACKUP: await to_thread.run_sync(_backup, settings.backup_mark, house.clock.now()),
        Thing.ANCHORS: await to_thread.run_sync(_anchors, settings.anchors_dir, house.clock.now()),
    }
    return found | await _stored(house)


async def _stored(house: House) -> dict[Thing, State]:
    """Return what the database says, of itself and of what it holds."""
    try:
        async with house.database.read() as tx:
            await tx.execute(text("SELECT 1"))
            return {
                Thing.DATABASE: State(Light.GOOD, _("It answers.")),
                Thing.WORK: await _work(tx, house.clock.now()),
                Thing.MAIL: await _carried(tx, Channel.EMAIL, set_up=bool(house.settings.smtp_host)),
                Thing.SMS: await _carried(tx, Channel.SMS, set_up=bool(house.settings.twilio_account_sid)),
            }
    except STORAGE_ERRORS:
        gone = State(Light.BAD, _("The database does not answer."))
        return dict.fromkeys((Thing.DATABASE, Thing.WORK, Thing.MAIL, Thing.SMS), gone)


async def _work(tx: Tx, now: datetime) -> State:
    waiting, dead = await lines(tx), await given_up(tx)
    late_min = int(max(((now - line.oldest_at).total_seconds() for line in waiting), default=0) // 60)
    if late_min >= LATE_MIN:
        return State(Light.BAD, _("The oldest has been due for {count} minutes: the server does not keep up."), {"count": late_min})
    if dead:
        return State(Light.WARN, _("It is done in time. {count} pieces were given up."), {"count": len(dead)})
    return State(Light.GOOD, _("It is done in time, and nothing was given up."))


async def _carried(tx: Tx, channel: Channel, *, set_up: bool) -> State:
    """Judge by the newest message that went out, or did not because the provider could not be reached."""
    if not set_up:
        return State(Light.WARN, _("There is no provider: messages stay on the outbox page."))
    told = Delivery.status.in_((DeliveryStatus.SENT, DeliveryStatus.DELIVERED)) | (Delivery.why == Why.UNREACHABLE)
    newest = select(Delivery.why, Delivery.settled_at).where(Delivery.channel == channel, told, Delivery.settled_at.is_not(None))
    found = (await tx.execute(newest.order_by(Delivery.settled_at.desc()).limit(1))).one_or_none()
    if found is None:
        return State(Light.UNKNOWN, UNTESTED)
    if found.why == Why.UNREACHABLE:
        return State(Light.BAD, _("The last message could not be handed on: {when}."), at=found.settled_at)
    return State(Light.GOOD, _("The last message was handed on: {when}."), at=found.settled_at)


def _media(house: House) -> State:
    states = house.engines.states()
    there = sum(state.available for state in states)
    if not states:
        return State(Light.OFF, _("There is none: calls are for two people."))
    if there < len(states):
        lost = {"count": there, "all": len(states)}
        return State(Light.WARN if there else Light.BAD, _("{count} of {all} can be reached."), lost)
    return State(Light.GOOD, _("All can be reached: {count}."), {"count": there})


def _relay(settings: Settings) -> State:
    if settings.turn_urls and not settings.turn_secret.get_secret_value():
        return State(Light.BAD, _("There is a relay and no secret for it: browsers are told of none."))
    if settings.turn_urls:
        return State(Light.UNKNOWN, UNTESTED)
    return State(Light.WARN, _("There is no relay: people behind strict networks cannot join."))


def _payments(settings: Settings) -> State:
    if settings.payments == "none":
        return State(Light.OFF, _("Nobody pays online here."))
    return State(Light.WARN, _("They are a play: no money moves.")) if settings.payments == "sandbox" else State(Light.UNKNOWN, UNTESTED)


def _certificate(settings: Settings) -> State:
    if settings.base_url.startswith("https://"):
        return State(Light.UNKNOWN, UNTESTED)
    return State(Light.OFF, _("Pages are served without one: browsers give the camera on this machine only."))


def _disk(folder: Path) -> State:
    """Blocking."""
    space = shutil.disk_usage(folder)
    left, values = space.free / space.total, {"free": space.free // GB, "percent": round(100 * space.free / space.total)}
    light = Light.BAD if left < SCARCE else Light.WARN if left < TIGHT else Light.GOOD
    return State(light, _("{free} GB are free, {percent} % of it."), values)


def _backup(mark: Path | None, now: datetime) -> State:
    """Blocking."""
    if mark is None:
        return State(Light.WARN, _("The server is not told of backups: see CONSILIUM_BACKUP_MARK."))
    try:
        made_at = datetime.fromtimestamp(mark.stat().st_mtime, now.tzinfo)
    except OSError:
        return State(Light.BAD, _("There was none: the file that it leaves is not there."))
    if now - made_at > OLD_BACKUP:
        return State(Light.BAD, _("The last one is old: {when}."), at=made_at)
    return State(Light.GOOD, _("The last one was made: {when}."), at=made_at)


def _anchors(far: Path | None, now: datetime) -> State:
    """Blocking."""
    if far is None:
        return State(Light.OFF, _("Nothing outside of this machine shows what its records were: see CONSILIUM_ANCHORS_DIR."))
    try:
        newest = newest_day(far)
    except OSError:
        return State(Light.BAD, _("The other place cannot be reached."))
    if newest is None:
        return State(Light.UNKNOWN, _("Nothing is there yet: the first comes within ten minutes."))
    made_at = datetime.combine(newest, time(), UTC)
    if now - made_at > OLD_BACKUP:
        return State(Light.BAD, _("The last one is old: {when}."), at=made_at)
    return State(Light.GOOD, _("The last one is of {when}."), at=made_at)


def clock_state() -> State:
    """Ask the machine whether a time server sets its clock; not every system can say so."""
    try:
        status = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(256))  # all zeros: asks, and sets nothing
    except (OSError, AttributeError):
        status = -1
    if status < 0:
        return State(Light.UNKNOWN, _("This machine does not say whether its clock is right."))
    if status == CLOCK_ERROR:
        return State(Light.WARN, _("No time server sets the clock of this machine."))
    return State(Light.GOOD, _("A time server sets the clock of this machine."))
