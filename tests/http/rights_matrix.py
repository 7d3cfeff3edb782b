"""Every id in every address against six people who have no right to it, and then with whoever has.

'Not there' is the answer that an id gets which never was: the same status, the same place to go to, the same text but for the id.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
from starlette.applications import Starlette

from tests.http.rights_table import Row, row_of, sent
from tests.http.rights_world import Pristine, World
from tests.http.routes import SAFE, endpoints

IDS = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
PROFESSIONAL, PRACTICE = "another professional", "another practice"
OPEN = {  # who may all the same, and why; whoever is named here and may not is a fault, too
    ("/questionnaires/", PROFESSIONAL): "every professional of a practice builds its questionnaires (docs/decisions/0036)",
    ("/practice/errands/", PRACTICE): "errands belong to the server and name nobody (server/administration/queue_pages.py)",
}
HELD = "/book/held/"  # whoever comes with another browser is shown the public times of the same service
QUIET = (  # pressed twice they answer alike, and so they do for what never was
    "POST /offer/closures/{closure_id:uuid}/remove", "POST /offer/days/{day_id:uuid}/remove", "POST /snippets/{snippet_id:uuid}/delete",
    "POST /templates/{template_id:uuid}/delete", "POST /v/{visit_id:uuid}/recordings/{recording_id:uuid}/withdraw",
    "POST /practice/parents/{representation_id:uuid}/accept", "POST /practice/parents/{representation_id:uuid}/refuse",
    "POST /patients/{patient_id:uuid}/background/{entry_id:uuid}/answer", "POST /patients/{patient_id:uuid}/files/{file_id:uuid}/hide",
    "POST /practice/people/{person_id:uuid}/leaving/{appointment_id:uuid}/cancel",
    "POST /practice/people/{person_id:uuid}/leaving/{appointment_id:uuid}/pass",
)  # fmt: skip
NAMES = ("Dana", "Diaz", "Tim ", "Kim")
Seen = tuple[int, str, str]


def rows_of(app: Starlette) -> list[Row]:
    """Return a row for every method of every address that names something; whoever reads comes first."""
    return [row for row in map(row_of, endpoints(app)) if row]


def seen(answer: httpx2.Response) -> Seen:
    """Return all that two answers can be told apart by, whatever the ids."""
    return answer.status_code, IDS.sub("", answer.headers.get("location", "")), IDS.sub("", answer.text)


def turned_away(answer: httpx2.Response) -> bool:
    return answer.status_code in {401, 403, 404} or answer.headers.get("location", "").startswith("/sign-in")


@dataclass
class Stranger:
    """One of the six, and what was answered to them about ids that never were."""

    world: World
    pristine: Pristine
    name: str
    found: list[str] = field(default_factory=list)
    opened: set[tuple[str, str]] = field(default_factory=set)
    asked: int = 0
    nothing: set[tuple[str, Seen]] = field(default_factory=set)

    async def go(self, rows: Iterable[Row]) -> None:
        for row in rows:
            body = sent(row.endpoint)
            await self._ask(row, body, self.world.things, {})
            own = self.world.own.get(self.name, {})
            *leading, last = row.named.values()
            if any(thing in own for thing in leading):
                never = {thing: one for thing, one in own.items() if thing != last}
                await self._ask(row, body, {**never, last: self.world.things[last]}, never)

    async def _ask(self, row: Row, body: dict[str, Any], real: dict[str, UUID], never: dict[str, UUID]) -> None:
        """Ask for what there is; where that is answered as nothing else was before, ask for what never was."""
        answer = await self._send(row, row.filled(real), body)
        wrote = self.pristine.changed()
        self.pristine.restore()
        exception = next((one for one in OPEN if row.endpoint.path.startswith(one[0]) and self.name == one[1]), None)
        if exception is None:
            fault = f"writes {wrote}" if wrote else await self._fault(row, answer, row.filled(never), body)
            self.found += [f"{self.name}: {row.endpoint} {fault} ({answer.status_code})"] if fault else []
        elif not turned_away(answer):
            self.opened.add(exception)

    async def _fault(self, row: Row, answer: httpx2.Response, never: str, body: dict[str, Any]) -> str:
        if any(name in answer.text for name in NAMES):
            return "names somebody"
        if answer.status_code == 409 and row.endpoint.path.startswith(HELD):
            return ""
        if not turned_away(answer) and str(row.endpoint) not in QUIET:
            return "is let in"
        return "tells it from what never was" if await self._told_apart(row, answer, never, body) else ""

    async def _told_apart(self, row: Row, answer: httpx2.Response, path: str, body: dict[str, Any]) -> bool:
        door = f"{row.endpoint.method in SAFE} {row.endpoint.path.split('/')[1]}"
        if (door, seen(answer)) not in self.nothing:
            self.nothing.add((door, seen(await self._send(row, path, body))))
        return (door, seen(answer)) not in self.nothing

    async def _send(self, row: Row, path: str, body: dict[str, Any]) -> httpx2.Response:
        self.asked += 1
        self.world.house.limiter._buckets.clear()  # type: ignore[attr-defined]  # a stranger asks more in one test than a limit lets anybody
        return await self.world.strangers[self.name].request(row.endpoint.method, path, **body)


async def leaks(world: World, rows: list[Row], pristine: Pristine) -> list[str]:
    """Return what each stranger could tell or do, and which exceptions are none any more."""
    found: list[str] = []
    opened: set[tuple[str, str]] = set()
    for name in world.strangers:
        stranger = Stranger(world, pristine, name)
        await stranger.go(rows)
        found += stranger.found
        opened |= stranger.opened
    return found + [f"nobody is let in any more: {exception}" for exception in OPEN.keys() - opened]


async def closed(world: World, rows: list[Row], pristine: Pristine) -> dict[str, int]:
    """Return where whoever has a right to it is told that it is not there, and each thing at which nobody got anywhere."""
    missing: dict[str, int] = {}
    reached: set[str] = set()
    for row in rows:
        world.house.limiter._buckets.clear()  # type: ignore[attr-defined]  # as above
        client = world.rightful[row.whose]
        answer = await client.request(row.endpoint.method, row.filled(world.things), **sent(row.endpoint))
        assert answer.status_code < 500, row.endpoint
        pristine.restore()
        if answer.status_code in {401, 404}:
            missing[str(row.endpoint)] = answer.status_code
        elif answer.status_code < 400:
            reached |= set(row.named.values())
    unreached = {thing for row in rows for thing in row.named.values()} - reached
    return missing | dict.fromkeys(unreached, 0)
