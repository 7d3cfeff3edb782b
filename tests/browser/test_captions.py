"""Captions in a running call, typed and by the browser's own recognition; and afterwards how the call went."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import Inspection
from tests.browser.journeys import call_of_two, control
from tests.browser.keys import Keys
from tests.browser.person import LAPTOP, PHONE, Person, Persons
from tests.cast import ALICE, OLGA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

# A recognition that says what the test has it say, and ends when it is told to.
FAKE = """
globalThis.SpeechRecognition = globalThis.webkitSpeechRecognition = class {
  start() { globalThis.engine = this; }
  abort() { globalThis.engine = null; this.onend?.(); }
};
"""
SAY = "([transcript, isFinal]) => globalThis.engine.onresult({ resultIndex: 0, results: [{ isFinal, 0: { transcript } }] })"
PICTURES = os.environ.get("CAPTION_PICTURES", "")


def picture(person: Person, name: str) -> None:
    """Take a picture for whoever looks at them; without a folder to put it, take none."""
    if PICTURES:
        person.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True, animations="disabled")


def show_captions(person: Person, sheet: str) -> None:
    control(person, sheet).click()
    person.press("Show captions")
    expect(person.button("Show captions")).to_have_attribute("aria-pressed", "true")
    control(person, sheet).click()


def test_typed_captions(persons: Persons, site: Site) -> None:
    alice, dana, _ = call_of_two(persons, site)
    inspection = Inspection()
    captions = alice.page.locator(".captions")
    show_captions(alice, "Devices")
    dana.press("More")
    inspection.look(dana, "captions in the sheet")
    dana.press("Type captions")
    field = dana.field("Type captions")
    expect(field).to_be_focused()
    field.press_sequentially("I have had a cough", delay=30)
    expect(captions.locator(".caption.interim")).to_contain_text("I have had")
    expect(captions).to_contain_text("typed")
    expect(captions).to_contain_text("Dana Diaz")
    expect(dana.page.locator(".captions")).to_have_count(0)
    inspection.look(alice, "a caption")
    field.press_sequentially(" since Monday")
    field.press("Enter")
    expect(field).to_have_value("")
    expect(captions.locator(".caption:not(.interim)")).to_contain_text("I have had a cough since Monday")
    picture(alice, "caption-desk")
    picture(dana, "caption-typing")
    expect(captions.locator(".caption")).to_have_count(0)
    expect(dana.page.locator(".log")).to_have_count(0)
    dana.press("Stop typing")
    expect(field).to_have_count(0)
    alice.press("Chat")
    expect(alice.page.locator(".log li")).to_have_count(0)
    assert inspection.wrong == []


def test_by_keys_alone_and_read_aloud_only_when_wanted(persons: Persons, site: Site) -> None:
    alice, dana, _ = call_of_two(persons, site)
    keys = Keys(dana)
    log = dana.page.get_by_role("log", name="Captions")
    keys.press("More")
    keys.press("Show captions")
    control(alice, "Devices").click()
    alice.press("Type captions")
    field = alice.field("Type captions")
    field.fill("Not aloud")
    field.press("Enter")
    expect(dana.page.locator(".captions")).to_contain_text("Not aloud")
    expect(log).to_have_attribute("aria-live", "off")
    expect(log).to_be_empty()
    keys.tick(dana.field("My screen reader reads captions aloud"))
    expect(log).to_have_attribute("aria-live", "polite")
    field.fill("Take a deep breath")
    field.press("Enter")
    expect(log).to_contain_text("Dr Alice Ahmed: Take a deep breath")
    keys.press("Type captions")
    keys.write("Yes")
    keys.hit("Enter")
    alice_sees = alice.page.locator(".captions")
    expect(alice_sees).to_have_count(0)
    control(alice, "Devices").click()
    alice.press("Show captions")
    keys.write("Now you see it")
    expect(alice_sees.locator(".caption.interim")).to_contain_text("Now you see it")
    keys.press("Stop typing")
    expect(alice_sees.locator(".caption:not(.interim)", has_text="Now you see it")).to_be_visible()


def test_captions_by_the_browser_are_asked_for_and_stop_with_the_microphone(persons: Persons, site: Site) -> None:
    alice, dana, _ = call_of_two(persons, site)
    dana.context.add_init_script(FAKE)
    dana.page.reload()
    dana.state("live")
    alice.state("live")
    show_captions(alice, "Devices")
    dana.press("More")
    speech = dana.button("Captions of what I say, by my browser")
    expect(speech).to_have_attribute("aria-pressed", "false")
    speech.click()
    dana.reads("Your browser may send your voice to its maker for that.")
    inspection = Inspection()
    inspection.look(dana, "asked")
    dana.press("Not now")
    assert dana.page.evaluate("() => globalThis.engine ?? null") is None
    speech.click()
    dana.press("Allow in this call")
    expect(speech).to_have_attribute("aria-pressed", "true")
    dana.page.evaluate(SAY, ["it hurts here", True])
    caption = alice.page.locator(".caption")
    expect(caption).to_contain_text("it hurts here")
    expect(caption).to_contain_text("made by Dana Diaz's browser")
    assert dana.page.evaluate("() => globalThis.engine.lang") == "en-GB"
    dana.press("Mute")
    dana.until(lambda: dana.page.evaluate("() => globalThis.engine === null"), what="the engine at rest")
    dana.press("Mute")
    dana.until(lambda: dana.page.evaluate("() => globalThis.engine !== null"), what="the engine awake")
    dana.page.evaluate("() => globalThis.engine.onerror({ error: 'not-allowed' })")
    dana.reads("Your browser does not allow captions of what you say.")
    assert inspection.wrong == []


@pytest.mark.row("O3")
def test_how_the_call_went(persons: Persons, site: Site) -> None:
    alice, dana, booked = call_of_two(persons, site)
    reader = persons.person("reader", site, signed_in=ALICE)
    page = f"/calls/{booked.id}"

    def both_reported() -> bool:
        reader.open(page)
        return reader.page.locator("svg.plot").count() == 6

    reader.until(both_reported, what="figures of both", within_s=60)
    for person in (alice, dana):
        person.state("live")
    inspection = Inspection()
    inspection.look(reader, "one call")
    for scheme, size in (("light", LAPTOP), ("dark", PHONE)):
        reader.page.set_viewport_size({"width": size[0], "height": size[1]})
        reader.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        picture(reader, f"call-{scheme}")
    reader.page.emulate_media(media="print", color_scheme="light")
    expect(reader.page.locator(".bar")).to_be_hidden()
    picture(reader, "call-print")
    reader.page.emulate_media(media="screen")
    reader.open("/calls")
    expect(reader.page.locator(f"a[href='{page}']")).to_be_visible()
    inspection.look(reader, "all calls")
    picture(reader, "calls")
    olga = persons.person("olga", site, signed_in=OLGA).open("/account")
    olga.link("How calls went").click()
    olga.page.locator(f"a[href='{page}']").click()
    expect(olga.heading("How the call went")).to_be_visible()
    expect(olga.page.locator("main")).not_to_contain_text("Dana")
    assert inspection.wrong == []
