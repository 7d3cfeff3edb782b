"""The books in a real browser on a phone: what was paid, money that is given back by hand, and the receipt on the patient's page."""

import pytest
from playwright.sync_api import expect

from tests.browser.paid import Paid, book_by_invoice, pay_for
from tests.browser.person import PHONE, Person, Persons
from tests.cast import ALICE, OLGA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("M2")]

INSIDE = "() => document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture
def paid(site: Site) -> Paid:
    return pay_for(site)


def in_view(person: Person) -> None:
    person.until(lambda: person.page.evaluate(INSIDE), what="nothing beyond the edge")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_part_is_given_back_on_a_phone(persons: Persons, site: Site, paid: Paid, scripts: bool) -> None:
    alice = persons.person("alice", site, signed_in=ALICE, size=PHONE, scripts=scripts)
    alice.allow_errors("status of (409|422)")
    alice.open(f"/money/charges/{paid.charge_id}")
    in_view(alice)
    alice.link("Give money back").click()
    expect(alice.heading("Give money back")).to_be_visible()
    in_view(alice)
    alice.page.get_by_text("A part of it").click()
    alice.field("Amount of the part, in GBP").fill("1,000.00")
    alice.field("Why").fill("The line was bad")
    alice.press("Give it back")
    summary = alice.page.locator(".error-summary")
    expect(summary).to_contain_text("Please write the amount in figures only, as 45.00.")
    if scripts:
        expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    amount = alice.field("Amount of the part, in GBP")
    expect(amount).to_be_focused()
    expect(amount).to_have_value("1,000.00")
    expect(alice.field("Why")).to_have_value("The line was bad")
    amount.fill("12.50")
    alice.press("Give it back")
    alice.reads("That is asked for.")
    alice.reads("The line was bad")
    alice.reads("£32.50 is left.")
    in_view(alice)
    alice.open(f"/money/charges/{paid.charge_id}/refund")
    alice.reads("Everything that is left: £32.50")


def test_the_patient_takes_the_receipt_from_the_link(persons: Persons, site: Site, paid: Paid) -> None:
    erin = persons.person("erin", site, size=PHONE)
    erin.open(paid.link)
    erin.open(f"{erin.page.url.removesuffix('/')}/appointment")
    expect(erin.heading("Receipts and invoices")).to_be_visible()
    in_view(erin)
    with erin.page.expect_download() as taken:
        erin.page.get_by_role("link", name="Receipt SANDBOX-").click()
    assert taken.value.suggested_filename.startswith("receipt-SANDBOX-")
    assert taken.value.path().read_bytes().startswith(b"%PDF-1.7")


def test_an_invoice_is_written_and_what_it_says_is_decided(persons: Persons, site: Site) -> None:
    booked = book_by_invoice(site)
    olga = persons.person("olga", site, signed_in=OLGA, size=PHONE)
    olga.open("/account").link("Money").click()
    olga.link("What receipts say").click()
    olga.field("Who sells").fill("Harbour Clinic Ltd")
    olga.field("How to pay an invoice").fill("Within 14 days")
    olga.press("Save")
    olga.reads("Saved.")
    in_view(olga)
    alice = persons.person("alice", site, signed_in=ALICE, size=PHONE)
    alice.open("/offer").link("Money").click()
    alice.link("Invoices").click()
    alice.page.goto(f"{alice.base_url}/money/invoices?month={booked.month}")
    alice.page.get_by_role("button", name="Write the invoice").click()
    alice.reads("The patient finds the invoice on the page of the appointment.")
    expect(alice.page.get_by_role("link", name="Invoice 000001 (PDF)")).to_be_visible()
    in_view(alice)
