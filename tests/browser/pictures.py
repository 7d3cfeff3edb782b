"""How the pictures of a call are shown in a page: how often, and the longest time between two."""

from tests.browser.person import Person

MORE = 15  # pictures

# A page that is busy is not called for each picture that was shown; `presentedFrames` counts them all.
FOLLOW = """() => {
  globalThis.pictures ??= new Map();
  for (const video of document.querySelectorAll(".stage video.remote")) {
    if (globalThis.pictures.has(video)) continue;
    const kept = { stream: video.srcObject, frames: 0, longest: 0, at: performance.now(), presented: 0 };
    const shown = (_, { presentationTime, presentedFrames }) => {
      const pictures = Math.max(1, presentedFrames - kept.presented);
      kept.frames += pictures;
      kept.longest = Math.max(kept.longest, (presentationTime - kept.at) / pictures);
      Object.assign(kept, { at: presentationTime, presented: presentedFrames });
      video.requestVideoFrameCallback(shown);
    };
    globalThis.pictures.set(video, kept);
    video.requestVideoFrameCallback(shown);
  }
  for (const kept of globalThis.pictures.values()) Object.assign(kept, { longest: 0, at: performance.now() });
}"""

TOLD = """() => [...globalThis.pictures].filter(([video]) => video.isConnected).map(([video, kept]) => ({
  frames: kept.frames,
  longest: Math.max(kept.longest, performance.now() - kept.at),
  same: video.srcObject === kept.stream,
  out: video.matches(".out"),
  voices: video.srcObject.getAudioTracks().length,
}))"""


def follow_pictures(*persons: Person) -> None:
    """Begin to count, or to look for the longest time anew."""
    for person in persons:
        person.page.evaluate(FOLLOW)


def pictures(person: Person) -> list[dict[str, float]]:
    """Return of each picture that was there at `follow_pictures`, and still is: its frames so far, the longest time between two in ms,
    whether it is still the `same` stream or is `out`, and how many voices are in that.
    """
    found: list[dict[str, float]] = person.page.evaluate(TOLD)
    return found


def longest(*persons: Person) -> float:
    return max(found["longest"] for person in persons for found in pictures(person))


def more_pictures(*persons: Person, count: int) -> None:
    """Wait until each sees `count` others, and has been shown more pictures of each."""
    for person in persons:
        visible = person.page.locator(".stage video.remote:not(.out)")
        person.until(lambda visible=visible: visible.count() == count, what=f"{count} pictures")  # type: ignore[misc]
    follow_pictures(*persons)
    go_on(*persons)


def go_on(*persons: Person) -> None:
    """Wait until each has been shown more of every picture that is followed, and has not gone out."""
    for person in persons:
        before = [found["frames"] for found in pictures(person)]
        person.until(lambda person=person, before=before: _more(person, before), what="more pictures of everybody")  # type: ignore[misc]


def _more(person: Person, before: list[float]) -> bool:
    return all(now["out"] or now["frames"] >= then + MORE for now, then in zip(pictures(person), before, strict=True))
