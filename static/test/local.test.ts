import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Exchange, LocalMedia, type LocalView, type Off } from "../src/media/local.ts";
import { FakeDevices } from "./fake-media.ts";
import { settle } from "./fake-timers.ts";

const NOTHING_OFF: Off = { camera: false, microphone: false };

const setUp = (
  chosen: { camera: string | null; microphone: string | null } = { camera: null, microphone: null },
  off: Off = NOTHING_OFF,
) => {
  const devices = new FakeDevices();
  const views: LocalView[] = [];
  const exchanges: Exchange[] = [];
  const kept: Off[] = [];
  const media = new LocalMedia({
    openers: devices.openers,
    chosen,
    off,
    onOff: (next) => kept.push(next),
    onChange: (view) => views.push(view),
    onExchange: (exchange) => exchanges.push(exchange),
  });
  return { devices, media, views, exchanges, kept };
};

const opened = async (chosen?: { camera: string | null; microphone: string | null }) => {
  const all = setUp(chosen);
  await all.media.open({ camera: true, microphone: true });
  return all;
};

describe("opening [V7]", () => {
  test("uses the chosen devices, the microphone first", async () => {
    const { devices, media } = await opened({ camera: "left", microphone: "headset" });
    assert.deepEqual(devices.asked, [
      ["microphone", "headset"],
      ["camera", "left"],
    ]);
    assert.equal(media.view.mic && media.view.camera, true);
  });

  test("without a camera goes on with the microphone, and says why", async () => {
    const { devices, media } = setUp();
    devices.fails = { camera: "busy" };
    await media.open({ camera: true, microphone: true });
    assert.deepEqual(media.view.trouble, { camera: "busy", microphone: null });
    assert.equal(media.view.mic, true);
    devices.fails = {};
    await media.retry();
    assert.deepEqual(media.view.trouble, { camera: null, microphone: null });
    assert.equal(media.view.camera, true);
  });

  test("does not open what nobody wants", async () => {
    const { devices, media } = setUp();
    await media.open({ camera: false, microphone: true });
    assert.deepEqual(devices.of("video"), []);
  });
});

describe("off and on [V7]", () => {
  test("muting keeps the microphone open and silent", async () => {
    const { devices, media } = await opened();
    await media.setMic(false);
    const [track] = devices.of("audio");
    assert.equal(track?.readyState, "live");
    assert.equal(track?.enabled, false);
    assert.equal(media.view.mic, false);
    await media.setMic(true);
    assert.equal(track?.enabled, true);
    assert.equal(devices.of("audio").length, 1);
  });

  test("the camera is really off, and comes back with the same device", async () => {
    const { devices, media } = await opened({ camera: "left", microphone: null });
    await media.setCamera(false);
    assert.equal(devices.of("video")[0]?.readyState, "ended");
    assert.equal(media.view.track.camera, null);
    await media.setCamera(true);
    assert.deepEqual(devices.asked.at(-1), ["camera", "left"]);
    assert.equal(media.view.camera, true);
  });

  test("off while it is still opening leaves it off", async () => {
    const { devices, media } = setUp();
    const opening = media.open({ camera: true, microphone: false });
    await media.setCamera(false);
    await opening;
    await settle();
    assert.equal(media.view.camera, false);
    for (const track of devices.opened) assert.equal(track.readyState, "ended");
  });
});

describe("what was switched off [V7]", () => {
  test("is told, to be kept for the next page", async () => {
    const { media, kept } = await opened();
    await media.setMic(false);
    await media.setCamera(false);
    await media.setMic(true);
    assert.deepEqual(kept, [
      { camera: false, microphone: true },
      { camera: true, microphone: true },
      { camera: true, microphone: false },
    ]);
  });

  test("stays off when a page opens its devices: the microphone silent, the camera closed", async () => {
    const { devices, media } = setUp(undefined, { camera: true, microphone: true });
    await media.open({ camera: true, microphone: true });
    assert.deepEqual([media.view.mic, media.view.camera], [false, false]);
    assert.equal(devices.of("audio")[0]?.enabled, false);
    assert.deepEqual(devices.of("video"), []);
    await media.setCamera(true);
    assert.equal(media.view.camera, true);
  });

  test("is not what the end of a call closes", async () => {
    const { media, kept } = await opened();
    media.stop();
    assert.deepEqual(kept, []);
  });
});

describe("another device [V7]", () => {
  test("is open before the old one goes, and keeps the mute", async () => {
    const { devices, media } = await opened();
    await media.setMic(false);
    await media.choose("microphone", "headset");
    const [old, fresh] = devices.of("audio");
    assert.equal(old?.readyState, "ended");
    assert.equal(fresh?.id, "headset");
    assert.equal(fresh?.enabled, false);
    assert.equal(old?.onended, null, "the end of the old one is no surprise");
  });

  test("that cannot be opened beside the old one is opened after it", async () => {
    const { devices, media } = await opened();
    const openers = devices.openers;
    const { camera } = openers;
    openers.camera = (id) =>
      devices.of("video").some((track) => track.readyState === "live") ? Promise.reject(new Error("busy")) : camera(id);
    await media.choose("camera", "back");
    assert.equal(devices.newest.id, "back");
    assert.equal(media.view.camera, true);
  });

  test("chosen while the camera is off does not turn it on", async () => {
    const { devices, media, views } = await opened();
    await media.setCamera(false);
    await media.choose("camera", "back");
    assert.equal(devices.of("video").length, 1);
    assert.equal(views.at(-1)?.device.camera, "back", "it is the one that is shown as chosen");
    await media.setCamera(true);
    assert.equal(devices.newest.id, "back");
  });
});

describe("a device that goes away [V7]", () => {
  test("is replaced by the default one, which is said, with the way back", async () => {
    const { devices, media, exchanges } = await opened({ camera: null, microphone: "headset" });
    devices.of("audio")[0]?.vanishes();
    await settle();
    assert.deepEqual(exchanges, [{ source: "microphone", label: "the default microphone", before: "headset" }]);
    assert.equal(media.view.mic, true);
  });

  test("with no other there is said too, and others see that it is off", async () => {
    const { devices, media, exchanges } = await opened();
    devices.fails = { camera: "missing" };
    devices.of("video")[0]?.vanishes();
    await settle();
    assert.deepEqual(exchanges, [{ source: "camera", label: null, before: "default camera" }]);
    assert.equal(media.view.camera, false);
    assert.equal(media.view.trouble.camera, "missing");
  });

  test("because of an interruption is fetched again, with the same device", async () => {
    const { devices, media } = await opened({ camera: "front", microphone: null });
    const [camera] = devices.of("video");
    if (camera) camera.muted = true;
    await media.revive();
    assert.deepEqual(devices.asked.at(-1), ["camera", "front"]);
    assert.equal(devices.of("video").length, 2);
    await media.revive();
    assert.equal(devices.opened.length, 3, "what lives is left alone");
  });
});

describe("a telephone call that takes the microphone [V7]", () => {
  test("is told while it lasts, and switches nothing", async () => {
    const { devices, media, views, kept } = await opened();
    const [microphone] = devices.of("audio");
    microphone?.interrupted(true);
    assert.deepEqual([views.at(-1)?.mic, views.at(-1)?.trouble.microphone], [true, "busy"]);
    microphone?.interrupted(false);
    assert.deepEqual([views.at(-1)?.mic, views.at(-1)?.trouble.microphone], [true, null]);
    assert.deepEqual(kept, [], "it is nobody's wish to be silent");
    assert.equal(media.view.camera, true);
  });

  test("and does not give it back: to try again opens it anew", async () => {
    const { devices, media, views } = await opened({ camera: null, microphone: "headset" });
    const [silent] = devices.of("audio");
    silent?.interrupted(true);
    await media.retry();
    assert.deepEqual(devices.asked.at(-1), ["microphone", "headset"]);
    assert.equal(media.view.trouble.microphone, null);
    assert.equal(devices.opened.length, 3, "the camera is left alone");
    const told = views.length;
    silent?.interrupted(false);
    assert.equal(views.length, told, "of the old one nothing is heard any more");
  });

  test("and still goes on: the old one is kept, and comes back by itself", async () => {
    const { devices, media } = await opened();
    const [silent] = devices.of("audio");
    silent?.interrupted(true);
    devices.fails = { microphone: "blocked" };
    await media.retry();
    assert.equal(media.view.trouble.microphone, "blocked");
    assert.equal(silent?.readyState, "live");
    silent?.interrupted(false);
    assert.equal(media.view.trouble.microphone, null);
  });
});

describe("looking at the page again [V7]", () => {
  test("opens what was wanted and went away while nobody looked", async () => {
    const { devices, media } = await opened();
    devices.fails = { camera: "busy" };
    devices.of("video")[0]?.vanishes();
    await settle();
    devices.fails = {};
    await media.revive();
    assert.equal(media.view.camera, true);
    assert.equal(media.view.trouble.camera, null);
  });

  test("does not ask again for what is blocked", async () => {
    const { devices, media } = setUp();
    devices.fails = { camera: "blocked" };
    await media.open({ camera: true, microphone: false });
    const asked = devices.asked.length;
    await media.revive();
    assert.equal(devices.asked.length, asked);
  });

  test("does not open twice what is just being opened", async () => {
    const { devices, media } = setUp();
    const opening = media.open({ camera: true, microphone: true });
    await media.revive();
    await opening;
    assert.equal(devices.opened.length, 2);
  });
});

describe("the screen [V7]", () => {
  test("is shared, and stopped from the browser's own bar", async () => {
    const { devices, media, views } = await opened();
    await media.share();
    assert.equal(media.view.screen, true);
    assert.equal(media.view.camera, true);
    devices.newest.vanishes();
    assert.equal(views.at(-1)?.screen, false);
  });
});

test("stop turns everything off", async () => {
  const { devices, media } = await opened();
  await media.share();
  media.stop();
  for (const track of devices.opened) assert.equal(track.readyState, "ended");
  assert.deepEqual([media.view.mic, media.view.camera, media.view.screen], [false, false, false]);
});
