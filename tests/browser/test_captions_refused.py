"""The browser's own recognition that is not there, or says no: one sentence where its switch is, and captions are typed as before."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import PHONE
from tests.browser.stage_lab import StageLab

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

NONE = "for (const name of ['SpeechRecognition', 'webkitSpeechRecognition']) Object.defineProperty(globalThis, name, { value: undefined });"
FAKE = """
globalThis.begun = 0;
globalThis.SpeechRecognition = globalThis.webkitSpeechRecognition = class {
  start() { globalThis.engine = this; globalThis.begun += 1; }
  abort() { this.onerror?.({ error: "aborted" }); this.onend?.(); }
};
"""
ERROR = "(error) => { const { engine } = globalThis; engine.onerror({ error }); engine.onend(); }"
SAID = {
    "not-allowed": "Your browser does not allow captions of what you say.",
    "service-not-allowed": "Your browser does not allow captions of what you say.",
    "audio-capture": "Your browser hears no microphone for captions.",
    "network": "Your browser cannot reach what makes its captions.",
    "language-not-supported": "Your browser makes no captions in this language.",
    "bad-grammar": "Your browser makes no captions at the moment.",
}
SPEECH = "Captions of what I say, by my browser"


@pytest.fixture(scope="module")
def lab_of(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> StageLab:
    return StageLab(chromium, tmp_path_factory.mktemp("stage"))


@pytest.fixture
def lab(lab_of: StageLab) -> Iterator[StageLab]:
    """The page's own errors fail the test."""
    lab_of.errors.clear()
    yield lab_of
    assert lab_of.errors == []


def open_sheet(lab: StageLab, script: str) -> Page:
    page = lab.open(1, PHONE, script=script)
    page.evaluate("() => { lab.model.sheet.value = 'more'; }")
    return page


def types(page: Page) -> None:
    page.get_by_role("button", name="Type captions", exact=True).click()
    page.get_by_label("Type captions").last.fill("I am here")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => lab.call.said.some(([type, { body, source }]) => type === 'caption' && body === 'I am here' && source === 'typed')"
    )
    page.context.close()


def test_each_refusal_is_said_where_the_switch_is(lab: StageLab) -> None:
    page = open_sheet(lab, FAKE)
    switch = page.get_by_role("button", name=SPEECH)
    switch.click()
    page.get_by_role("button", name="Allow in this call").click()
    for error, words in SAID.items():
        expect(switch).to_have_attribute("aria-pressed", "true")
        page.wait_for_function("() => globalThis.engine")
        page.evaluate(ERROR, error)
        expect(switch).to_have_attribute("aria-pressed", "false")
        note = page.locator("#sheet-more .caption-note")
        expect(note).to_have_text(words)
        note.scroll_into_view_if_needed()
        expect(note).to_be_in_viewport()
        switch.click()
        expect(note).to_have_text("Your browser may send your voice to its maker.")
    types(page)


@pytest.mark.parametrize("error", ["no-speech", "aborted"])
def test_silence_is_no_trouble_and_it_goes_on(lab: StageLab, error: str) -> None:
    page = open_sheet(lab, FAKE)
    page.get_by_role("button", name=SPEECH).click()
    page.get_by_role("button", name="Allow in this call").click()
    page.wait_for_function("() => globalThis.begun === 1")
    page.evaluate(ERROR, error)
    page.wait_for_function("() => globalThis.begun === 2")
    expect(page.get_by_role("button", name=SPEECH)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#sheet-more .caption-note")).to_have_text("Your browser may send your voice to its maker.")
    page.context.close()


def test_a_browser_without_it_says_so(lab: StageLab) -> None:
    page = open_sheet(lab, NONE)
    expect(page.get_by_text("This browser makes no captions of what you say.")).to_have_count(1)
    expect(page.get_by_role("button", name=SPEECH)).to_have_count(0)
    types(page)
