"""Measures how long the server takes to have a note of 10,000 keystrokes ready, as it finds it in its database, and to take a first letter.

What the first letter costs beyond later ones is the layout of the whole note, which a note that is only read does not pay for.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from uuid import UUID

from pycrdt import Doc, XmlFragment

from server.app import Parts, build_house
from server.notes.document import Document
from server.notes.doors import see_note
from server.notes.hub import build_hub
from server.notes.ywalk import walk
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
NEWCOMER = 1  # client id


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Write the note over real sockets, stop the server as an upgrade does, and open the note again and again in this process."""
    keystrokes = KEYSTROKES // 10 if options.quick else KEYSTROKES
    with running_site() as site:
        booked = site.consultation()
        asyncio.run(_write(site, booked, keystrokes))
        note_id = UUID(shared_note(site, booked.id))
        site.server.stop()
        openings, letters = asyncio.run(_open(_settings(site), note_id, keystrokes))
    yield middle(f"open_{keystrokes // 1000}k_ms", openings, "ms")
    yield middle(f"open_{keystrokes // 1000}k_first_letter_ms", letters, "ms")


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


async def _open(settings: Settings, note_id: UUID, keystrokes: int) -> tuple[list[float], list[float]]:
    """Return milliseconds from asking a hub that holds nothing until the note is there for people to come in, and of its first update."""
    house = build_house(settings, Parts())
    async with house.database.read() as tx:
        ref = (await see_note(tx, ALICE.viewer, note_id)).ref
    openings, letters = [], []
    for _ in range(OPENINGS):
        began = time.perf_counter()
        async with build_hub(house).use(ref) as live:
            openings.append(1000 * (time.perf_counter() - began))
            if live.chain.seq < keystrokes:
                raise NotUp(f"the note has {live.chain.seq} rows")
            update = _letter(live.document)
            began = time.perf_counter()
            live.document.apply(NEWCOMER, update, walk(update))
            letters.append(1000 * (time.perf_counter() - began))
    await house.database.close()
    return openings, letters


def _letter(document: Document) -> bytes:
    """Return what a tab sends that opens the note and types a letter at the end of its first section."""
    doc: Doc[XmlFragment] = Doc(client_id=NEWCOMER)
    doc.apply_update(document.since(b"\x00"))
    before = doc.get_state()
    text = doc.get(SECTIONS[0], type=XmlFragment).children[0].children[0]
    text.insert(len(text), "x")
    return doc.get_update(before)


def _settings(site: Site) -> Settings:
    return Settings(database_url=site.server.settings["DATABASE_URL"], data_dir=site.server.settings["DATA_DIR"], base_url=site.url)
