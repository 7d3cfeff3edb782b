"""A step that the server cannot take, in real browsers: the note opens afresh, and what is not stored can be put back."""

import re

import pytest
from playwright.sync_api import WebSocketRoute, expect

from server.notes.yproto import EMPTY_UPDATE, REJECT, SYNC, UPDATE, json_message, sync_message
from tests.browser.journeys import at_desk
from tests.browser.person import Person, Persons
from tests.browser.test_note import saved, section, write
from tests.cast import BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N1")]


class Refusing:
    """Stands between a page and the server, and says of each edit that it crossed somebody else's."""

    def __init__(self, person: Person) -> None:
        self.on = False
        self.refused = 0
        person.page.route_web_socket(re.compile("/ws/note$"), self._relay)
        person.page.reload()

    def _relay(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        page.on_message(lambda frame: self._up(page, server, frame))

    def _up(self, page: WebSocketRoute, server: WebSocketRoute, frame: str | bytes) -> None:
        edits = isinstance(frame, bytes) and frame[:2] == bytes((SYNC, UPDATE)) and frame != sync_message(UPDATE, EMPTY_UPDATE)
        if not self.on or not edits:
            server.send(frame)
            return
        self.refused += 1
        page.send(json_message(REJECT, {"n": 1, "code": "order", "message": ""}))


def test_a_step_that_cannot_be_taken_is_told_and_its_words_can_be_put_back(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    refusing = Refusing(alice)
    write(alice, "Plan", "Kept. ")
    saved(alice)
    refusing.on = True
    section(alice, "Plan").press_sequentially("x")
    told = alice.page.locator(".note .callout")
    expect(told).to_contain_text("This step could not be undone, because somebody wrote in the same place.")
    expect(told).to_contain_text("Kept. x")
    refusing.on = False
    told.get_by_role("button", name="Add them at the end").click()
    expect(told).to_have_count(0)
    expect(section(bob, "Plan")).to_contain_text("Kept. x")
    saved(alice)
    assert refusing.refused == 1
