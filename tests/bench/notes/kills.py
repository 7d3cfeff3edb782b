"""Counts the letters that are gone though the server had called them saved, when it is killed while five people type."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tests.bench.browsers import running_site
from tests.bench.figures import Figure
from tests.cast import BOB
from tests.live.notes.typists import LETTERS, seated
from tests.servers import Postgres
from tests.site import Booked, Site

PAUSE_S = 0.02  # between the letters of one of five: 250 letters a second
FEWEST, MOST = 5, 120  # letters called saved before the blow falls
KILLS_PER_NOTE = 25
QUICK = 10


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Kill half of the times on SQLite and half on PostgreSQL; everything is added up."""
    kills = QUICK if options.quick else options.kills
    saved = lost = 0
    for at, site in enumerate(_sites()):
        promised, gone = asyncio.run(_kill_often(site, kills // 2 + (kills % 2 if at == 0 else 0), Random(at)))
        saved, lost = saved + promised, lost + gone
    yield Figure("kills", kills, "kills")
    yield Figure("saved_before_kill", saved, "letters")
    yield Figure("lost_after_saved", lost, "letters")


def _sites() -> Iterator[Site]:
    with running_site() as site:
        yield site
    with _postgres() as url, running_site(url) as site:
        yield site


@contextmanager
def _postgres() -> Iterator[str]:
    cluster = Postgres()
    try:
        cluster.execute("CREATE DATABASE bench TEMPLATE template0")
        yield cluster.url("bench")
    finally:
        cluster.stop()


async def _kill_often(site: Site, kills: int, dice: Random) -> tuple[int, int]:
    """Return how many letters were called saved before all kills together, and how many of those are gone; tells how it goes."""
    saved = lost = 0
    for number in range(kills):
        if number % KILLS_PER_NOTE == 0:
            booked, before = await asyncio.to_thread(site.consultation), Counter[str]()
        promised = await _kill(site, booked, dice.randint(FEWEST, MOST))
        after = await _count(site, booked)
        saved += promised.total()
        lost += sum(max(0, count - (after[letter] - before[letter])) for letter, count in promised.items())
        before = after
        if (number + 1) % KILLS_PER_NOTE == 0 or number + 1 == kills:
            print(f"{number + 1} kills: {saved} letters called saved, {lost} of them lost", file=sys.stderr, flush=True)
    return saved, lost


async def _kill(site: Site, booked: Booked, letters: int) -> Counter[str]:
    """Return how many of each person's letters they were told are saved, up to the end of their line."""
    async with seated(site, booked) as typists:
        typing = [asyncio.ensure_future(typist.type(PAUSE_S)) for typist in typists]  # noqa: TID251 - typing goes on while we wait
        await typists[0].tab.until(lambda _: sum(typist.promised for typist in typists) >= letters)
        await asyncio.to_thread(site.server.kill)
        await asyncio.gather(*typing)
        for typist in typists:
            await typist.tab.socket.wait_closed()
    await asyncio.to_thread(site.server.restart)
    return Counter({typist.letter: typist.promised for typist in typists})


async def _count(site: Site, booked: Booked) -> Counter[str]:
    """Count every letter as somebody sees them who opens the note now."""
    async with seated(site, booked, [BOB]) as (reader,):
        text = reader.tab.text()
    return Counter({letter: text.count(letter) for letter in LETTERS})
