"""How the pictures of a call are shown in a page: how often, and the longest time between two."""

from tests.browser.person import Person

# Three pages encode and decode on two cores.
SMALL_CAMERA = """
(() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wanted) =>
    open(wanted.video ? { ...wanted, video: { ...wanted.video, width: 320, height: 180 } } : wanted);
})()
"""

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
  voices: video.srcObject.getAudioTracks().length,
}))"""


def follow_pictures(*persons: Person) -> None:
    """Begin to count, or to look for the longest time anew."""
    for person in persons:
        person.page.evaluate(FOLLOW)


def pictures(person: Person) -> list[dict[str, float]]:
    """Return of each picture that was there at `follow_pictures`, and still is: its frames so far, the longest time between two in ms,
    whether it is still the `same` stream, and how many voices are in that.
    """
    found: list[dict[str, float]] = person.page.evaluate(TOLD)
    return found


def longest(*persons: Person) -> float:
    return max(found["longest"] for person in persons for found in pictures(person))


def more_pictures(*persons: Person, count: int, frames: int = 15) -> None:
    """Wait until each has been shown so many pictures of `count` others."""
    for person in persons:
        visible = person.page.locator(".stage video.remote:not(.out)")
        person.until(lambda visible=visible: visible.count() == count, what=f"{count} pictures")  # type: ignore[misc]
        follow_pictures(person)
        before = pictures(person)
        person.until(
            lambda person=person, before=before: all(
                now["frames"] >= then["frames"] + frames for now, then in zip(pictures(person), before, strict=True)
            ),  # type: ignore[misc]
            what="more pictures of everybody",
        )
