"""Five people who type into one note of a real server, each a letter of their own, so that afterwards every letter can be counted."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed

from server.notes.yproto import ACK, SYNC, UPDATE, read_bytes, read_state_vector, read_varuint
from server.notes.ywalk import walk
from tests.cast import ALICE, BOB, Staff
from tests.live.notes.client import Tab, open_tab
from tests.site import Booked, Site

PEOPLE = (ALICE, BOB, ALICE, BOB, ALICE)
LETTERS = "abcde"


@dataclass
class Typist:
    """`typed[n - 1]` is how many letters the first n messages hold; times are of one clock, in seconds.

    Letters are known by message number (`sent_at`, `acked_at`) and by client id and clock (`placed_at`, `seen_at`).
    """

    letter: str
    tab: Tab
    typed: list[int] = field(default_factory=list)
    sent_at: dict[int, float] = field(default_factory=dict)
    acked_at: dict[int, float] = field(default_factory=dict)
    seen_at: dict[tuple[int, int], float] = field(default_factory=dict)
    placed_at: dict[tuple[int, int], float] = field(default_factory=dict)
    letters: int = 0
    stopped: bool = False

    async def type(self, pause_s: float) -> None:
        """Type until the line breaks or `stopped` is set."""
        with contextlib.suppress(ConnectionClosed):
            while not self.stopped:
                await self.press()
                await asyncio.sleep(pause_s)

    async def press(self) -> None:
        """Type one letter: one message, which is noted before it goes."""
        client_id = self.tab.doc.client_id
        clock = read_state_vector(self.tab.doc.get_state()).get(client_id, 0)
        self.letters += 1
        self.tab.write(self.letter)
        self.typed.append(self.letters)
        now = time.perf_counter()
        self.sent_at[self.tab.sent + 1] = self.placed_at[client_id, clock] = now
        await self.tab.flush()

    def hear(self, frame: bytes) -> None:
        """Note when a message was confirmed and when another's letter came."""
        now = time.perf_counter()
        if frame[0] == ACK:
            for number in range(len(self.acked_at) + 1, read_varuint(frame, 1)[0] + 1):
                self.acked_at[number] = now
        elif frame[0] == SYNC and frame[1] == UPDATE:
            for client, (clock, _) in walk(read_bytes(frame, 2)[0]).structs.items():
                self.seen_at[client, clock] = now

    @property
    def promised(self) -> int:
        """How many of the letters this person was told are saved."""
        return self.typed[self.tab.acked - 1] if self.tab.acked else 0


def ticket(site: Site, person: Staff, booked: Booked) -> str:
    client = site.client(person)
    notes = client.post(f"/api/consultations/{booked.id}/notes", json={}).raise_for_status().json()["notes"]
    note_id = next(note["id"] for note in notes if note["kind"] == "shared")
    found: str = client.post(f"/api/notes/{note_id}/tickets", json={}).raise_for_status().json()["ticket"]
    return found


@asynccontextmanager
async def seated(site: Site, booked: Booked, people: Sequence[Staff] = PEOPLE) -> AsyncIterator[list[Typist]]:
    """Open the note once for each of `people`, ready to type."""
    url = site.url.replace("http", "ws")
    async with AsyncExitStack() as stack:
        typists = []
        for letter, person in zip(LETTERS, people, strict=False):
            found = await asyncio.to_thread(ticket, site, person, booked)
            tab = await stack.enter_async_context(open_tab(url, found, origin=site.url))
            await tab.until(lambda tab: tab.saved)
            typist = Typist(letter, tab, typed=[0])
            tab.on_frame = typist.hear
            typists.append(typist)
        yield typists


async def lost_after_kill(site: Site, booked: Booked, letters: int, pause_s: float) -> tuple[int, int]:
    """Kill the server while five people type, once they were told of so many letters that they are saved.

    Returns how many were said to be saved in the end, and how many of those are gone.
    """
    before = {letter: await count(site, booked, letter) for letter in LETTERS}
    async with seated(site, booked) as typists:
        typing = [asyncio.ensure_future(typist.type(pause_s)) for typist in typists]  # noqa: TID251 - typing goes on while we wait
        await typists[0].tab.until(lambda _: sum(typist.promised for typist in typists) >= letters)
        await asyncio.to_thread(site.server.kill)
        await asyncio.gather(*typing)
        for typist in typists:
            await typist.tab.socket.wait_closed()
    await asyncio.to_thread(site.server.restart)
    after = {typist.letter: await count(site, booked, typist.letter) - before[typist.letter] for typist in typists}
    promised = sum(typist.promised for typist in typists)
    return promised, sum(max(0, typist.promised - after[typist.letter]) for typist in typists)


async def count(site: Site, booked: Booked, letter: str) -> int:
    """Count a letter as somebody sees it who opens the note now."""
    async with seated(site, booked, [BOB]) as (reader,):
        return reader.tab.text().count(letter)
