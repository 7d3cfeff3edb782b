import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { joined, only, person, setUp, talking, waiting } from "./fake-call.ts";
import { settle } from "./fake-timers.ts";

describe("a shared screen [V7]", () => {
  test("ends sound only, which would keep it from being seen", async () => {
    const rig = setUp();
    await joined(rig, talking);
    await rig.call.setSoundOnly(true);
    await rig.call.share();
    assert.equal(rig.call.state.soundOnly, false);
    assert.equal(only(rig.peers).soundOnly, false);
    assert.equal(only(rig.peers).tracks.video?.id, "screen");
  });

  test("that the person thought better of leaves sound only as it is", async () => {
    const rig = setUp();
    await joined(rig, talking);
    await rig.call.setSoundOnly(true);
    rig.devices.openers.screen = () => Promise.reject(new Error("NotAllowedError"));
    await assert.rejects(rig.call.share());
    assert.equal(rig.call.state.soundOnly, true);
  });

  test("is ended by sound only, and the others are told so", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    await rig.call.share();
    await rig.call.setSoundOnly(true);
    assert.equal(rig.call.state.local.screen, false);
    assert.equal(rig.devices.newest.readyState, "ended");
    assert.equal(socket.last("media").b.screen, false);
  });
});

describe("a telephone call that takes the microphone [V7]", () => {
  test("is told to the others as long as it lasts", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, talking);
    const [microphone] = rig.devices.of("audio");
    microphone?.interrupted(true);
    assert.deepEqual(socket.last("media").b, { mic: false, camera: true, screen: false });
    microphone?.interrupted(false);
    assert.deepEqual(socket.last("media").b, { mic: true, camera: true, screen: false });
    assert.equal(microphone?.enabled, true);
  });
});

describe("a patient who is refused [V3]", () => {
  const refused = async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, waiting);
    socket.says("participant", person("dana", "refused"));
    return { rig, socket };
  };

  test("is neither filmed nor listened to", async () => {
    const { rig } = await refused();
    for (const track of rig.devices.opened) assert.equal(track.readyState, "ended");
    assert.deepEqual([rig.call.state.local.mic, rig.call.state.local.camera], [false, false]);
  });

  test("and let in after all is heard and seen", async () => {
    const { rig, socket } = await refused();
    socket.says("participant", person("dana", "in_call"));
    await settle();
    assert.deepEqual([rig.call.state.local.mic, rig.call.state.local.camera], [true, true]);
  });

  test("and leaves from there is off all the same", async () => {
    const { rig } = await refused();
    void rig.call.leave();
    await settle();
    for (const track of rig.devices.opened) assert.equal(track.readyState, "ended");
  });
});

describe("after a reload [V7]", () => {
  test("a muted microphone and a camera that was off are so still", async () => {
    const rig = setUp("dana", false, { camera: true, microphone: true });
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, talking);
    assert.deepEqual(socket.last("hello").b.media, { mic: false, camera: false, screen: false });
    await rig.call.media.setMic(true);
    assert.deepEqual(rig.kept.at(-1), { camera: true, microphone: false });
  });
});
