"""Counts the messages that never arrive, and those that arrive twice, when the server is killed while it sends them."""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import anyio

from server.adapters.memory_bus import MemoryBus
from server.app import Parts, build_house
from server.consultation.actions import send_link
from server.consultation.events import Channel
from server.core.migrate import migrate
from server.settings import Settings
from tests.bench.figures import Figure
from tests.cast import ALICE, DANA, add_meeting, seat_in
from tests.mailbox import Mailbox, receiving
from tests.servers import AppServer, Postgres, until

WITHIN_S = 600.0  # an errand in the hands of a killed worker comes back when its lease of two minutes ends


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Half of the errands on SQLite and half on PostgreSQL; everything is added up."""
    errands, kills = options.errands, options.kills
    arrived = Counter[str]()
    for at, url in enumerate(_databases()):
        with receiving() as mailbox, tempfile.TemporaryDirectory(prefix="consilium-bench-") as folder:
            server = AppServer(Path(folder), DATABASE_URL=url, **mailbox.provider)
            anyio.run(_queue, server, errands // 2)
            _send_and_kill(server, mailbox, errands // 2, kills // 2, Random(at))
            arrived += Counter(str(message["message-id"]) for _, message in mailbox.letters)
    yield Figure("errands_lost", errands - len(arrived), "messages")
    yield Figure("errands_twice", arrived.total() - len(arrived), "messages")


def _databases() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="consilium-bench-") as folder:
        yield _prepared(f"sqlite:///{folder}/bench.db")
    with _postgres() as url:
        yield _prepared(url)


@contextmanager
def _postgres() -> Iterator[str]:
    cluster = Postgres()
    try:
        cluster.execute("CREATE DATABASE bench TEMPLATE template0")
        yield cluster.url("bench")
    finally:
        cluster.stop()


def _prepared(url: str) -> str:
    migrate(url)
    seat_in(url)
    return url


async def _queue(server: AppServer, errands: int) -> None:
    """Queue the messages of one consultation, as 'send again' does, before the server is there."""
    settings = Settings(database_url=server.settings["DATABASE_URL"], data_dir=server.folder / "data", base_url=server.url)
    house = build_house(settings, Parts(bus=MemoryBus()))
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, house.clock.now(), guest=DANA)
        for _ in range(errands - 1):
            await send_link(tx, ALICE.viewer, meeting.consultation_id, Channel.EMAIL, house.clock.now())
    await house.database.close()


def _send_and_kill(server: AppServer, mailbox: Mailbox, errands: int, kills: int, dice: Random) -> None:
    """Kill the server each time that a number of further messages has arrived, and let the last one finish."""
    server.start()
    for _ in range(kills):
        enough = len(mailbox.letters) + dice.randint(1, errands // kills - 1)
        until(lambda enough=enough: len(mailbox.letters) >= enough, timeout_s=WITHIN_S, what="the next messages")  # type: ignore[misc]
        server.kill()
        server.restart()
    with suppress(TimeoutError):  # then some are lost, and that is the figure
        until(lambda: len({message["message-id"] for _, message in mailbox.letters}) == errands, timeout_s=WITHIN_S)
    server.stop()
