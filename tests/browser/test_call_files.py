"""A file is sent in the call by either side, from a phone and from a desk."""

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import call_of_two
from tests.browser.person import Person, Persons
from tests.http.filing import EICAR, picture
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V7")]


def choose(person: Person, name: str, content: bytes, kind: str) -> None:
    with person.page.expect_file_chooser() as chooser:
        person.press("Send a file")
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})


def test_both_send_a_file_and_take_the_others_out(persons: Persons, site: Site) -> None:
    alice, dana, _ = call_of_two(persons, site)
    with dana.page.expect_response("**/static/chunk-*.js"):  # before anybody picks a file: a chooser opens only shortly after a click
        dana.press("Chat")
    choose(dana, "rash.jpg", picture(size=(800, 600)), "image/jpeg")
    link = dana.page.get_by_role("link", name="rash.jpg (jpeg")
    expect(link).to_be_visible()
    chat = alice.page.get_by_role("group", name="Call controls").get_by_role("button", name="Chat")
    expect(chat).to_contain_text("1")
    chat.click()
    with alice.page.expect_download() as taken:
        alice.page.get_by_role("link", name="rash.jpg (jpeg").click()
    assert taken.value.suggested_filename == "rash.jpg"
    choose(alice, "advice.txt", b"Take one a day", "text/plain")
    expect(dana.page.get_by_role("link", name="advice.txt (text, 1 kB)")).to_be_visible()
    with dana.held("**/call-files"):
        choose(dana, "slow.txt", b"Never arrives", "text/plain")
        dana.reads("Sending slow.txt…")
        dana.press("Stop sending")
        expect(dana.page.locator(".sending")).to_have_count(0)
    dana.page.route("**/call-files", lambda route: route.abort())
    dana.allow_errors("ERR_FAILED|status of 422")
    choose(dana, "lost.txt", b"Never arrives", "text/plain")
    dana.reads("The file was not sent. Please check your internet connection, and send it again.")
    dana.press("Understood")
    dana.page.unroute("**/call-files")
    choose(dana, "program.exe", b"MZ\x00" + EICAR, "application/octet-stream")
    dana.reads("Files of this kind are not taken.")
    dana.press("Understood")
    expect(dana.page.locator(".sending")).to_have_count(0)
