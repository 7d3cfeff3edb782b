"""One visit of a page for everybody: axe in light and dark, the keyboard, words that escaped translation, and the page's edges.

The language is the stretched one, in which all that can be wrong is worse than in English; from right to left only edges are looked at.
"""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.browser.axe import NARROW, SETTLE, source
from tests.browser.person import LAPTOP, PHONE
from tests.browser.walk_rows import ELSE_THAN_OK

STRETCHED, MIRRORED = "en-XA", "ar-XB"
MOST_TABS = 300
AXE = "async () => (await axe.run(document, { resultTypes: ['violations'], preload: false, selectors: false })).violations"
BEYOND = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 0) return "";
  const box = (each) => each.getBoundingClientRect();
  const out = (each) => box(each).width > 0 && (box(each).right > innerWidth + 1 || box(each).left < -1);
  const worst = [...document.querySelectorAll("main *, header *, footer *")].filter(out).map((each) => each.outerHTML.slice(0, 120));
  return `${wide} px too wide: ${worst.slice(0, 3).join(" ")}`;
}"""

# Every text outside ⟦…⟧ that holds a word, apart from letters, code, what says in which language it is, and what is nobody's:
# names, dates (in the words of CLDR, which has none of a language that nobody speaks), addresses, tags, placeholders, sums, initials.
UNTRANSLATED = """(names) => {
  const days = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tue|Wed|Thu|Fri|Sat|Sun";
  const months = "January|February|March|April|May|June|July|August|September|October|November|December"
    + "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
  const nobodys = [
    new RegExp(`\\\\b(?:${days}|${months})\\\\b`, "g"), /[^\\s⟦⟧]+@[^\\s⟦⟧]+\\.\\w+/g,
    /https?:[^\\s⟦⟧]+/g, /\\b[a-z]{2}-[A-Z]{2}\\b/g, /\\{[a-z.]+\\}/g,
    /\\b[0-9a-f]{32,}\\b/g, /^\\s*[A-Z]{2}\\s*$/,
  ];
  const tongue = document.documentElement.lang;
  const found = [];
  let depth = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const elsewhere = element.closest("script, style, option, noscript, code, .letter-body, [hidden]");
    if (elsewhere || element.closest("[lang]").lang !== tongue) continue;
    let text = node.textContent;
    for (const name of names) text = text.replaceAll(name, "");
    for (const pattern of nobodys) text = text.replace(pattern, "");
    const rest = [...text].filter((letter) => {
      if (letter === "⟦") depth += 1;
      const outside = depth === 0;
      if (letter === "⟧") depth -= 1;
      return outside;
    }).join("");
    if (/[a-z]{2}/i.test(rest)) found.push(node.textContent.trim());
  }
  return depth === 0 ? found : [...found, `${depth} brackets are open at the end`];
}"""

# What Tab has to reach; of a group of radio buttons it comes to one only. Each stop is looked at when it is come to, for its ring, and when
# Tab is pressed again, for its place, because the page is moved after the event. The parts of a date are stops that no event tells of.
CONTROLS = """() => {
  const inside = (each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest("[inert]")
    && !each.matches(":disabled") && (!each.closest("details:not([open])") || each.matches("summary"));
  const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], [contenteditable=true]";
  const found = [...document.querySelectorAll(kinds)].filter((each) => inside(each) && each.tabIndex >= 0);
  const group = (each) => each.type === "radio" ? `${each.form?.action} ${each.name}` : each;
  const ring = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const away = (each) => {
    const box = each.getBoundingClientRect();
    return box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth;
  };
  const under = (each) => {
    const { left, right, top, bottom } = (each.closest("label") ?? each).getBoundingClientRect();
    const within = (side, most) => Math.min(Math.max(side, 0), most - 1);
    const across = [left + 2, (left + right) / 2, right - 2].map((side) => within(side, innerWidth));
    const points = across.flatMap((x) => [top + 2, (top + bottom) / 2, bottom - 2].map((y) => [x, within(y, innerHeight)]));
    const own = (found) => found && (found.contains(each) || (each.closest("label") ?? each).contains(found));
    return !points.some(([x, y]) => own(document.elementFromPoint(x, y)));
  };
  const said = (each) => each.outerHTML.slice(0, 160);
  const wanted = new Map(found.map((each) => [group(each), each]));
  const stops = [];
  const faults = [];
  const leave = () => {
    const stop = stops.at(-1);
    if (stop && away(stop)) faults.push(`what Tab came to is out of sight: ${said(stop)}`);
    else if (stop && under(stop)) faults.push(`what Tab came to is covered: ${said(stop)}`);
  };
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  addEventListener("keydown", leave, true);
  addEventListener("focusin", ({ target }) => {
    if (!ring(target) && !(target.closest("label") && ring(target.closest("label")))) faults.push(`the focus has no ring: ${said(target)}`);
    const before = stops.at(-1)?.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING;
    if (before && wanted.size) faults.push(`Tab goes back to ${said(target)}`);
    stops.push(target);
    wanted.delete(group(target));
  }, true);
  globalThis.walked = { left: () => wanted.size, found: () => {
    leave();
    return [...faults, ...[...wanted.values()].map((each) => `Tab does not reach ${said(each)}`)];
  } };
}"""


@dataclass
class Walker:
    """Somebody's window on a telephone, and what was wrong on the pages they came by; `names` are nobody's to translate."""

    context: BrowserContext
    page: Page
    base_url: str
    names: list[str]
    wrong: list[str] = field(default_factory=list)

    def visit(self, row: str, path: str) -> None:
        """Look at a page in both languages."""
        for language, look in ((STRETCHED, self._looks), (MIRRORED, self._mirrored)):
            self.page.set_extra_http_headers({"Accept-Language": language})
            answer = self.page.goto(self.base_url + path)
            came, wanted = self.page.url.removeprefix(self.base_url).split("?")[0], path.split("?", maxsplit=1)[0]
            if answer is None or answer.status != ELSE_THAN_OK.get(row, 200) or came != wanted:
                self.wrong.append(f"{row}: {answer and answer.status}, came to {came}")
                return
            self.page.evaluate(SETTLE)
            self.wrong += [f"{row}, {language}: {fault}" for fault in look()]

    def _looks(self) -> list[str]:
        page = self.page
        found = [f"not translated: {text}" for text in page.evaluate(UNTRANSLATED, self.names)] + self._beyond()
        page.evaluate(source())
        found += self._axe("on a telephone, in light")
        self._resize(LAPTOP)
        page.emulate_media(color_scheme="dark")
        page.evaluate(SETTLE)
        found += self._axe("on a laptop, in dark")
        page.emulate_media(color_scheme="light")
        self._resize(PHONE)
        page.evaluate(SETTLE)
        return found + self._tabs()

    def _mirrored(self) -> list[str]:
        turned = self.page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        return [*self._beyond(), *([] if turned else ["does not run from right to left"])]

    def _beyond(self) -> list[str]:
        """Look for what stands beyond the edge of a telephone, and of the narrowest one."""
        found = []
        for size in (NARROW, PHONE):
            self._resize(size)
            if self.page.evaluate(BEYOND):  # unless the page is still about to be laid out anew
                self.page.evaluate(SETTLE)
            found += [f"at {size[0]} px, {each}" for each in [self.page.evaluate(BEYOND)] if each]
        return found

    def _resize(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def _axe(self, how: str) -> list[str]:
        found: list[dict[str, Any]] = self.page.evaluate(AXE)
        return [
            f"{how}, {rule['id']}: {node['html'][:200]} {str(node.get('failureSummary', ''))[:200]}"
            for rule in found
            for node in rule["nodes"]
        ]

    def _tabs(self) -> list[str]:
        """Press Tab until every control was come to; returns what was wrong at the stops."""
        self.page.evaluate(CONTROLS)
        pressed = 0
        while pressed < MOST_TABS and (left := self.page.evaluate("walked.left()")):
            for _ in range(left):
                self.page.keyboard.press("Tab")
            pressed += left
        return list[str](self.page.evaluate("walked.found()"))
