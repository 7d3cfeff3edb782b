"""The professional before the call: signing in, making consultations, and what becomes of their links."""

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import sign_in
from tests.browser.person import LAPTOP, Person, Persons
from tests.cast import ALICE, BOB, ERIN
from tests.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def alice(persons: Persons, site: Site) -> Person:
    """dr_alice in front of her list."""
    return persons.person("alice", site, signed_in=ALICE).open("/today")


def make(alice: Person, name: str, **reach: str) -> str:
    """Make a consultation now by the dialog; return the link that it shows."""
    alice.button("Consultation now").first.click()
    alice.field("Name of the patient").fill(name)
    for label, value in reach.items():
        alice.page.locator(f"#{label}").fill(value)
    alice.press("Make the link")
    field = alice.field("Personal link of the patient")
    expect(field).to_be_visible()
    return field.input_value()


@pytest.mark.row("P4")
def test_signing_in_and_out(persons: Persons, site: Site) -> None:
    alice = persons.person("alice", site)
    alice.allow_errors("status of 401")
    alice.open("/outbox")
    alice.field("Username").fill(ALICE.username)
    alice.field("Password").fill("not this one")
    alice.press("Sign in")
    alice.reads("Username or password is not right.")
    alice.field("Username").fill("DR_Alice")
    alice.field("Password").fill(ALICE.password)
    alice.press("Sign in")
    expect(alice.page).to_have_url(f"{site.url}/outbox")
    alice.press("Sign out")
    expect(alice.heading("Sign in")).to_be_visible()
    alice.page.go_back()
    expect(alice.heading("Sign in")).to_be_visible()


@pytest.mark.row("P4")
def test_signing_out_everywhere(persons: Persons, site: Site) -> None:
    here, there = (persons.person(name, site) for name in ("here", "there"))
    for person in (here, there):
        sign_in(person, BOB, "/account")
    here.allow_ended()
    there.allow_ended()
    here.page.locator("form[action='/sign-out-everywhere'] button").click()
    expect(here.heading("Sign in")).to_be_visible()
    there.open("/today")
    expect(there.heading("Sign in")).to_be_visible()


@pytest.mark.row("V1")
@pytest.mark.row("S4")
def test_a_consultation_now(alice: Person, persons: Persons, site: Site) -> None:
    link = make(alice, "Dana <script>alert(1)</script>", mobile="+447700900001", email="dana@example.org")
    expect(alice.page.get_by_role("img", name="QR code of the link")).to_be_visible()
    alice.reads("Put into Messages as a text message.")
    alice.reads("Put into Messages as an e-mail.")
    alice.link("Open Messages").click()
    expect(alice.page.get_by_text(link).first).to_be_visible()
    persons.person("dana", site).open(link).reads("Your video consultation with Dr Alice Ahmed")


@pytest.mark.row("V1")
def test_a_name_of_spaces_is_refused_in_the_form(alice: Person) -> None:
    alice.button("Consultation now").first.click()
    name = alice.field("Name of the patient")
    name.fill("   ")
    alice.press("Make the link")
    expect(name).to_be_focused()
    assert "spaces alone are not enough" in name.evaluate("(field) => field.validationMessage")
    name.fill("Dana")
    alice.press("Make the link")
    expect(alice.field("Personal link of the patient")).to_be_visible()


@pytest.mark.row("V1")
def test_the_link_is_copied(alice: Person) -> None:
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = make(alice, "Dana")
    alice.press("Copy")
    alice.reads("Copied.")
    assert alice.page.evaluate("() => navigator.clipboard.readText()") == link


@pytest.mark.row("P3")
def test_a_consultation_of_the_team_reaches_the_colleague_at_once(alice: Person, persons: Persons, site: Site) -> None:
    bob = persons.person("bob", site, signed_in=BOB).open("/today")
    expect(bob.button("Consultation now").first).to_be_visible()
    alice.button("Consultation now").first.click()
    alice.field("Name of the patient").fill("Erin for the team")
    alice.field("Team North").check()
    alice.press("Make the link")
    bob.reads("Erin for the team")


@pytest.mark.row("V1")
def test_a_revoked_link_can_be_made_anew(alice: Person, persons: Persons, site: Site) -> None:
    old = make(alice, "Dana to revoke")
    alice.press("Done")
    line = alice.page.locator("li.line").filter(has_text="Dana to revoke")
    line.locator(".line-toggle").click()
    line.get_by_role("button", name="Revoke link").click()
    alice.press("Revoke the link")
    expect(line).to_contain_text("revoked")
    line.get_by_role("button", name="New link").click()
    alice.page.locator("dialog[open] button[type=submit]").click()
    new = alice.field("Personal link of the patient").input_value()
    assert new != old
    dana = persons.person("dana", site)
    dana.allow_errors("status of 410")
    dana.open(old).reads("This link is no longer in use")
    dana.open(new).reads("Your video consultation with")


def test_a_list_that_was_never_live_says_so(persons: Persons, site: Site) -> None:
    alice = persons.person("alice", site, signed_in=ALICE)
    alice.allow_errors("Failed to load resource")
    alice.page.route("**/api/tickets", lambda route: route.abort())
    alice.open("/today")
    alice.reads("This list is not live at the moment.")


def test_a_list_that_is_not_live_any_more_says_so(persons: Persons, own_site: Site) -> None:
    alice = persons.person("alice", own_site, signed_in=ALICE, size=LAPTOP)
    alice.allow_errors("WebSocket|ERR_CONNECTION|Failed to load resource")
    alice.open("/today")
    own_site.consultation(team_id=None, guest=ERIN)
    alice.reads("Erin Evans")
    own_site.server.kill()
    alice.reads("This list is not live at the moment.")
    own_site.server.restart()
    expect(alice.page.get_by_text("This list is not live at the moment.")).to_have_count(0)
    own_site.consultation(team_id=None)
    alice.reads("Dana Diaz")
