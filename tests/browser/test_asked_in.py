"""Somebody is asked into a call: a colleague on whatever page they are, and a guest whose link is sent once more."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import looks_good
from tests.browser.person import LAPTOP, PHONE, Persons
from tests.browser.stage_lab import StageLab
from tests.cast import ALICE, BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V9")]


def ask_bob(site: Site, consultation: str) -> None:
    answer = site.client(ALICE).post(f"/api/consultations/{consultation}/colleagues/{BOB.professional_id}", json={})
    assert answer.status_code == 204, answer.text


def test_a_colleague_is_told_at_once_wherever_they_are(persons: Persons, site: Site) -> None:
    booked, own = site.consultation(), site.consultation(owner=BOB)
    bob = persons.person("bob", site, signed_in=BOB)
    pages = [bob.page, *(bob.new_tab() for _ in range(2))]
    with_line = re.compile("/ws/today$")
    for page, path in zip(pages, ("/account", "/today", own.desk), strict=True):
        with page.expect_websocket(lambda line: with_line.search(line.url) is not None):
            page.goto(site.url + path)
    ask_bob(site, booked.id)
    for page in pages:
        expect(page.locator(".asked")).to_contain_text("Dr Alice Ahmed asks you to join a call.")
        expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert looks_good(bob.page) == []
    bob.page.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})
    bob.press("Not now")
    for page in pages:
        expect(page.locator(".asked")).to_have_count(0)
        expect(page).not_to_have_title(re.compile(r"^\("))
    ask_bob(site, booked.id)
    bob.link("Open the call").click()
    expect(bob.page).to_have_url(site.url + booked.desk)
    expect(bob.page.locator(".asked")).to_have_count(0)


def test_a_guests_link_is_shown_and_sent_again_by_keyboard(chromium: Browser, tmp_path: Path) -> None:
    lab = StageLab(chromium, tmp_path)
    page = lab.open(2, PHONE, desk=True, p2={"role": "guest", "relation": "carer", "stage": "away", "present": False})
    page.get_by_role("button", name="People", exact=True).click()
    again = page.get_by_role("button", name="Show or send link Nurse Bob Brown")
    again.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="The link for Nurse Bob Brown")
    expect(dialog.get_by_label("Personal link of Nurse Bob Brown")).to_be_focused()
    expect(dialog.get_by_role("img", name="QR code of the link")).to_be_visible()
    expect(dialog.get_by_label("Mobile number")).to_have_value("+44 7700 900005")
    assert looks_good(page) == []
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    dialog.get_by_text("E-mail", exact=True).click()
    dialog.get_by_label("E-mail address").fill("bob@example.org")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    said = {"participant": "p2", "channel": "email", "address": "bob@example.org"}
    page.wait_for_function("() => lab.call.said.length >= 2")
    assert page.evaluate("() => lab.call.said") == [["send", said], ["say", "The link for Nurse Bob Brown is in Messages again."]]
    expect(again).to_be_focused()
    page.context.close()
    assert lab.errors == []
