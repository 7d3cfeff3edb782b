"""Two who talk straight, each with real connections: the picture goes on when both negotiate anew at the same moment."""

import pytest
from playwright.sync_api import Browser

from tests.browser.bundled import page_with
from tests.browser.pictures import MORE
from tests.servers import until

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

# What one says reaches the other a little later, and in order.
BEGIN = """() => {
  const track = draw();
  globalThis.offers = [0, 0];
  globalThis.pcs = [];
  globalThis.videos = [0, 1].map(() => Object.assign(document.createElement("video"), { muted: true, autoplay: true, playsInline: true }));
  globalThis.shown = [0, 0];
  globalThis.sides = [0, 1].map((index) => new peers.Peer({
    polite: index === 1,
    ice: () => [],
    connect: (configuration) => pcs[index] = new RTCPeerConnection(configuration),
    send: (body) => {
      offers[index] += body.description?.type === "offer" ? 1 : 0;
      setTimeout(() => sides[1 - index].receive(body), 50);
    },
    onChange: ({ stream }) => { if (videos[index].srcObject !== stream) videos[index].srcObject = stream; },
  }));
  for (const [index, video] of videos.entries()) {
    const count = () => { shown[index] += 1; video.requestVideoFrameCallback(count); };
    document.body.append(video);
    video.requestVideoFrameCallback(count);
    sides[index].expect({ sound: false, picture: true, screen: false });
    sides[index].put("video", track);
  }
}"""
SHOWN = "() => Math.min(...shown)"
OFFERS = "() => offers"


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_both_look_for_new_paths_at_once(request: pytest.FixtureRequest, kind: str) -> None:
    browser: Browser = request.getfixturevalue(kind)
    page = page_with(browser, "src/media/peer.ts", "peers")
    page.evaluate(BEGIN)
    until(lambda: page.evaluate(SHOWN) >= MORE, what="pictures both ways")
    page.evaluate("() => { for (const side of sides) side.networkChanged(); }")
    until(lambda: min(page.evaluate(OFFERS)) >= 1 and sum(page.evaluate(OFFERS)) >= 3, what="both have offered")
    page.wait_for_function("() => pcs.every((pc) => pc.signalingState === 'stable') && sides.every((side) => side.view.connected)")
    before = page.evaluate(SHOWN)
    until(lambda: page.evaluate(SHOWN) >= before + MORE, what="more pictures both ways")
    page.close()
