"""The pictures of one to eight people in every window, pinned and moved, and the people's list and invitation beside them."""

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import SETTLE_S, looks_good
from tests.browser.person import LAPTOP, PHONE
from tests.browser.stage_lab import StageLab
from tests.servers import until

pytestmark = [pytest.mark.browser, pytest.mark.row("V7")]

ON_ITS_SIDE = (844, 390)
DOUBLED = (LAPTOP[0] // 2, LAPTOP[1] // 2)  # a laptop at 200 %
LANGUAGES = ["en-GB", "en-XA", "ar-XB"]
MIXED: dict[str, dict[str, object]] = {
    "p2": {"mic": False, "hand": True},
    "p3": {"camera": False, "mic": False, "hand": True, "role": "guest", "relation": "carer"},
}

# What overlaps another tile or leaves the stage, what cannot be reached, and whether the page moves sideways.
WRONG = """() => {
  const box = (each) => each.getBoundingClientRect();
  const before = (one, other) => one <= other + 1;
  const inside = (one, other) =>
    before(other.left, one.left) && before(one.right, other.right) && before(other.top, one.top) && before(one.bottom, other.bottom);
  const apart = (one, other) =>
    before(one.right, other.left) || before(other.right, one.left) || before(one.bottom, other.top) || before(other.bottom, one.top);
  const tiles = [...document.querySelectorAll(".tiles > li:not([hidden])")];
  const several = document.querySelector(".tiles").dataset.kind !== "one";
  const stage = box(document.querySelector(".stage"));
  const wrong = tiles.filter((each) => !inside(box(each), stage)).map((each) => "outside: " + each.textContent);
  if (several) for (const [index, one] of tiles.entries()) for (const other of tiles.slice(index + 1))
    if (!apart(box(one), box(other))) wrong.push(`over each other: ${one.textContent} and ${other.textContent}`);
  const window_ = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  for (const each of document.querySelectorAll(".control"))
    if (!inside(box(each), window_)) wrong.push("out of reach: " + each.textContent);
  for (const each of document.querySelectorAll(".tiles li:not([hidden]) .plate")) {
    if (!inside(box(each), box(each.closest("li")))) wrong.push("cut off: " + each.textContent);
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push("sideways");
  return wrong;
}"""

# The tiles from the first to the last as the Tab key and a screen reader meet them, and as they are read from top to bottom.
ORDER = """() => {
  const tiles = [...document.querySelectorAll(".tiles > li:not([hidden])")].slice(1);
  const place = (each) => { const { top, left } = each.getBoundingClientRect(); return Math.round(top) * 10000 + Math.round(left); };
  const words = (all) => all.map((each) => each.textContent);
  return [words(tiles), words([...tiles].sort((one, other) => place(one) - place(other)))];
}"""

# Remembers every <video>, and counts what would make one black.
MARK = """() => { globalThis.made = new Map(); globalThis.black = 0;
  for (const video of document.querySelectorAll(".tile video")) {
    made.set(video.closest("li").querySelector("b").textContent, video);
    for (const type of ["emptied", "pause", "waiting"]) video.addEventListener(type, () => { black += 1; });
  } }"""
KEPT = """() => [...document.querySelectorAll(".tile")]
  .every((tile) => made.get(tile.querySelector("b").textContent) === tile.querySelector("video"))"""


@pytest.fixture(scope="module")
def lab_of(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> StageLab:
    return StageLab(chromium, tmp_path_factory.mktemp("stage"))


@pytest.fixture
def lab(lab_of: StageLab) -> Iterator[StageLab]:
    """The page's own errors fail the test."""
    lab_of.errors.clear()
    yield lab_of
    assert lab_of.errors == []


def is_large(page: Page, name: str) -> None:
    expect(page.locator(".tile.main b")).to_have_text(name)


def wrong_in(page: Page) -> list[str]:
    """Return what is wrong with the tiles once they are laid out, which is a moment after their number has changed."""
    with contextlib.suppress(TimeoutError):
        until(lambda: page.evaluate(WRONG) == [], timeout_s=SETTLE_S, what="tiles in their places")
    found: list[str] = page.evaluate(WRONG)
    return found


def is_read_as_met(page: Page) -> bool:
    met, read = page.evaluate(ORDER)
    return met == read and met != []


def speaks(page: Page, who: str) -> None:
    page.evaluate("(who) => lab.call.set({ speaking: who })", who)


@pytest.mark.parametrize("size", [PHONE, ON_ITS_SIDE, LAPTOP, DOUBLED, (320, 568)], ids=str)
@pytest.mark.parametrize("desk", [False, True], ids=["room", "desk"])
def test_nothing_overlaps_whoever_is_there(lab: StageLab, size: tuple[int, int], desk: bool) -> None:
    wrong: list[str] = []
    for count in range(1, 8):
        page = lab.open(count, size, desk=desk, **(MIXED if count > 2 else {}))
        for grid in ("false", "true"):
            page.evaluate(f"() => lab.model.layout.useGrid({grid})")
            wrong += [f"{count} others, grid {grid}: {line}" for line in wrong_in(page)]
        page.context.close()
    assert wrong == []


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=str)
def test_tiles_are_met_in_the_order_in_which_they_are_read(lab: StageLab, size: tuple[int, int]) -> None:
    page = lab.open(7, size)
    for who in ("p1", "p4"):
        page.evaluate("(who) => { lab.model.layout.pinned.value = who; }", who)
        expect(page.locator(".tiles > li").first).to_have_attribute("class", "tile main ")
        until(lambda: is_read_as_met(page), what="tiles in the order in which they are read")
    page.context.close()


def test_whoever_speaks_is_large_and_no_picture_goes_black(lab: StageLab) -> None:
    page = lab.open(4, LAPTOP)
    expect(page.locator(".tile video").first).to_be_visible()
    page.wait_for_function("() => [...document.querySelectorAll('.tile video')].every((video) => video.videoWidth > 0 && !video.paused)")
    page.evaluate(MARK)
    for who, name in (("p2", "Nurse Bob Brown"), ("p4", "Ivo Novák"), ("p1", "Dr Alice Ahmed")):
        speaks(page, who)
        page.wait_for_function("(name) => document.querySelector('.tile.main b').textContent === name", arg=name)
        assert page.evaluate(KEPT)
    assert page.evaluate("() => [...document.querySelectorAll('.tile video')].every((video) => !video.paused && video.readyState >= 2)")
    assert page.evaluate("() => black") == 0
    page.context.close()


def test_one_more_person_leaves_the_picture_of_the_first_as_it_is(lab: StageLab) -> None:
    page = lab.open(3, LAPTOP)
    page.evaluate("() => { globalThis.all = lab.call.state.remotes; lab.call.set({ remotes: all.slice(0, 1) }); }")
    expect(page.locator(".tiles[data-kind=one]")).to_be_attached()
    before = page.locator(".tile video").evaluate_handle("(video) => video")
    own = page.locator(".self video").evaluate_handle("(video) => video")
    page.evaluate("() => lab.call.set({ remotes: all })")
    expect(page.locator(".tile")).to_have_count(3)
    assert page.locator(".tile video").first.evaluate("(video, before) => video === before", before)
    assert page.locator(".self video").evaluate("(video, own) => video === own", own)
    page.context.close()


def test_pinning_by_keyboard_keeps_the_focus_and_is_said(lab: StageLab) -> None:
    page = lab.open(5, LAPTOP)
    pin = page.get_by_role("button", name="Keep Ivo Novák large")
    pin.focus()
    page.keyboard.press("Enter")
    expect(pin).to_have_attribute("aria-pressed", "true")
    expect(pin).to_be_focused()
    is_large(page, "Ivo Novák")
    expect(page.locator("#announce-polite")).to_have_text("Ivo Novák is kept large.")
    speaks(page, "p2")
    is_large(page, "Ivo Novák")
    page.keyboard.press("Enter")
    expect(pin).to_have_attribute("aria-pressed", "false")
    expect(pin).to_be_focused()
    page.context.close()


def test_the_people_are_a_list_with_their_state(lab: StageLab) -> None:
    page = lab.open(4, LAPTOP, **MIXED, p4={"quiet": True})
    page.evaluate("() => lab.call.set({ paused: ['p1'] })")
    people = page.get_by_role("list", name="People in the call")
    expect(people.get_by_role("listitem")).to_have_count(4)
    expect(people).to_contain_text("Dr Alice Ahmed's picture is paused: the connection is too weak for it.")
    expect(people.get_by_role("listitem").filter(has_text="Carla")).to_contain_text("Camera off")
    expect(people.get_by_role("listitem").filter(has_text="Nurse Bob")).to_contain_text("Microphone off")
    expect(people.get_by_role("listitem").filter(has_text="Nurse Bob")).to_contain_text("Hand raised")
    expect(page.get_by_text("Listening: Ivo Novák")).to_be_visible()
    page.context.close()


WAITING: dict[str, dict[str, object]] = {
    "p3": {"role": "guest", "relation": "carer", "stage": "waiting"},
    "p4": {"role": "guest", "relation": "interpreter", "stage": "away", "present": False},
    "p5": {"quiet": True},
}


@pytest.mark.row("V9")
@pytest.mark.row("V11")
@pytest.mark.parametrize("language", LANGUAGES)
def test_people_and_invitation_for_everybody(lab: StageLab, language: str) -> None:
    page = lab.open(5, LAPTOP, desk=True, language=language, **WAITING)
    assert looks_good(page) == []
    page.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})
    page.locator(".control", has=page.locator("use[href*='#users']")).last.click()
    expect(page.locator("#sheet-people")).to_be_visible()
    assert looks_good(page) == []
    page.locator("#sheet-people .more-body > .button").click()
    expect(page.locator("#guest-name")).to_be_focused()
    expect(page.locator("input[name=way]")).to_have_count(2)
    assert looks_good(page) == []
    page.context.close()


@pytest.mark.row("V9")
def test_an_invitation_by_keyboard_that_is_refused_once(lab: StageLab) -> None:
    page = lab.open(1, PHONE, desk=True)
    page.get_by_role("button", name="People", exact=True).click()
    page.get_by_role("button", name="Invite somebody").click()
    dialog = page.get_by_role("dialog", name="Invite somebody")
    page.keyboard.type("Carla Diaz")
    dialog.get_by_label("Who they are").select_option("carer")
    dialog.get_by_label("Mobile number").fill("00000")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("This is not a mobile number.")
    expect(dialog.get_by_role("alert")).to_be_in_viewport()
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Carla Diaz")
    dialog.get_by_label("Mobile number").fill("07700 900123")
    page.keyboard.press("Enter")
    made = page.get_by_role("dialog", name="The link for Carla Diaz")
    expect(made.get_by_label("Personal link of Carla Diaz")).to_have_value("https://consilium.example.org/j/a-long-secret")
    expect(made.get_by_role("img", name="QR code of the link")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="The link for Carla Diaz")).to_have_count(0)
    page.context.close()


@pytest.mark.row("V9")
def test_a_guest_who_waits_is_admitted_at_the_desk(lab: StageLab) -> None:
    page = lab.open(4, LAPTOP, desk=True, **WAITING)
    waiting = page.get_by_role("list", name="Guests who are waiting")
    expect(waiting).to_contain_text("Carla Diaz-Montgomery-Fotheringhay is waiting")
    expect(waiting).to_contain_text("Carer")
    waiting.get_by_role("button", name="Admit Carla").click()
    assert page.evaluate("() => lab.call.said") == [["admit", {"participant": "p3"}]]
    waiting.get_by_role("button", name="Can\u2019t see now Carla").click()
    page.get_by_label("What should happen instead?").fill("Next week")
    page.get_by_role("button", name="Tell them and close the waiting room").click()
    page.wait_for_function("() => lab.call.said.length > 2")
    assert page.evaluate("() => lab.call.said[1]") == ["refuse", {"reason": "Next week", "participant": "p3"}]
    page.context.close()
