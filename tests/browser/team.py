"""A call of two that may become one of three, and what its pages show of the way that it takes."""

from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.journeys import at_desk, hurry_to_waiting_room, in_call
from tests.browser.person import PHONE, Person, Persons
from tests.browser.pictures import more_pictures, pictures
from tests.cast import BOB
from tests.site import Booked, Site

PATHS = """() => globalThis.connections.filter((c) => c.connectionState === "connected").map((c) => c.getTransceivers()[0]?.mid).length"""


def pair(
    persons: Persons, site: Site, *, professional: Browser | None = None, patient: Browser | None = None
) -> tuple[Person, Person, Booked]:
    """dr_alice and dana see each other."""
    booked = site.consultation()
    dana = persons.person("dana", site, browser=patient, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    alice = at_desk(persons, site, booked, browser=professional)
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
    more_pictures(alice, dana, count=1)
    return alice, dana, booked


def joins(persons: Persons, site: Site, booked: Booked, *, browser: Browser | None = None) -> Person:
    """nurse_bob opens the desk; he is not in the call yet."""
    bob = at_desk(persons, site, booked, BOB, browser=browser)
    expect(bob.button("Join the call")).to_be_enabled()
    return bob


def engine_of(site: Site) -> int:
    """Return the process id of the server's own engine, 0 while there is none."""
    keepers = [child for child in children_of(site.server.pid) if b"media" in _of_process(child, "cmdline").split(b"\0")]
    return next((engine for keeper in keepers for engine in children_of(keeper)), 0)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in _of_process(pid, f"task/{pid}/children").split()]


def _of_process(pid: int, name: str) -> bytes:
    """Return what the kernel tells of a process, nothing of one that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/{name}").read_bytes()
    return b""


def over_engine(*people: Person) -> None:
    """Wait until each page has its two connections to the engine, and no other any more."""
    for person in people:
        person.until(lambda person=person: person.page.evaluate(PATHS) == 2, what="the engine alone")  # type: ignore[misc]


def straight(*people: Person) -> None:
    for person in people:
        person.until(lambda person=person: person.page.evaluate(PATHS) == 1, what="the straight way alone")  # type: ignore[misc]


def unbroken(*people: Person) -> None:
    """No player began anew, and nobody is heard twice."""
    for person in people:
        assert all(found["same"] and found["voices"] <= 1 for found in pictures(person))
