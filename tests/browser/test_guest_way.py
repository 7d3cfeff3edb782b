"""A guest on a phone: from the link in the message through the check to the waiting room, and in."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect
from websockets.sync.client import connect

from tests.browser.journeys import agree, check_camera, check_microphone, check_network, check_speaker, waits
from tests.browser.person import LAPTOP, PHONE, Person, Persons
from tests.cast import ALICE
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V9")]

INSIDE = "document.documentElement.scrollWidth <= innerWidth"


def look(person: Person, folder: Path, name: str) -> None:
    """Keep what the page is like in both schemes, at phone and laptop width; nothing may stand beyond the edge."""
    for scheme in ("light", "dark"):
        person.page.emulate_media(color_scheme=scheme)
        for size in (PHONE, LAPTOP):
            person.page.set_viewport_size({"width": size[0], "height": size[1]})
            person.page.screenshot(path=folder / f"{name}-{scheme}-{size[0]}.png", animations="disabled", full_page=True)
            person.until(lambda: person.page.evaluate(INSIDE), what=f"nothing beyond the edge: {name}, {size}")
    person.page.emulate_media(color_scheme="light")
    person.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})


def test_a_guest_comes_by_the_link_and_is_let_in(persons: Persons, site: Site, tmp_path: Path) -> None:
    booked = site.consultation()
    alice = site.client(ALICE)
    made = alice.post(f"/api/consultations/{booked.id}/guests", json={"name": "Imran Iqbal", "relation": "interpreter"}).json()
    imran = persons.person("imran", site, size=PHONE)
    imran.open(made["link"])
    expect(imran.heading("Dr Alice Ahmed asks you to join a video call")).to_be_visible()
    look(imran, tmp_path, "welcome")
    imran.press("Start")
    expect(imran.field("Your name")).to_have_value("Imran Iqbal")
    look(imran, tmp_path, "who")
    imran.press("Continue")
    expect(imran.button("I agree")).to_be_visible()
    look(imran, tmp_path, "consent")
    agree(imran)
    check_camera(imran)
    check_microphone(imran)
    check_speaker(imran)
    check_network(imran)
    waits(imran)
    expect(imran.page.get_by_role("heading", name="Messages")).to_have_count(0)
    look(imran, tmp_path, "waiting")
    ticket = alice.post(f"/api/consultations/{booked.id}/tickets", json={"purpose": "room"}).json()["ticket"]
    address = site.url.replace("http", "ws", 1)
    with connect(f"{address}/ws/room", origin=site.url, proxy=None) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"t": "hello", "id": 1, "b": {"ticket": ticket, "resume": None}}))
        json.loads(socket.recv(10))
        socket.send(json.dumps({"t": "admit", "id": 2, "b": {"participant": made["id"]}}))
        imran.state("called")
        look(imran, tmp_path, "called")
