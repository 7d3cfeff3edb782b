"""What an operator runs beside the server, which may be running meanwhile: keys, the search for tampering, letting somebody in again."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from server.access.founding import Founded, Wanted, ask_owner, found_practice, practices_of
from server.access.model import PlaceInvitation
from server.access.places import GOOD_FOR, Sender, place_url
from server.consultation.recording_jobs import due, held
from server.core.clock import SystemClock
from server.core.crypto import read_secrets
from server.core.csv_rows import csv_of
from server.core.db import Database, Events
from server.core.keyring import FILE, KeyRing, MissingKey, Unreadable, add_key, drop_key, load_keyring
from server.core.migrate import is_newest
from server.errors import Conflict, Invalid, Malformed, NotFound
from server.identity.readmitting import readmit
from server.notes.verify import Places, verify_audit, verify_notes
from server.oversight.figure_rows import lines_of
from server.oversight.figures import Scope, figures_of
from server.privacy.account_requests import Asker, Desk, OpenedRequest, account_request, askers, opened, queued, settle_account
from server.privacy.erasure_list import Erased
from server.privacy.erasure_list import read as read_erasures
from server.privacy.erasures import replay
from server.privacy.keys import check_audit_key, check_keys, keys_in_use, rotate
from server.settings import BadSettings, Settings

AT_HOME = "http://127.0.0.1:8000"
BAD_PRACTICE = {
    "name_missing": "a practice needs a name",
    "name_long": "the name is too long: at most 200 letters",
    "time_zone": "there is no such time zone: write it as in Europe/London",
    "email": "this is no e-mail address: it should look like name@example.org",
}


class _Nobody:
    """A bus that reaches nobody: the server, in its own process, reads what it needs from the database and the ring."""

    def publish(self, topic: str) -> None:
        del topic

    def subscribe(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        del topic
        return callback


def list_keys(settings: Settings) -> str:
    """Return a line for each key: its name, how many notes it encrypts, and whether new notes get it."""
    keyring = load_keyring(settings.data_dir)
    used = asyncio.run(_used(settings))
    lines = [f"{name}  {used.pop(name, 0)} notes{'  current' if name == keyring.current else ''}\n" for name in keyring.names]
    return "".join(lines + [f"{name}  {count} notes  MISSING from {FILE}\n" for name, count in used.items()])


def new_key(settings: Settings) -> str:
    name = add_key(settings.data_dir)
    return f"{name} is the current key now. `consilium keys rotate` brings the older notes under it.\n"


def rotate_keys(settings: Settings) -> str:
    """Bring every note under the current key, with a line of progress; raises `BadSettings`."""
    keyring = load_keyring(settings.data_dir)
    done = asyncio.run(_rotate(settings, keyring))
    return f"{done} notes brought under {keyring.current}\n"


def forget_key(settings: Settings, name: str) -> str:
    """Take a key out of the ring that no note needs; raises `BadSettings` where one does."""
    used = asyncio.run(_used(settings))
    if name in used:
        raise BadSettings(f"{used[name]} notes are encrypted under {name}: rotate first")
    drop_key(settings.data_dir, name)
    return f"{name} is gone. Older backups of the database still need it.\n"


def let_in_again(settings: Settings, username: str) -> str:
    """Take every way in from an account and return a link for its owner; raises `BadSettings` where there is no such account."""
    token = asyncio.run(_let_in_again(settings, username))
    link = f"{settings.base_url or AT_HOME}/reset/{token}"
    gone = "Password, second factor, passkeys, sign-ins and earlier links of this account are gone."
    return f"{gone} Hand this on, it is good for 30 minutes:\n{link}\n"


def open_account_requests(settings: Settings) -> str:
    """Return what accounts ask of whoever runs the server and is not answered yet, a few lines each."""
    return asyncio.run(_open_account_requests(settings))


def answer_account_request(settings: Settings, request_id: str, state: str, words: str) -> str:
    """Answer one of them; raises `BadSettings` where there is none with this id, or it is settled."""
    asyncio.run(_answer_account_request(settings, request_id, state, words))
    return "Answered. The person is told by e-mail that there is an answer, if there is an address, and reads it in the account.\n"


def make_practice(settings: Settings, wanted: Wanted) -> str:
    """Make a practice and return a link for its owner; raises `BadSettings`, with what to do, for a name that cannot be."""
    return asyncio.run(_make_practice(settings, wanted))


def invite_owner(settings: Settings, practice: str, email: str) -> str:
    """Return a new link for the owner of a practice that has none yet; the link before opens nothing. Raises `BadSettings`."""
    return asyncio.run(_invite_owner(settings, practice, email))


def list_practices(settings: Settings) -> str:
    """Return a line for each practice: its id, its name, and who owns it, as far as that is a number."""
    lines = [f"{one.practice.id}  {one.practice.name}  {_owned(one)}\n" for one in asyncio.run(_practices(settings))]
    return "".join(lines) or 'There is no practice yet. `consilium practice new "NAME"` makes one.\n'


def faults_in(settings: Settings, what: str) -> list[str]:
    """Return one line for each fault of `notes` or `audit`."""
    return asyncio.run(_faults(settings, what))


def due_recordings(settings: Settings) -> str:
    """Return a line for each recording whose time is over: a dry run of what the server does every ten minutes."""
    return asyncio.run(_due(settings))


def replay_erasures(settings: Settings) -> str:
    """Erase again what the list in the data folder names, after a backup was put back; raises `BadSettings`."""
    lines = read_erasures(settings.data_dir)
    found = asyncio.run(_replay(settings, lines))
    return f"{len(lines)} erasures in the list, {found} of them are of records that this database has: done again\n"


async def _replay(settings: Settings, lines: list[Erased]) -> int:
    async with _database(settings) as database:
        return await replay(database, read_secrets(settings.data_dir), lines, SystemClock().now())


def statistics(settings: Settings) -> str:
    """Return the figures of all practices together as CSV, by months of UTC; small ones are hidden as on the pages."""
    return asyncio.run(_statistics(settings))


async def _statistics(settings: Settings) -> str:
    async with _database(settings) as database, database.read() as tx:
        figures = await figures_of(tx, Scope(None, SystemClock().now()))
    return csv_of(lines_of(figures)).decode()


async def _let_in_again(settings: Settings, username: str) -> str:
    async with _database(settings) as database, database.write() as tx:
        try:
            return await readmit(tx, read_secrets(settings.data_dir), username, SystemClock().now())
        except NotFound:
            raise BadSettings("there is no account with this username") from None


async def _open_account_requests(settings: Settings) -> str:
    keyring = load_keyring(settings.data_dir)
    async with _database(settings) as database, database.read() as tx:
        requests = list(await tx.scalars(queued(settled=False)))
        named = await askers(tx, requests)
        lines = [_in_lines(opened(keyring, one), named.get(one.person_id)) for one in requests]
    return "".join([*lines, f"{len(lines) or 'no'} requests are open\n"])


def _in_lines(found: OpenedRequest, asker: Asker | None) -> str:
    one, words = found.request, found.words if found.words is not None else "(its key is missing)"
    whose = asker.username if asker else "an account that is gone"
    return f"{one.id}  {one.kind} of {whose}, due by {one.due_at:%Y-%m-%d}\n" + "".join(f"    {line}\n" for line in words.splitlines())


async def _answer_account_request(settings: Settings, request_id: str, state: str, words: str) -> None:
    keyring, secrets = load_keyring(settings.data_dir), read_secrets(settings.data_dir)
    async with _database(settings) as database, database.write() as tx:
        try:
            request = await account_request(tx, UUID(request_id), lock=True)
            await settle_account(tx, Desk(keyring, secrets, SystemClock().now()), request, (state, words))
        except (ValueError, NotFound):
            raise BadSettings("there is no request with this id") from None
        except Conflict:
            raise BadSettings("this request is settled already") from None
        except Invalid:
            raise BadSettings("an answer is needed, in at most 5,000 letters") from None


async def _make_practice(settings: Settings, wanted: Wanted) -> str:
    async with _ready_database(settings) as database, database.write() as tx:
        sender = Sender(read_secrets(settings.data_dir), bool(settings.smtp_host))
        try:
            made = await found_practice(tx, sender, wanted, SystemClock().now())
        except Invalid as fault:
            raise BadSettings(BAD_PRACTICE[fault.code]) from None
        except Malformed:
            raise BadSettings("the name holds letters that cannot be stored or shown") from None
        except Conflict:
            raise BadSettings("there is a practice of this name: `consilium practice invite NAME` makes a new link for its owner") from None
    return "The practice is made.\n" + _handed_on(settings, sender, made)


async def _invite_owner(settings: Settings, practice: str, email: str) -> str:
    async with _ready_database(settings) as database, database.write() as tx:
        sender = Sender(read_secrets(settings.data_dir), bool(settings.smtp_host))
        try:
            made = await ask_owner(tx, sender, practice, email, SystemClock().now())
        except Invalid as fault:
            raise BadSettings(BAD_PRACTICE[fault.code]) from None
        except NotFound:
            raise BadSettings("no practice has this name or id, or several have the name: `consilium practice list` shows them") from None
        except Conflict:
            raise BadSettings(
                "this practice has an owner, who invites others under People; `consilium readmit USERNAME` lets an owner in again"
            ) from None
    return "An earlier link for its owner opens nothing any more.\n" + _handed_on(settings, sender, made)


def _handed_on(settings: Settings, sender: Sender, made: PlaceInvitation) -> str:
    """Return the link with what is to be done with it."""
    sent = f"It is sent to {made.email} as well, as soon as the server runs.\n" if made.email and sender.mails else ""
    if made.email and not sender.mails:
        sent = "No mail server is set up (CONSILIUM_SMTP_HOST), so nothing is sent: please hand it on.\n"
    link = place_url(settings.base_url or AT_HOME, sender.secrets, made)
    good = f"{made.expires_at:%Y-%m-%d %H:%M} UTC, {GOOD_FOR.days} days from now, once"
    return f"Whoever opens this link first becomes its owner. It is good until {good}:\n{link}\n{sent}"


async def _practices(settings: Settings) -> list[Founded]:
    async with _ready_database(settings) as database, database.read() as tx:
        return await practices_of(tx, SystemClock().now())


def _owned(one: Founded) -> str:
    if one.owners:
        return "1 owner" if one.owners == 1 else f"{one.owners} owners"
    return f"no owner yet, link good until {one.open_until:%Y-%m-%d %H:%M} UTC" if one.open_until else "no owner, and no link that is good"


async def _due(settings: Settings) -> str:
    async with _database(settings) as database, database.read() as tx:
        found = await tx.scalars(due(SystemClock().now()))
        lines = [f"{one.id}  kept until {one.keep_until:%Y-%m-%d}  by {one.rule}\n" for one in found]
        kept_back = list(await tx.scalars(held()))
    kept = [f"{one.id}  held since {one.held_at:%Y-%m-%d}, whatever is due\n" for one in kept_back]
    return "".join([*lines, f"{len(lines) or 'no'} recordings are due\n", *kept])


async def _faults(settings: Settings, what: str) -> list[str]:
    places = Places(settings.data_dir, settings.anchors_dir)
    async with _database(settings, proved=False) as database, database.read() as tx:
        if what == "audit":
            return [fault async for fault in verify_audit(tx, places)]
        return [fault async for fault in verify_notes(tx, load_keyring(settings.data_dir), places)]


async def _used(settings: Settings) -> dict[str, int]:
    async with _database(settings) as database:
        return await keys_in_use(database)


async def _rotate(settings: Settings, keyring: KeyRing) -> int:
    done = 0
    async with _database(settings) as database:
        await check_keys(database, keyring)
        try:
            async for done, total in rotate(database, keyring):
                sys.stderr.write(f"\r{done} of {total} notes")
        except (MissingKey, Unreadable):
            raise BadSettings(f"a note cannot be opened by the keys in {FILE}; {done} notes were rotated before it") from None
    return done


@asynccontextmanager
async def _ready_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database that a start of this version has made; raises `BadSettings`, also for one that is still to be made."""
    if not is_newest(settings.database):
        raise BadSettings("the database is not ready: start the server first (`consilium serve`), and run this while it runs")
    async with _database(settings) as database:
        yield database


@asynccontextmanager
async def _database(settings: Settings, *, proved: bool = True) -> AsyncIterator[Database]:
    """Open the database with the key that is there; raises `BadSettings` for none, and for another than the audit's.

    What looks for tampering goes on without that proof (`proved`): of an audit that was changed everywhere it names the entries.
    """
    database = Database(settings.database, _Nobody(), Events(), read_secrets(settings.data_dir).audit_key)
    try:
        if proved:
            await check_audit_key(database)
        yield database
    finally:
        await database.close()
