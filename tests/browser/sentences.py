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
}"""

BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z])")

# Not of the way: who comes, goes or reads, the recording, a microphone or camera, and how good the line is, or is again, whatever the way.
OF_ELSE = re.compile(
    r"(joined|left) the call|is reading|record|(Microphone|Camera) off|"
    r"(Good|Fair) connection|weak|Please wait|sound only|You are connected",
    re.IGNORECASE,
)


def follow_sentences(*people: Person) -> None:
    """Begin, or begin anew, to keep what each page says."""
    for person in people:
        person.page.evaluate(FOLLOW)


def of_the_way(person: Person) -> list[str]:
    """Return every different sentence about the connection or its path since `follow_sentences`."""
    texts: list[str] = person.page.evaluate("[...globalThis.sentences]")
    sentences = dict.fromkeys(sentence for text in texts for sentence in BETWEEN.split(text))
    return [sentence for sentence in sentences if sentence and not OF_ELSE.search(sentence)]


def one_sentence(*talking: Person) -> None:
    """Those who talk while the way changes are told one sentence of it at most."""
    told = {person.name: of_the_way(person) for person in talking}
    assert max(map(len, told.values())) <= 1, told


def no_interruption(coming: Person) -> None:
    """Whoever comes is told that they are being connected, and of nothing that went wrong."""
    assert [sentence for sentence in of_the_way(coming) if not sentence.startswith("Connecting")] == []
