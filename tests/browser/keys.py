"""Somebody who uses the keyboard only."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.person import Person

MOST_STOPS = 80
FIELD = "input, textarea, [contenteditable=true]"
HAS_FOCUS = "(element) => element === document.activeElement"

# What cannot be seen of the focus: its ring, and whether the element that has it is in view and under nothing else.
UNSEEN = """() => {
  const element = document.activeElement;
  const ringed = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = element.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, innerHeight / 2));
  const seen = {
    ring: ringed(element) || (element.closest("label") !== null && ringed(element.closest("label"))),
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    onTop: at !== null && (element.contains(at) || at.contains(element) || at.closest("label")?.control === element),
  };
  return Object.keys(seen).filter((name) => !seen[name]);
}"""


class Keys:
    """Presses keys and nothing else; each stop it makes has to be seen."""

    def __init__(self, person: Person) -> None:
        self._person = person

    @property
    def _page(self) -> Page:
        return self._person.page

    def go(self, target: Locator, key: str = "Tab") -> None:
        """Press Tab until the target has the focus."""
        expect(target).to_be_visible()
        for _ in range(MOST_STOPS):
            if target.evaluate(HAS_FOCUS):
                break
            self._page.keyboard.press(key)
        expect(target).to_be_focused()
        self._see(target)

    def _see(self, target: Locator) -> None:
        """Wait until the focus can be seen: a page may scroll to it first."""
        try:
            self._person.until(lambda: self._page.evaluate(UNSEEN) == [], what="a focus that can be seen")
        except TimeoutError as error:
            raise AssertionError(f"the focus on {target} cannot be seen: {self._page.evaluate(UNSEEN)}") from error

    def use(self, target: Locator) -> None:
        """Go to a button or a link and press Enter."""
        self.go(target)
        self._page.keyboard.press("Enter")

    def press(self, name: str) -> None:
        self.use(self._person.button(name).first)

    def follow(self, name: str) -> None:
        """Press Enter on a link and wait for where it leads: until then the keys would go on over the page that is being left."""
        with self._page.expect_navigation():
            self.use(self._person.link(name))

    def tick(self, target: Locator) -> None:
        self.go(target)
        self._page.keyboard.press("Space")
        expect(target).to_be_checked()

    def write(self, words: str) -> None:
        """Write where the focus is, which has to be a field: a letter must not reach a button."""
        expect(self._page.locator(":focus").and_(self._page.locator(FIELD))).to_be_visible()
        self._page.keyboard.type(words)

    def hit(self, key: str) -> None:
        self._page.keyboard.press(key)
