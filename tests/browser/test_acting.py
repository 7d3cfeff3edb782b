"""sam acts for dana: asked by the practice, taken on by the link, into the waiting room under both names, and out at once when it ends."""

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import agree, at_desk, introduce, waits
from tests.browser.person import PHONE, Persons
from tests.browser.test_accessible_pages import Walk
from tests.cast import ALICE, DANA, SAM
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("P5"), pytest.mark.row("V11")]

STAFF, HERS = f"/patients/{DANA.patient_id}/acting", f"/my/{DANA.patient_id}"
BOTH = f"{SAM.name}, for {DANA.name}"


def test_somebody_joins_for_the_patient_until_it_ends(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice = persons.person("alice", site, signed_in=ALICE).open(STAFF)
    alice.allow_errors("status of 422")
    practice = Walk(alice)
    practice.look("nobody acts")
    practice.click("section[aria-labelledby=new] button")
    practice.comes_to(".error-summary", "nothing written")
    alice.field("Name").fill(SAM.name)
    alice.field("By what right").select_option("parent")
    alice.field("What they may do").select_option("see")
    alice.field("On what evidence you accept it").fill("Birth certificate seen")
    alice.press("Make the link")
    practice.comes_to("input[readonly]", "asked")
    link = alice.page.locator("input[readonly]").input_value()
    sam = persons.person("sam", site, signed_in=SAM, size=PHONE).open(link.removeprefix(site.url))
    theirs = Walk(sam)
    theirs.look("asked to act")
    sam.press(f"I will act for {DANA.name}")
    theirs.comes_to("#theirs", "for whom one acts")
    sam.open("/my/acting/child")
    theirs.look("no practice for a child")
    sam.open(HERS)
    expect(sam.page.locator("main .acts-for strong")).to_have_text(f"You act for {DANA.name}")
    theirs.look("the record of somebody else")
    sam.page.locator(f"a[href='{HERS}/consultations/{booked.id}']").click()
    sam.press("Start")
    theirs.comes_to(".acts-for", "who is there")
    introduce(sam)
    agree(sam)
    sam.open(sam.page.url.rsplit("/", 1)[0] + "/room")
    waits(sam)
    desk = at_desk(persons, site, booked)
    expect(desk.page.locator(".desk-with h1")).to_have_text(BOTH)
    expect(desk.page.locator(".desk-with")).to_contain_text(f"{SAM.name} acts for the patient: Parental responsibility")
    alice.open(STAFF)
    alice.press(f"End it now {SAM.name}")
    sam.reads("You may no longer act for this patient.")
    assert practice.inspection.wrong + theirs.inspection.wrong == []
