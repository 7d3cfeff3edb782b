"""The professional's week: a grid on a wide window that the arrow keys walk, a list on a telephone, and live on both."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import PHONE, Persons
from tests.cast import ALICE, DANA, ERIN
from tests.site import Site

pytestmark = pytest.mark.row("B7")


def test_the_grid_is_live_and_walked_by_keys(persons: Persons, site: Site) -> None:
    first = site.consultation(guest=DANA)
    alice = persons.person("alice", site, signed_in=ALICE)
    alice.open("/week")
    grid = alice.page.locator("#week-grid")
    expect(alice.page.locator("#week-list")).to_be_hidden()
    link = grid.locator(f'[data-walk][href="/desk/{first.id}"]')
    expect(link).to_be_visible()
    link.focus()
    second = site.consultation(guest=ERIN)
    expect(grid.locator(f'[data-walk][href="/desk/{second.id}"]')).to_be_visible()
    expect(link).to_be_focused()
    before = grid.locator("[data-walk]").evaluate_all("all => all.map((each) => each.getAttribute('href'))")
    assert before.index(f"/desk/{second.id}") == before.index(f"/desk/{first.id}") + 1
    link.press("ArrowDown")
    expect(grid.locator(f'[data-walk][href="/desk/{second.id}"]')).to_be_focused()


def test_a_telephone_has_a_list_and_nothing_scrolls_sideways(persons: Persons, site: Site) -> None:
    booked = site.consultation(guest=DANA)
    alice = persons.person("alice", site, signed_in=ALICE, size=PHONE)
    for path in ("/week", "/day", "/appointments/new"):
        alice.open(path)
        expect(alice.page.locator("h1")).to_be_visible()
        assert alice.page.eval_on_selector("html", "each => each.scrollWidth <= each.clientWidth"), path
    alice.open("/week")
    expect(alice.page.locator(f'#week-list [data-walk][href="/desk/{booked.id}"]')).to_be_visible()
    expect(alice.page.locator("#week-grid")).to_be_hidden()
