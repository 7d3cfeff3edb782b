"""Measures how long the server takes to have a note of 10,000 keystrokes ready, as it finds it in its database."""

import argparse
import asyncio
import time
from collections.abc import Iterator
from uuid import UUID

from server.app import Parts, build_house
from server.notes.doors import see_note
from server.notes.hub import build_hub
from server.settings import Settings
from tests.bench.browsers import running_site
from tests.bench.figures import Figure, middle
from tests.bench.notes.practice import shared_note
from tests.cast import ALICE, BOB
from tests.live.notes.client import Tab
from tests.live.notes.typists import seated
from tests.servers import NotUp
from tests.site import Booked, Site

KEYSTROKES = 10_000
VISIT = 100  # keystrokes of one tab, below what a connection may send at once
BACKSPACE_EVERY = 20
SECTIONS = ("subjective", "objective", "assessment", "plan")
OPENINGS = 30


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Write the note over real sockets, stop the server as an upgrade does, and open the note again and again in this process."""
    keystrokes = KEYSTROKES // 10 if options.quick else KEYSTROKES
    with running_site() as site:
        booked = site.consultation()
        asyncio.run(_write(site, booked, keystrokes))
        note_id = UUID(shared_note(site, booked.id))
        site.server.stop()
        times = asyncio.run(_open(_settings(site), note_id, keystrokes))
    yield middle(f"open_{keystrokes // 1000}k_ms", times, "ms")


async def _write(site: Site, booked: Booked, keystrokes: int) -> None:
    """Two people come in turns, each into the next section, and correct themselves now and then."""
    for visit in range(keystrokes // VISIT):
        async with seated(site, booked, [(ALICE, BOB)[visit % 2]]) as (typist,):
            for key in range(VISIT):
                _press(typist.tab, key, SECTIONS[visit % len(SECTIONS)])
                await typist.tab.flush()
            await typist.tab.until(lambda tab: tab.saved)


def _press(tab: Tab, key: int, section: str) -> None:
    if key % BACKSPACE_EVERY != BACKSPACE_EVERY - 1:
        tab.write("abcdefghijklmnopqrstuvwxyz"[key % 26], section)
        return
    text = tab._fragment(section).children[0].children[0]
    del text[len(str(text)) - 1 :]


async def _open(settings: Settings, note_id: UUID, keystrokes: int) -> list[float]:
    """Return milliseconds from asking a hub that holds nothing until the note is there for people to come in."""
    house = build_house(settings, Parts())
    async with house.database.read() as tx:
        ref = (await see_note(tx, ALICE.viewer, note_id)).ref
    times = []
    for _ in range(OPENINGS):
        began = time.perf_counter()
        async with build_hub(house).use(ref) as live:
            times.append(1000 * (time.perf_counter() - began))
            if live.chain.seq < keystrokes:
                raise NotUp(f"the note has {live.chain.seq} rows")
    await house.database.close()
    return times


def _settings(site: Site) -> Settings:
    return Settings(database_url=site.server.settings["DATABASE_URL"], data_dir=site.server.settings["DATA_DIR"], base_url=site.url)
