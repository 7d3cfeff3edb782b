"""What pages before and after the call say, for everybody: axe in light and dark, on phone and laptop, in three languages.

One walk for each language looks at every state it comes by; the pages as one opens them are in the walk through every page. It takes the
forms by their structure, because their words differ.
"""

import re
import sqlite3
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from server.core.clock import SystemClock
from tests.browser.axe import Inspection
from tests.browser.journeys import sign_in, turn_on
from tests.browser.paid import book_by_invoice, pay_for
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_patient_way import WITHOUT_CALLS
from tests.cast import ALICE, CHARLIE, DANA, ERIN, OLGA, SAM
from tests.site import Booked, Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

LANGUAGES = ["en-GB", "en-XA", "ar-XB"]
STRETCHED = "en-XA"
ONE_LINE, TWO_LINES = 60, 90  # pixels
INSIDE = "() => document.documentElement.scrollWidth <= innerWidth"
HIGH = "() => document.querySelector('.bar').offsetHeight"
BLOCKED = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"

# Every text outside ⟦…⟧ that holds a word, apart from names and numbers that are nobody's to translate.
UNTRANSLATED = """(names) => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element.closest("script, style, option, noscript, [hidden]")) continue;
    let text = node.textContent;
    for (const name of names) text = text.replaceAll(name, "");
    let depth = 0;
    const rest = [...text].filter((letter) => {
      if (letter === "⟦") depth += 1;
      const outside = depth === 0;
      if (letter === "⟧") depth -= 1;
      return outside;
    }).join("");
    if (/[a-z]{2}/i.test(rest)) found.push(text.trim());
  }
  return found;
}"""
RECORD = f"/patients/{DANA.patient_id}"
NAMES = ["Dr Alice Ahmed", "Harbour Clinic", DANA.name, ERIN.name, "+44 20 7946 0018", "Consilium", "AA"]


class Walk:
    """A patient on the way, looking at each page, and in the stretched language also for words that escaped translation."""

    def __init__(self, dana: Person, names: list[str] | None = None) -> None:
        self.dana = dana
        self.names = [*NAMES, *(names or [])]
        self.inspection = Inspection()

    def look(self, state: str, page: Page | None = None) -> None:
        page = page or self.dana.page
        self.inspection.look(self.dana, state, page)
        if self.dana.language == STRETCHED:
            self.inspection.wrong += [f"{state}: not translated: {text}" for text in page.evaluate(UNTRANSLATED, self.names)]

    def click(self, what: str) -> None:
        self.dana.page.locator(what).first.click()

    def comes_to(self, what: str, state: str) -> None:
        expect(self.dana.page.locator(what).first).to_be_visible()
        self.look(state)

    def look_aside(self, script: str, path: str, what: str, state: str) -> None:
        """Look at a page as it is in a browser with something in the way."""
        tab = self.dana.new_tab()
        tab.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        tab.add_init_script(script)
        tab.goto(path)
        expect(tab.locator(what)).to_be_visible()
        self.look(state, tab)
        tab.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_of_a_patient(persons: Persons, site: Site, language: str) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE, language=language)
    dana.allow_errors("status of 422")
    walk = Walk(dana)
    dana.open(booked.link)
    assert dana.page.locator("html").get_attribute("lang") == language
    assert dana.page.locator("html").get_attribute("dir") == ("rtl" if language.startswith("ar") else "ltr")
    walk.look_aside(WITHOUT_CALLS, dana.page.url, "#obstacle", "welcome without calls")
    walk.click("main form button")
    forms(walk)
    devices(walk)
    afterwards(walk, site, booked)
    assert walk.inspection.wrong == []


def forms(walk: Walk) -> None:
    expect(walk.dana.page.locator("#name")).to_be_visible()
    walk.dana.page.locator("#name").fill("")
    walk.click("main form button")
    walk.comes_to(".error-summary", "name missing")
    walk.dana.page.locator("#name").fill(DANA.name)
    walk.click("main form button")
    walk.comes_to("#agree", "consent")
    walk.click("#agree button")
    expect(walk.dana.page.locator(".error-summary")).to_be_visible()
    walk.click("details summary")
    walk.look("consent missing")
    walk.click("form[action$=declined] button")
    walk.comes_to("a.button.quiet[href$=consent]", "declined")
    walk.click("a.button.quiet[href$=consent]")
    expect(walk.dana.page.locator("#agree button")).to_be_visible()
    for box in walk.dana.page.locator("#agree input[type=checkbox]").all():
        box.check()
    walk.click("#agree button")


def devices(walk: Walk) -> None:
    expect(walk.dana.page.locator("#step[data-step=camera]")).to_be_visible()
    walk.look_aside(BLOCKED, walk.dana.page.url, "#trouble", "camera blocked")
    turn_on(walk.dana)
    walk.look("camera on")
    walk.click("#works")
    expect(walk.dana.page.locator("#step[data-step=microphone]")).to_be_visible()
    walk.look_aside(BLOCKED, walk.dana.page.url, "#trouble", "microphone blocked")
    turn_on(walk.dana)
    walk.look("microphone on")
    walk.click("#works")
    walk.comes_to("#step[data-step=speaker]", "speaker")
    walk.click("#play")
    walk.comes_to("#question", "was it heard")
    walk.click("#not-heard")
    walk.comes_to("#tips", "not heard")
    walk.click("#without")
    expect(walk.dana.page.locator("#step[data-step=network]")).to_be_visible()


def afterwards(walk: Walk, site: Site, booked: Booked) -> None:
    end = {"outcome": "completed", "reason": None}
    site.client(ALICE).post(f"/api/consultations/{booked.id}/end", json=end).raise_for_status()
    after = "/".join(walk.dana.page.url.split("/")[:5]) + "/after"
    walk.dana.open(after)
    walk.look("after, and nobody met")
    let_in(site, booked)
    walk.dana.open(after)
    walk.comes_to(".feedback", "after")
    walk.click(".feedback button")
    walk.comes_to(".error-summary", "feedback missing")
    walk.dana.page.locator("#felt-5").check()
    walk.click(".feedback button")
    walk.comes_to(".callout.good", "thanks")


def let_in(site: Site, booked: Booked) -> None:
    """Say that the patient was in the call, without one."""
    behind_the_back(site, "UPDATE participant SET admitted_at = '2020-01-01 10:00:00' WHERE replace(consultation_id, '-', '') = ?", booked)


def behind_the_back(site: Site, statement: str, booked: Booked) -> None:
    """Change something of a consultation in the database: what no page and no command can, or only after a call."""
    with sqlite3.connect(site.server.folder / "test.db") as database:
        changed = database.execute(statement, (booked.id.replace("-", ""),))
    assert changed.rowcount


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_that_do_not_lead_in(persons: Persons, site: Site, language: str) -> None:
    dana = persons.person("dana", site, size=PHONE, language=language)
    dana.allow_errors("status of 4(04|10)")
    walk = Walk(dana)
    early = site.consultation(scheduled_at=(SystemClock().now() + timedelta(days=3)).isoformat())
    dana.open(early.link)
    walk.comes_to("a[href$=camera]", "early")
    expired, revoked = site.consultation(), site.consultation()
    past = "UPDATE consultation SET scheduled_at = '2020' || substr(scheduled_at, 5) WHERE replace(id, '-', '') = ?"
    behind_the_back(site, past, expired)
    site.client(ALICE).delete(f"/api/consultations/{revoked.id}/link").raise_for_status()
    for state, link in (("expired", expired.link), ("revoked", revoked.link), ("unknown", "/j/" + "x" * 43)):
        dana.open(link)
        walk.comes_to("main h1", state)
    assert walk.inspection.wrong == []


@pytest.mark.row("N4")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_records_of_patients(persons: Persons, site: Site, language: str) -> None:
    booked = site.consultation()
    site.client(ALICE).post(f"/api/consultations/{booked.id}/notes", json={}).raise_for_status()
    alice = persons.person("alice", site, signed_in=ALICE, language=language)
    charlie = persons.person("charlie", site, signed_in=CHARLIE, language=language)
    sam = persons.person("sam", site, signed_in=SAM, language=language)
    inspection = Inspection()
    for person in (alice, charlie, sam):
        person.allow_errors("status of 4(03|22)|Failed to load resource")
    alice.open(RECORD)
    alice.page.locator("#person").select_option(str(SAM.person_id))
    alice.page.locator(".permit > button").click()
    comes_to(alice, ".error-summary", inspection, "a permission without its last day")
    alice.page.locator("#until").fill(alice.page.locator("#until").get_attribute("max") or "")
    alice.page.locator("#reason").fill("Letters")
    alice.page.locator(".permit > button").click()
    comes_to(alice, "form[action$=withdraw]", inspection, "a permission")
    open_in_emergency(charlie, inspection)
    for path, state in (("/today", "a notice"), (RECORD, "a notice on the record"), ("/patients", "patients")):
        alice.open(path)
        comes_to(alice, ".notice" if "notice" in state else ".people", inspection, state)
    for path in ("/patients", RECORD, "/today"):
        sam.open(path)
        inspection.look(sam, path)
    alice.open("/today")
    alice.page.locator(".notice button").first.click()
    expect(alice.page.locator(".notice")).to_have_count(0)
    assert inspection.wrong == []


@pytest.mark.row("N6")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_a_note(persons: Persons, site: Site, language: str) -> None:
    booked = site.consultation()
    listed = site.client(ALICE).post(f"/api/consultations/{booked.id}/notes", json={}).raise_for_status().json()["notes"]
    note = next(one["id"] for one in listed if one["kind"] == "shared")
    alice = persons.person("alice", site, signed_in=ALICE, language=language).open(booked.desk)
    alice.page.locator("[data-section=plan] .note-text").click()
    alice.page.keyboard.type("Rest for a week")
    expect(alice.page.locator(".note-state[data-mood=calm]")).to_have_text(re.compile("[0-9]"))
    inspection = Inspection()
    alice.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for path in (f"/notes/{note}", f"/notes/{note}/history", f"/notes/{note}/history?from=3&to=8"):
        alice.open(path)
        expect(alice.page.locator(".note-page").first).to_contain_text("Re")
        inspection.look(alice, path.replace(note, "…"))
        alice.until(lambda: alice.page.evaluate(INSIDE), what=f"nothing beyond the edge of {path}")
    assert inspection.wrong == []


def open_in_emergency(charlie: Person, inspection: Inspection) -> None:
    charlie.open("/emergency")
    inspection.look(charlie, "emergency")
    charlie.page.locator("#name").fill(DANA.name)
    charlie.page.locator(".finder button").click()
    comes_to(charlie, "#patient", inspection, "found in an emergency")
    charlie.page.locator("form[action$=open] > button").click()
    comes_to(charlie, ".error-summary", inspection, "an emergency without a reason")
    charlie.page.locator("#patient").check()
    charlie.page.locator("#reason").fill("Collapsed in the corridor")
    charlie.page.locator("#now").check()
    charlie.page.locator("form[action$=open] > button").click()
    comes_to(charlie, "form[action$=end]", inspection, "opened in an emergency")


def comes_to(person: Person, what: str, inspection: Inspection, state: str) -> None:
    expect(person.page.locator(what).first).to_be_visible()
    inspection.look(person, state)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_a_professional(persons: Persons, site: Site, language: str) -> None:
    site.consultation(guest=ERIN, mobile=ERIN.mobile)
    alice = persons.person("alice", site, signed_in=ALICE, language=language)
    alice.allow_errors("status of 40[14]|Failed to load resource")
    inspection = Inspection()
    alice.open("/nowhere")
    inspection.look(alice, "no such page")
    alice.page.route("**/api/tickets", lambda route: route.abort())
    alice.open("/today")
    expect(alice.page.locator("#today .callout.warn:not(.notice)")).to_be_visible()
    inspection.look(alice, "a list that is not live")
    alice.context.clear_cookies()
    alice.open("/sign-in")
    alice.page.locator("#username").fill("dr_wrong")
    alice.page.locator("#password").fill("wrong")
    alice.page.locator("main button.primary").click()
    expect(alice.page.locator(".error-summary")).to_be_visible()
    inspection.look(alice, "a wrong password")
    olga = persons.person("olga", site, signed_in=OLGA, language=language).open("/account?done=practice")
    comes_to(olga, ".account-practice .callout", inspection, "what the practice decides")
    assert inspection.wrong == []


@pytest.mark.row("B1")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_that_find_appointments(persons: Persons, site: Site, language: str) -> None:
    dana = persons.person("dana", site, size=PHONE, language=language).open("/sign-in?next=/my")
    dana.allow_errors("status of 422")
    walk = Walk(dana, ["dana@example.com"])
    dana.page.locator("#username").fill(str(DANA.username))
    dana.page.locator("#password").fill(f"{DANA.username} likes long walks")
    walk.click("main form button.primary")
    expect(dana.page.locator("a[href='/my/find']")).to_be_visible()
    dana.open("/my/find?anew")  # whatever an earlier language has asked for
    walk.comes_to("#address", "an address is asked for")
    walk.click("main form button")
    walk.comes_to(".error-summary", "no address")
    dana.page.locator("#address").fill("dana@example.com")
    walk.click("main form button")
    walk.comes_to("a[href='/my/find?anew']", "no provider to send a code by")
    with sqlite3.connect(site.server.folder / "test.db") as database:
        database.execute("UPDATE address_proof SET unsent = 0")
    dana.open("/my/find")
    walk.comes_to("#code", "a code is asked for")
    dana.page.locator("#code").fill("12")
    walk.click("main form button")
    walk.comes_to(".error-summary", "a wrong code")
    dana.until(lambda: dana.page.evaluate(INSIDE), what="nothing beyond the edge")
    assert walk.inspection.wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bar_takes_two_lines_at_most_and_never_moves_the_page(persons: Persons, site: Site, language: str) -> None:
    alice = persons.person("alice", site, signed_in=ALICE, language=language).open("/templates")
    for width, most in ((1366, ONE_LINE), (1024, ONE_LINE), (683, TWO_LINES), (390, TWO_LINES), (320, TWO_LINES)):
        alice.page.set_viewport_size({"width": width, "height": 844})
        ways = alice.page.locator(".bar-ways a")
        ways.first.focus()
        last = ways.last
        last.focus()
        expect(last).to_be_in_viewport()
        alice.until(lambda most=most: alice.page.evaluate(HIGH) <= most, what=f"a bar that is low enough at {width} px")  # type: ignore[misc]
        alice.until(lambda: alice.page.evaluate(INSIDE), what=f"nothing beyond the edge at {width} px")


@pytest.mark.row("M2")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_about_money(persons: Persons, site: Site, language: str) -> None:
    paid, disputed, booked = pay_for(site), pay_for(site, disputed=True), book_by_invoice(site)
    alice, olga = (persons.person(name, site, language=language) for name in ("alice", "olga"))
    erin = persons.person("erin", site, size=PHONE, language=language)
    inspection = Inspection()
    for person, member in ((alice, ALICE), (olga, OLGA)):
        sign_in(person, member, "/money")  # a refund asks for the password again when it was given ten minutes ago
        person.allow_errors("status of 422")
    charge = f"/money/charges/{paid.charge_id}"
    months = ("/money?month=2020-01", "/money?state=unpaid", "/money/fees?month=2020-01")
    invoices = (f"/money/invoices?month={booked.month}&done=issued", "/money/invoices?month=2020-01")
    for path in (*months, *invoices, f"/money/charges/{disputed.charge_id}"):
        alice.open(path)
        inspection.look(alice, path)
    alice.open(f"{charge}/refund").page.locator("form[novalidate] button").click()
    comes_to(alice, ".error-summary", inspection, "a refund without a reason")
    alice.page.locator("#why").fill("The line was bad")
    alice.page.locator("form[novalidate] button").click()
    comes_to(alice, ".callout.good", inspection, "a refund that was asked for")
    alice.open(f"{charge}/refund")
    inspection.look(alice, "nothing is left")
    olga.open("/money")
    inspection.look(olga, "/money of an administrator")
    olga.open("/money/seller").page.locator("#name").fill("")
    olga.page.locator("form[novalidate] button").click()
    comes_to(olga, ".error-summary", inspection, "a seller without a name")
    erin.open(paid.link)
    erin.open(f"{erin.page.url.removesuffix('/')}/appointment")
    inspection.look(erin, "an appointment with a receipt")
    dana = persons.person("dana", site, size=PHONE, language=language).open(f"/sign-in?next=/my/{DANA.patient_id}/documents")
    dana.page.locator("#username").fill(str(DANA.username))
    dana.page.locator("#password").fill("dana likes long walks")
    dana.page.locator("main button.primary").click()
    expect(dana.page.locator("main a[href='/my']")).to_be_visible()
    inspection.look(dana, "no receipt yet")
    assert inspection.wrong == []
