"""Hostile frames over real sockets at a real server, while two people type into the same note and must notice nothing."""

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from random import Random

import httpx2
from pycrdt import XmlElement, XmlFragment, XmlText

from server.errors import Malformed, NotSignedIn
from server.notes.yproto import read_state_vector
from tests.bench.browsers import running_site
from tests.cast import ALICE, BOB
from tests.fuzz.crowd import seat_crowd
from tests.fuzz.frames import hello
from tests.fuzz.pure import Finding
from tests.fuzz.raider import ANSWER_S, FRAMES_EACH, Raider, Refusal, Unanswered, break_in, dial
from tests.live.notes.typists import Typist, seated
from tests.site import Booked, Site

PEOPLE = (ALICE, BOB)
RAIDERS = 12  # at a time: a note has room for 20
TICKETS_EACH = 200  # a person has 120 at once and two more each second
FRAMES_PER_NOTE = 1_000  # then another note, for documents stay short
AT_ONCE = httpx2.Limits(max_keepalive_connections=0)  # on a busy machine the server may end an idle connection just when it is used again
PAUSE_S = 0.1  # between two letters of a person
NO_TICKET = frozenset({Malformed.close_code, NotSignedIn.close_code})


@dataclass
class FuzzResult:
    """`exits`: ends of the server's process. `unanswered`: hostile frames without the right answer in time, or without their record.

    `refused` closed their socket, `answered_no` got 103. `letters` were typed beside them; each was stored and seen, or there is a finding.
    """

    exits: int = 0
    unanswered: int = 0
    refused: int = 0
    answered_no: int = 0
    accepted: int = 0
    letters: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return self.refused + self.answered_no + self.accepted

    def __str__(self) -> str:
        ways = f"refused {self.refused} answered_no {self.answered_no} accepted {self.accepted} letters {self.letters}"
        return f"frames {self.frames} exits {self.exits} unanswered {self.unanswered} {ways} findings {len(self.findings)}"


def run_live(frames: int, seed: int, told: Callable[[FuzzResult], None] = lambda _: None) -> FuzzResult:
    """Send about `frames` frames to a server of our own, which ends with this call; `told` is called after each."""
    with running_site() as site:
        siege = Siege(site, seed, told)
        asyncio.run(siege.run(frames))
        return siege.result


class Siege:
    """A server, note after note; `result` is what came of it."""

    def __init__(self, site: Site, seed: int, told: Callable[[FuzzResult], None] = lambda _: None) -> None:
        self.result = FuzzResult()
        self._site = site
        self._seed = seed
        self._told = told
        self._refusals: Counter[Refusal] = Counter()
        self._left = 0
        self._cookies: deque[str] = deque()

    async def run(self, frames: int) -> None:
        note = 0
        self._cookies.extend(await seat_crowd(self._site.server.settings["DATABASE_URL"], RAIDERS + frames // TICKETS_EACH))
        while frames > 0 and self._site.server.running:
            self._left = min(frames, FRAMES_PER_NOTE)
            frames -= self._left
            await self._note(note)
            note += 1
        if not self._site.server.running:
            self.result.exits += 1
            self._find(b"", "the server's process has ended")
        if "crashed" in self._site.server.log:
            self._find(b"", "the server's log speaks of a crash")
        await self._check_records()
        self._told(self.result)

    async def _note(self, note: int) -> None:
        """Two people type while the raiders come and go."""
        booked = await asyncio.to_thread(self._site.consultation)
        async with seated(self._site, booked, PEOPLE) as typists:
            typing = [asyncio.ensure_future(_type(typist)) for typist in typists]  # noqa: TID251 - typing goes on while we wait
            async with httpx2.AsyncClient(base_url=self._site.url, trust_env=False, timeout=60, limits=AT_ONCE) as client:
                raids = (self._raid(client, booked, Random(f"{self._seed}:{note}:{number}")) for number in range(RAIDERS))
                await asyncio.gather(*raids)
            for typist in typists:
                typist.stopped = True
            await asyncio.gather(*typing)
            await self._check_people(typists)

    async def _raid(self, client: httpx2.AsyncClient, booked: Booked, dice: Random) -> None:
        url = self._site.url.replace("http", "ws")
        while self._left > 0 and self._site.server.running:
            if dice.random() < 0.03:
                await self._knock(dice)
            async with break_in(url, self._site.url, await self._ticket(client, booked), dice) as raider:
                await self._send_all(raider)

    async def _ticket(self, client: httpx2.AsyncClient, booked: Booked) -> str:
        """Fetch a ticket as the next of the crowd."""
        self._cookies.rotate()
        headers = {"origin": self._site.url, "cookie": f"sid={self._cookies[0]}"}
        listed = await client.post(f"/api/consultations/{booked.id}/notes", json={}, headers=headers)
        notes = listed.raise_for_status().json()["notes"]
        note_id = next(note["id"] for note in notes if note["kind"] == "shared")
        answer = await client.post(f"/api/notes/{note_id}/tickets", json={}, headers=headers)
        found: str = answer.raise_for_status().json()["ticket"]
        return found

    async def _send_all(self, raider: Raider) -> None:
        """Send until the connection ends, or has had its share."""
        for _ in range(FRAMES_EACH):
            if self._left <= 0:
                return
            self._left -= 1
            frame = raider.invent()
            try:
                refusal = await raider.send(frame)
            except Unanswered as error:
                self.result.unanswered += 1
                self._find(frame, str(error))
                return
            finally:
                self._told(self.result)
            if refusal is not None:
                self.result.refused += 1
                self.result.codes[refusal.code] += 1
                self._refusals[refusal] += 1
                return
            self.result.answered_no += raider.refused
            self.result.accepted += not raider.refused

    async def _knock(self, dice: Random) -> None:
        """A first frame without a ticket is answered, too; it belongs to no note, so there is no record."""
        first = hello(dice)
        async with dial(self._site.url.replace("http", "ws"), self._site.url) as socket:
            await socket.send(first if isinstance(first, bytes) else first.encode(errors="replace").decode())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(socket.wait_closed(), ANSWER_S)
            if socket.close_code not in NO_TICKET:
                self.result.unanswered += 1
                self._find(first, f"a hello was closed {socket.close_code}")

    async def _check_people(self, typists: Sequence[Typist]) -> None:
        """Everybody is still there, every letter is stored and was seen by the other, and both hold the same text."""
        everything = {place for typist in typists for place in typist.placed_at}
        self.result.letters += sum(typist.letters for typist in typists)
        try:
            for typist in typists:
                await typist.tab.until(lambda tab: tab.saved)
                await typist.tab.until(lambda _, typist=typist: everything <= typist.seen_at.keys() | typist.placed_at.keys())
        except TimeoutError:
            self._find(b"", f"letters are missing; closed {[typist.tab.socket.close_code for typist in typists]}")
        if any(typist.tab.socket.close_code is not None for typist in typists):
            self._find(b"", "somebody honest was closed")

    async def _check_records(self) -> None:
        """Wait until each refusal stands in the database as it was told; what never comes counts as unanswered."""
        ends = time.monotonic() + ANSWER_S
        while (missing := self._refusals - self._recorded()) and time.monotonic() < ends:  # noqa: ASYNC110 - another process's database
            await asyncio.sleep(0.05)
        self.result.unanswered += missing.total()
        for refusal in missing:
            self._find(refusal.sha256, f"{refusal.code} of {refusal.size} bytes is not recorded; this is its hash")

    def _recorded(self) -> Counter[Refusal]:
        path = self._site.server.settings["DATABASE_URL"].removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection:
            return Counter(Refusal(*row) for row in connection.execute("SELECT code, sha256, size FROM note_reject"))

    def _find(self, frame: bytes | str, what: str) -> None:
        self.result.findings.append(Finding(self._seed, frame if isinstance(frame, bytes) else frame.encode(errors="replace"), what))
        self._told(self.result)


async def _type(typist: Typist) -> None:
    """Type letter by letter into whatever paragraph there is; raiders may have deleted one's own."""
    while not typist.stopped and typist.tab.socket.close_code is None:
        doc = typist.tab.doc
        clock = read_state_vector(doc.get_state()).get(doc.client_id, 0)
        typist.letters += 1
        with doc.transaction():
            _some_text(doc.get("plan", type=XmlFragment)).insert(0, typist.letter)
        typist.typed.append(typist.letters)
        typist.sent_at[typist.tab.sent + 1] = typist.placed_at[doc.client_id, clock] = time.perf_counter()
        await typist.tab.flush()
        await asyncio.sleep(PAUSE_S)


def _some_text(section: XmlFragment) -> XmlText:
    for place in range(len(section.children)):
        node = section.children[place]
        if isinstance(node, XmlElement) and node.tag == "paragraph" and len(node.children):
            first = node.children[0]
            assert isinstance(first, XmlText)
            return first
    node = XmlElement("paragraph", {}, [XmlText("")])
    section.children.append(node)
    found = node.children[0]
    assert isinstance(found, XmlText)
    return found
