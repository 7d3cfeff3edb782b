import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { joined, snapshot } from "./fake-call.ts";
import { alice, answersOf, changing, comeOn, dana, route, talkingTwo, teamRig } from "./fake-engine.ts";
import { settle } from "./fake-timers.ts";

describe("our own tracks over the engine [V7]", () => {
  test("have a line each from the beginning, so that no switch of a device needs an offer", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish] = await changing(rig, socket);
    const on = (mid: string) => publish.line(mid).sender.track?.id ?? null;
    assert.deepEqual(
      publish.lines.map(({ direction }) => direction),
      ["sendonly", "sendonly", "sendonly"],
    );
    assert.deepEqual([on("audio"), on("camera"), on("screen")], ["default microphone", "default camera", null]);
    await rig.call.setCamera(false);
    assert.equal(on("camera"), null);
    await rig.call.setCamera(true);
    await rig.call.share();
    await settle();
    assert.deepEqual([on("camera"), on("screen")], [null, "screen"], "a screen takes the camera's place");
    rig.call.media.stopSharing();
    await settle();
    assert.deepEqual([on("camera"), on("screen")], ["default camera", null]);
    assert.equal(answersOf(socket, "publish").length, 1);
  });

  test("are not sent by one who is here to listen", async () => {
    const rig = teamRig();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, snapshot([{ ...dana, quiet: true }, alice], { route: route("engine", 1, true) }));
    const [publish] = await changing(rig, socket);
    assert.deepEqual(
      publish.lines.map(({ sender }) => sender.track),
      [null, null, null],
    );
  });
});

describe("what the engine says of people [V7]", () => {
  test("is told by participant, and only while it carries the call", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    await changing(rig, socket);
    socket.says("speaking", { peer: "alice-1" });
    socket.says("served", { budget_bps: 100_000, lost: 0.1, paused: ["bob-1", "nobody-1"] });
    assert.equal(rig.call.state.speaking, "alice");
    assert.deepEqual(rig.call.state.paused, ["bob"]);
    socket.says("speaking", { peer: null });
    assert.equal(rig.call.state.speaking, null);
    socket.says("route", route("p2p", 2, true));
    assert.deepEqual(rig.call.state.paused, []);
  });
});

describe("what is shown is wished for [V7]", () => {
  const wishes = (socket: Awaited<ReturnType<typeof talkingTwo>>) =>
    (socket.last("watch").b.wishes as { peer: string; source: string; layer: string | null }[]).map(
      ({ peer, source, layer }) => `${peer} ${source} ${layer}`,
    );

  test("as the page says, a little later and once", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    await changing(rig, socket);
    rig.call.look(new Map([["alice", { layer: "h", pinned: true }]]));
    rig.call.look(
      new Map([
        ["alice", { layer: "h", pinned: true }],
        ["bob", { layer: null, pinned: false }],
      ]),
    );
    assert.equal(socket.count("watch"), 0);
    await rig.timers.pass(1_000);
    assert.equal(socket.count("watch"), 1);
    assert.deepEqual(wishes(socket), ["alice-1 camera h", "bob-1 camera null"]);
    socket.says("participant", { ...alice, screen: true });
    await rig.timers.pass(1_000);
    assert.deepEqual(wishes(socket), ["alice-1 screen h", "bob-1 camera null"]);
    await rig.call.setSoundOnly(true);
    await rig.timers.pass(1_000);
    assert.deepEqual(wishes(socket), ["alice-1 screen null", "bob-1 camera null"]);
  });

  test("and a picture that is not wished for is not waited for", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [, subscribe] = await changing(rig, socket);
    rig.call.look(new Map([["bob", { layer: null, pinned: false }]]));
    await comeOn(rig, subscribe, "0", "1", "2");
    assert.equal(socket.count("flowing"), 1);
  });

  test("again in every new room of the engine", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    await changing(rig, socket);
    await rig.timers.pass(1_000);
    await changing(rig, socket, 2);
    await rig.timers.pass(1_000);
    assert.equal(socket.count("watch"), 2);
  });
});
