"""What a page says of the connection while people talk, whether it is shown or read aloud."""

import re

from tests.browser.person import Person

# Keeps each text that comes up in sight above or over the pictures, in a status or an alert, or in a live region, from now on.
FOLLOW = """() => {
  const places = ".pane-top p, .stage p:not(.unseen, .marks), .banner h2, [role=status], [role=alert], [aria-live]";
  const texts = () => new Set([...document.querySelectorAll(places)]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.querySelector(places))
    .map((each) => each.textContent.trim().replace(/\\s+/g, " ")));
  let before = texts();
  globalThis.sentences = new Set();
  globalThis.following?.disconnect();
  globalThis.following = new MutationObserver(() => {
    const now = texts();
    for (const text of now) if (!before.has(text)) globalThis.sentences.add(text);
    before = now;
  });
  globalThis.following.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  globalThis.stood = 0;
  clearInterval(globalThis.timing);
  let at = performance.now();
  globalThis.timing = setInterval(() => {
    globalThis.stood = Math.max(globalThis.stood, performance.now() - at);
    at = performance.now();
  }, 100);
}"""

# A computer that stood still for as long as a call calls an interruption has interrupted the call, and that may be told.
STANDSTILL_MS = 1_000
OF_STANDSTILL = re.compile(r"reconnecting|stay on this page|(are|is) back", re.IGNORECASE)

BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z])")

# Not of the way: who comes, goes or reads, the recording, a microphone or camera, and how good the line is, or is again, whatever the way.
OF_ELSE = re.compile(
    r"(joined|left) the call|is reading|record|(Microphone|Camera) off|"
    r"(Good|Fair) connection|weak|Please wait|sound only|You are connected",
    re.IGNORECASE,
)


def follow_sentences(*people: Person) -> None:
    """Begin, or begin anew, to keep what each page says, and how long each stood still."""
    for person in people:
        person.page.evaluate(FOLLOW)


def of_the_way(*people: Person) -> dict[str, list[str]]:
    """Return every different sentence that each was told of the connection or its path since `follow_sentences`.

    Those of an interruption are left out where the page of one of them was not served for so long, which no call can help.
    """
    stood = stood_still(*people)
    return {person.name: [each for each in _sentences(person) if not (stood and OF_STANDSTILL.search(each))] for person in people}


def stood_still(*people: Person) -> bool:
    """Whether the page of one of them was not served for as long as a call calls an interruption, since `follow_sentences`."""
    return max(person.page.evaluate("globalThis.stood") for person in people) >= STANDSTILL_MS


def one_sentence(*talking: Person) -> None:
    """Those who talk while the way changes are told one sentence of it at most."""
    told = of_the_way(*talking)
    assert max(map(len, told.values())) <= 1, told


def no_interruption(coming: Person) -> None:
    """Whoever comes is told that they are being connected, and of nothing that went wrong."""
    assert [sentence for sentence in of_the_way(coming)[coming.name] if not sentence.startswith("Connecting")] == []


def _sentences(person: Person) -> list[str]:
    texts: list[str] = person.page.evaluate("[...globalThis.sentences]")
    sentences = dict.fromkeys(sentence for text in texts for sentence in BETWEEN.split(text))
    return [sentence for sentence in sentences if sentence and not OF_ELSE.search(sentence)]
