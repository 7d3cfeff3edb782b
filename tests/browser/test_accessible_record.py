"""What background, documents, doubles and the copy of one's data say: axe in light and dark, on phone and laptop, in three languages.

The pages themselves are in the walk through every page.
"""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.person import PHONE, Persons
from tests.browser.test_accessible_pages import LANGUAGES, Walk
from tests.cast import ALICE, DANA, Guest
from tests.http.filing import pdf, picture
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11"), pytest.mark.row("N8")]

RECORD, MINE = f"/patients/{DANA.patient_id}", f"/my/{DANA.patient_id}"
WRITTEN = [
    "Penicillin: rash", "Aspirin 75 mg", "Dr Gale", "1 High Street", "woman", "Letter of the hospital", "The Surgery", "Out in 1995",
    "February 29, 1980", "PDF", "kB", "Diaz Dana", "D. Diaz", "Knee", "FHIR", "JSON", "ZIP",
]  # fmt: skip
TWINS = [Guest(name, "+447700900123", "") for name in ("Diaz Dana", "D. Diaz")]
WHO = {"born_on": "1980-02-29", "gender": "woman", "address": "1 High Street", "gp_name": "Dr Gale", "gp_practice": "The Surgery"}


def fill(site: Site) -> str:
    """Put something of each kind into dana's record; returns the cookie of her login."""
    alice = site.client(ALICE)
    alice.post(f"{RECORD}/particulars", data={**WHO, "nhs_number": "9434765919", "seen": ""})
    for form in (
        {"kind": "allergy", "text": "Penicillin: rash", "source": "patient", "on": "2020-05-01"},
        {"kind": "history", "text": "Out in 1995", "source": "doctor", "giver": "Dr Gale"},
    ):
        assert alice.post(f"{RECORD}/background", data=form).status_code == 303
    title = {"title": "Letter of the hospital", "on": "2026-01-31", "shared": "yes"}
    assert alice.post(f"{RECORD}/files", data=title, files={"file": ("letter.pdf", pdf(), "x/y")}).status_code == 303
    knee = {"file": ("knee.png", picture("PNG"), "image/png")}
    assert alice.post(f"{RECORD}/files", data={"title": "Knee", "shared": "yes"}, files=knee).status_code == 303
    with httpx2.Client(base_url=site.url, headers={"origin": site.url}, trust_env=False, timeout=20) as dana:
        assert dana.post("/sign-in", data={"username": "dana", "password": "dana likes long walks"}).status_code == 303
        assert dana.post(f"{MINE}/background/ask", data={"kind": "medication", "text": "Aspirin 75 mg"}).status_code == 303
        return dana.cookies["sid"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_a_record(persons: Persons, site: Site, language: str) -> None:
    booked = site.consultation()
    login = fill(site)
    alice = persons.person("alice", site, signed_in=ALICE, language=language)
    alice.allow_errors("status of 422")
    desk = Walk(alice, WRITTEN)
    alice.open(f"{RECORD}/background")
    desk.click("#line button.primary")
    desk.comes_to(".error-summary", "a line without a kind")
    alice.open(f"{RECORD}/files")
    desk.click("form[action$='/files'] button.primary")
    desk.comes_to(".error-summary", "no file")
    for twin in TWINS:
        site.consultation(guest=twin, mobile=twin.mobile)
    alice.open("/patients/doubles")
    desk.click("a[href*='/double/']")
    expect(alice.page.locator("#keep-1")).to_be_visible()
    desk.click("form[action*='/double/'] button.primary")
    desk.comes_to(".error-summary", "no record chosen")
    dana = persons.person("dana", site, size=PHONE, language=language)
    dana.allow_errors("status of 422")
    dana.page.context.add_cookies([{"name": "sid", "value": login, "url": site.url}])
    mine = Walk(dana, WRITTEN)
    dana.open("/my/data")
    mine.click("#ask-copy")
    while not dana.page.locator("#download").count():
        dana.open("/my/data")
    mine.look("a copy that is ready")
    dana.open(f"{MINE}/background")
    mine.click("#line button")
    mine.comes_to(".error-summary", "nothing written")
    guest = persons.person("by link", site, size=PHONE, language=language)
    guest.allow_errors("status of 422")
    by_link = Walk(guest, WRITTEN)
    guest.open(booked.link)
    by_link.click("a[href$='/files']")
    expect(guest.page.locator("#file")).to_be_visible()
    by_link.click("form button.primary")
    by_link.comes_to(".error-summary", "no file by the link")
    assert desk.inspection.wrong + mine.inspection.wrong + by_link.inspection.wrong == []
