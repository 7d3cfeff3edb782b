"""What a tab left on its owner's computer when it went away with unsent text: who gets it, in what form, and who finds nothing."""

import re
from threading import Event

import pytest
from playwright.sync_api import Browser, Error, Page, Route, WebSocketRoute, expect
from sqlalchemy import create_engine, text

from server.notes.limits import MAX_UPDATE
from tests.browser.axe import Inspection
from tests.browser.journeys import at_desk
from tests.browser.own_desk import OFFERED, all_kept, at_own_desk, kept, new_page, nothing_kept, takes_all_dialogs
from tests.browser.person import Person, Persons
from tests.browser.test_note import paste, saved, section, write, written
from tests.browser.test_note_signing import do, editor, pane, sign, tab
from tests.cable import Plug
from tests.cast import ALICE, BOB
from tests.servers import AppServer
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N2")]

# A server with one more node in its schema than the pages that were open before it.
NEWER = "from server.notes import limits; limits.SCHEMA_VERSION = 2; from server.__main__ import main; main(['serve'])"
LONG = "It has hurt since Monday. " * 1_400  # nearly as much as may be pasted at once
PASTES = 8
READ_TWICE = 1.5  # letters for each byte that is kept: `kept` reads it in letters of one byte and once more in those of two
HELLO = re.compile(r"\{schema:(\w+),\.\.\.")


@pytest.fixture
def alice(persons: Persons, site: Site, far_chromium: Browser) -> Person:
    """dr_alice, at the far end of the cable."""
    return persons.person("alice", site, browser=far_chromium)


def close(page: Page) -> None:
    page.close()


def crash(page: Page) -> None:
    with pytest.raises(Error):
        page.goto("chrome://crash")
    page.close()


@pytest.mark.parametrize("leave", [close, crash])
def test_bad_42_the_next_tab_sends_what_was_not_sent(site: Site, alice: Person, plug: Plug, leave: object) -> None:
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked)
    write(alice, "Plan", "Sent. ")
    saved(alice)
    plug.pull()
    write(alice, "Plan", "Zebrafish twice a day.")
    all_kept(alice)
    (record,) = kept(alice)
    assert "Zebrafish" not in record
    assert "twice" not in record
    assert callable(leave)
    leave(alice.page)
    plug.put_back()
    alice.page = alice.new_tab()
    alice.open(booked.desk)
    expect(section(alice, "Plan")).to_have_text("Sent. Zebrafish twice a day.")
    saved(alice)
    nothing_kept(alice)
    write(alice, "Plan", " And goes on.")
    saved(alice)
    alice.page.reload()
    expect(section(alice, "Plan")).to_have_text("Sent. Zebrafish twice a day. And goes on.")


def test_what_is_longer_than_one_edit_may_be_is_sent_as_well(site: Site, alice: Person, plug: Plug) -> None:
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked)
    plug.pull()
    section(alice, "Plan").click()
    for _ in range(PASTES):
        paste(alice, "text/plain", LONG)
    alice.until(lambda: sum(map(len, kept(alice))) > READ_TWICE * PASTES * len(LONG), what="the last of it is kept, too")
    all_kept(alice)
    plug.put_back()
    new_page(alice, booked)
    saved(alice)
    expect(alice.page.locator(".note-ended")).to_have_count(0)
    assert len(written(alice, "Plan")) == PASTES * len(LONG) > MAX_UPDATE
    nothing_kept(alice)


def test_of_several_lost_tabs_one_goes_on_and_the_others_are_offered(site: Site, alice: Person, plug: Plug) -> None:
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked)
    first, second = alice.page, alice.new_tab()
    second.goto(f"{site.url}{booked.desk}" if booked.desk.startswith("/") else booked.desk)
    expect(second.get_by_role("textbox", name="Plan")).to_be_editable()
    plug.pull()
    write(alice, "Plan", "From the first tab.")
    all_kept(alice)
    alice.page = second
    write(alice, "Plan", "From the second tab.")
    all_kept(alice)
    alice.until(lambda: len(kept(alice)) == 2, what="one record for each tab")
    first.close()
    plug.put_back()
    new_page(alice, booked)
    expect(section(alice, "Plan")).to_have_text("From the second tab.")
    alice.reads(OFFERED)
    alice.reads("From the first tab.")
    inspection = Inspection()
    inspection.look(alice, "text of a lost tab")
    assert inspection.wrong == []
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    alice.press("Copy the text")
    alice.reads("Copied.")
    assert alice.page.evaluate("() => navigator.clipboard.readText()") == "From the first tab."
    alice.press("Add it at the end")
    expect(section(alice, "Plan").locator("p")).to_have_text(["From the second tab.", "From the first tab."])
    expect(alice.page.get_by_text(OFFERED)).to_have_count(0)
    saved(alice)
    nothing_kept(alice)


def test_what_was_kept_is_noise_to_the_next_login(site: Site, alice: Person, plug: Plug) -> None:
    """Whose login it was has ended meanwhile: another person finds nothing, and leaves nothing of it behind."""
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked)
    plug.pull()
    write(alice, "Plan", "Zebrafish")
    all_kept(alice)
    alice.page.close()
    alice.context.clear_cookies()
    plug.put_back()
    alice.page = alice.new_tab()
    at_own_desk(alice, BOB, booked)
    expect(section(alice, "Plan")).to_have_text("")
    nothing_kept(alice)
    assert "Zebrafish" not in alice.page.content()


def test_in_a_note_that_was_locked_meanwhile_it_comes_as_too_late(persons: Persons, site: Site, alice: Person, plug: Plug) -> None:
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked)
    write(alice, "Plan", "Rest. ")
    saved(alice)
    plug.pull()
    write(alice, "Plan", "Zebrafish")
    all_kept(alice)
    alice.page.close()
    elsewhere = at_desk(persons, site, booked)
    expect(section(elsewhere, "Plan")).to_have_text("Rest. ")
    sign(elsewhere, "Sign and lock…", ALICE.password)
    expect(pane(elsewhere)).to_contain_text("Locked by")
    plug.put_back()
    alice.page = alice.new_tab()
    alice.open(booked.desk)
    alice.reads("This note was locked while you were writing. Your last changes are not in it.")
    expect(alice.page.locator(".late-words")).to_contain_text("Zebrafish")
    assert len(kept(alice)) == 1
    do(alice, "Add it as an addendum")
    dialog = alice.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("Came too late")
    dialog.get_by_role("button", name="Begin").click()
    expect(tab(alice, "Addendum 1")).to_have_attribute("aria-pressed", "true")
    expect(editor(alice, "Plan")).to_contain_text("Zebrafish")
    expect(pane(alice).locator(".note-state")).to_have_text(re.compile(r"^Saved \d"))
    nothing_kept(alice)


def test_signing_out_clears_the_computer_and_an_open_tab_goes_on_after_the_next_sign_in(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice = persons.person("alice", site)
    dead = Event()
    alice.page.route_web_socket("**/ws/note", lambda line: relay(line, dead))
    at_own_desk(alice, ALICE, booked)
    dead.set()
    write(alice, "Plan", "Zebrafish")
    all_kept(alice)
    desk, other = alice.page, alice.new_tab()
    alice.page = other
    alice.open("/today")
    assert len(kept(alice)) == 1
    alice.press("Sign out")
    expect(alice.page).to_have_url(re.compile("/sign-in"))
    nothing_kept(alice)
    alice.page = desk
    alice.reads("You are signed out. Sign in again in another tab, then go on here. Nothing is lost while this tab stays open.")
    alice.page = other
    at_own_desk(alice, ALICE, booked)
    expect(section(alice, "Plan")).to_have_text("")
    alice.page = desk
    dead.clear()
    alice.press("Go on here")
    saved(alice)
    expect(section(alice, "Plan")).to_have_text("Zebrafish")
    nothing_kept(alice)


def relay(line: WebSocketRoute, dead: Event) -> None:
    """Carry a socket to the server; while `dead` is set nothing goes up, and no new line comes about."""
    if dead.is_set():
        line.close(code=1013)
        return
    server = line.connect_to_server()
    line.on_message(lambda message: None if dead.is_set() else server.send(message))


def test_a_tab_of_an_older_schema_is_refused_politely_and_its_text_is_offered_to_the_newer_page(persons: Persons, own_site: Site) -> None:
    booked = own_site.consultation()
    alice = persons.person("alice", own_site)
    takes_all_dialogs(alice)
    at_own_desk(alice, ALICE, booked)
    write(alice, "Plan", "Sent. ")
    saved(alice)
    own_site.server.kill()
    write(alice, "Plan", "Zebrafish")
    all_kept(alice)
    upgrade(own_site.server)
    alice.reads("This page is older than the server. Copy what is not saved, then load the page again.")
    expect(section(alice, "Plan")).to_have_text("Sent. Zebrafish")
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    alice.press("Copy the text")
    alice.reads("Copied.")
    assert "Sent. Zebrafish" in alice.page.evaluate("() => navigator.clipboard.readText()")
    alice.context.route(re.compile(r"/static/.*\.js"), newer_script)
    alice.press("Load the page again")
    alice.reads(OFFERED)
    expect(alice.page.locator(".late-words")).to_have_text("Zebrafish")
    expect(section(alice, "Plan")).to_have_text("Sent. ")
    alice.press("Add it at the end")
    expect(section(alice, "Plan")).to_contain_text("Zebrafish")
    saved(alice)
    nothing_kept(alice)


def upgrade(server: AppServer) -> None:
    """Start the server again as its next release, which has brought its notes to the new schema."""
    engine = create_engine(server.settings["DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE note SET schema_version = 2"))
    engine.dispose()
    server.command = ["-c", NEWER]
    server.restart()


def newer_script(route: Route) -> None:
    """Give the page that release's own editor: the number that it says in its hello is the newer one."""
    answer = route.fetch()
    script = answer.text()
    name = HELLO.search(script)
    if name:
        script, changed = re.subn(rf"\b{name[1]}=1\b", f"{name[1]}=2", script)
        assert changed == 1
    route.fulfill(response=answer, body=script)
