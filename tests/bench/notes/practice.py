"""A practice with as many consultations and as many people as a load needs, and how their notes are reached."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio

from server.adapters.memory_bus import MemoryBus
from server.core.clock import SystemClock
from server.core.crypto import KEY_BYTES, Secrets
from server.core.db import Database, Events
from server.identity.actions import begin_login
from server.notes.limits import SCHEMA_VERSION
from tests.cast import ALICE, CLINIC, NORTH, Staff, _seat, add_meeting
from tests.site import Site

COLLEAGUES = tuple(Staff(f"colleague_{number}", "Dr", f"Colleague {number}", CLINIC, NORTH) for number in range(10))
"""So many, because a person gets 120 tickets at once: 800 connections are eighty of each."""


def seats(site: Site, rooms: int, editors: int) -> list[dict[str, Any]]:
    """Make `rooms` consultations with their notes; returns a seat for each of `editors` in every one of them (peers/generate.mjs).

    Rows go straight into the database: over the interface a person may make sixty consultations a minute, and a sign-in is slow on purpose.
    """
    with ThreadPoolExecutor(1) as thread:  # the caller may have a loop already
        consultations, cookies = thread.submit(anyio.run, _seat_all, site.server.settings["DATABASE_URL"], rooms).result()
    notes = [shared_note(site, consultation_id) for consultation_id in consultations]
    found = []
    for at, note_id in enumerate(notes):
        own = (cookies[(at * editors + place) % len(cookies)] for place in range(editors))
        found += [{"room": note_id, "schema": SCHEMA_VERSION, "ticket": ticket_request(site, note_id, cookie)} for cookie in own]
    return found


def shared_note(site: Site, consultation_id: str) -> str:
    """Return the id of the note that the whole team writes in this consultation."""
    notes = site.client(ALICE).post(f"/api/consultations/{consultation_id}/notes", json={}).raise_for_status().json()["notes"]
    found: str = next(note["id"] for note in notes if note["kind"] == "shared")
    return found


def ticket_request(site: Site, note_id: str, cookie: str) -> dict[str, Any]:
    """Return what to post for a ticket of this note, and as whom."""
    headers = {"origin": site.url, "content-type": "application/json", "cookie": f"sid={cookie}"}
    return {"url": f"{site.url}/api/notes/{note_id}/tickets", "headers": headers, "body": {}}


async def _seat_all(url: str, rooms: int) -> tuple[list[str], list[str]]:
    """Return the ids of new consultations, and the login cookies of the colleagues."""
    database, now = Database(url, MemoryBus(), Events()), SystemClock().now()
    async with database.write() as tx:
        for colleague in COLLEAGUES:
            await _seat(tx, colleague, now)
        cookies = [begin_login(tx, colleague.person_id, "Bench", now) for colleague in COLLEAGUES]
        secrets = Secrets(bytes(KEY_BYTES))  # nobody follows these links
        meetings = [await add_meeting(tx, secrets, now) for _ in range(rooms)]
    await database.close()
    return [str(meeting.consultation_id) for meeting in meetings], cookies
