"""The one stream of a person, in a real player: it goes on when the person comes another way."""

import pytest
from playwright.sync_api import Browser

from tests.browser.bundled import page_with
from tests.browser.pictures import MORE
from tests.servers import until

pytestmark = [pytest.mark.browser, pytest.mark.row("V5")]

# A sender draws for ever; each `link` is another pair of connections. Chromium's tracks come by the id of what is sent: where that is the
# same, as when only our connection is another, so is theirs.
BEGIN = """async () => {
  const sent = draw();
  globalThis.link = async (track) => {
    const [there, here] = [new RTCPeerConnection(), new RTCPeerConnection()];
    there.onicecandidate = ({ candidate }) => here.addIceCandidate(candidate);
    here.onicecandidate = ({ candidate }) => there.addIceCandidate(candidate);
    const come = new Promise((resolve) => { here.ontrack = ({ track }) => resolve(track); });
    there.addTrack(track, new MediaStream([track]));
    await there.setLocalDescription();
    await here.setRemoteDescription(there.localDescription);
    await here.setLocalDescription();
    await there.setRemoteDescription(here.localDescription);
    return { track: await come, close: () => { there.close(); here.close(); } };
  };
  globalThis.feed = new feeds.Feed(new MediaStream());
  globalThis.video = Object.assign(document.createElement("video"), { muted: true, autoplay: true, playsInline: true });
  document.body.append(video);
  globalThis.shown = 0;
  const count = () => { shown += 1; video.requestVideoFrameCallback(count); };
  video.requestVideoFrameCallback(count);
  video.srcObject = feed.stream;
  globalThis.sent = sent;
  globalThis.first = await link(sent);
  feed.choose("video", [{ track: first.track, flows: true }]);
}"""

CHANGE = """async (same) => {
  const next = await link(same ? sent : sent.clone());
  feed.choose("video", [{ track: next.track, flows: true }]);
  first.close();
  return next.track.id === first.track.id;
}"""
SHOWN = "() => shown"


@pytest.mark.parametrize("same", [True, False], ids=["same_id", "other_id"])
@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_player_goes_on_with_the_next_track(request: pytest.FixtureRequest, kind: str, *, same: bool) -> None:
    browser: Browser = request.getfixturevalue(kind)
    page = page_with(browser, "src/media/feed.ts", "feeds")
    page.evaluate(BEGIN)
    until(lambda: page.evaluate(SHOWN) >= MORE, what="pictures of the first connection")
    assert page.evaluate(CHANGE, same) == (same and kind == "chromium")
    before = page.evaluate(SHOWN)
    until(lambda: page.evaluate(SHOWN) >= before + MORE, what="pictures of the next connection")
    page.close()
