import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FakePeer, joined, only, person, snapshot, welcome } from "./fake-call.ts";
import {
  alice,
  answersOf,
  bob,
  changing,
  come,
  comeOn,
  dana,
  LOOK_MS,
  publishOffer,
  remoteOf,
  route,
  straightTracks,
  streamOf,
  subscribeOffer,
  talkingTwo,
  teamRig,
  tracksOf,
} from "./fake-engine.ts";
import { settle } from "./fake-timers.ts";

const ALL = ["0", "1", "2", "3"];
/** Between two looks while the ways change. */
const CHANGE_MS = 100;

describe("a third person is let in [V9]", () => {
  test("and what is shown of the others stays that of the straight way until the engine brings it", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const stream = streamOf(rig, "alice");
    const [publish, subscribe] = await changing(rig, socket);
    await rig.timers.pass(LOOK_MS);
    assert.deepEqual(stream.ids, ["straight audio", "straight video"]);
    assert.equal(socket.count("flowing"), 0);
    come(subscribe, "0");
    await rig.timers.pass(LOOK_MS);
    assert.deepEqual(
      stream.ids,
      [`${subscribe.name}:0`, "straight video"],
      "sound comes first, and is never there twice",
    );
    come(subscribe, "1");
    await rig.timers.pass(LOOK_MS);
    assert.deepEqual(stream.ids, [`${subscribe.name}:0`, `${subscribe.name}:1`]);
    assert.equal(streamOf(rig, "alice"), stream, "the player is given nothing new");
    assert.equal(only(rig.peers).closed, false);
    assert.equal(rig.call.state.phase, "live");
    assert.equal(publish.line("camera").sender.track?.id, "default camera");
  });

  test("it is said once that everything flows, and then the straight way ends", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [, subscribe] = await changing(rig, socket);
    come(subscribe, "0", "1", "2");
    await rig.timers.pass(LOOK_MS);
    assert.equal(socket.count("flowing"), 0, "bob's picture is not there");
    await comeOn(rig, subscribe, ...ALL);
    await rig.timers.pass(1_000);
    assert.deepEqual(
      socket.sent.filter(({ t }) => t === "flowing").map(({ b }) => b),
      [{ epoch: 1 }],
    );
    socket.says("route", route("engine", 1, true));
    assert.equal(only(rig.peers).closed, true);
    assert.deepEqual(rig.call.state.remotes.map(({ participant }) => participant.id).sort(), ["alice", "bob"]);
    assert.equal(remoteOf(rig, "bob").view.connected, true);
    assert.equal(rig.call.state.phase, "live");
  });

  test("somebody of whom no second sample has told is not said to flow: the straight way stays until nobody looks interrupted", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [, subscribe] = await changing(rig, socket);
    come(subscribe, ...ALL);
    await rig.timers.pass(CHANGE_MS);
    assert.equal(socket.count("flowing"), 0);
    assert.equal(remoteOf(rig, "alice").view.connected, true, "the straight way still brings her");
    come(subscribe, ...ALL);
    await rig.timers.pass(CHANGE_MS);
    assert.equal(socket.count("flowing"), 1);
    socket.says("route", route("engine", 1, true));
    assert.equal(rig.call.state.phase, "live");
    assert.equal(remoteOf(rig, "alice").view.troubled, false);
  });

  test("and a gap that falls into the change is told when it lasts", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [, subscribe] = await changing(rig, socket);
    const breaks = () => only(rig.peers).becomes({ connected: false, troubled: true, missingSince: rig.timers.now() });
    breaks();
    await rig.timers.pass(2_900);
    assert.equal(rig.call.state.phase, "live");
    await rig.timers.pass(300);
    assert.equal(rig.call.state.phase, "recovering");
    await comeOn(rig, subscribe, ...ALL);
    assert.equal(rig.call.state.phase, "live");
  });

  test("nobody is waited for who sends nothing, and a silent colleague is not either", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [, subscribe] = await changing(rig, socket);
    socket.says("participant", { ...alice, camera: false });
    socket.says("participant", { ...bob, quiet: true });
    await comeOn(rig, subscribe, "0");
    assert.equal(socket.count("flowing"), 1);
  });

  test("our own sending is waited for, too", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish, subscribe] = await changing(rig, socket);
    publish.becomes("connecting");
    await comeOn(rig, subscribe, ...ALL);
    assert.equal(socket.count("flowing"), 0);
    publish.becomes("connected");
    await rig.timers.pass(LOOK_MS);
    assert.equal(socket.count("flowing"), 1);
  });

  test("who comes third has the engine alone", async () => {
    const rig = teamRig();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, snapshot([dana, alice, bob], { route: route("engine", 1, false) }));
    assert.equal(rig.peers.length, 0);
    assert.equal(rig.call.state.phase, "called");
    const [, subscribe] = await changing(rig, socket);
    await comeOn(rig, subscribe, ...ALL);
    assert.equal(rig.call.state.phase, "live");
    assert.equal(socket.count("flowing"), 1);
  });

  test("offers that come before the engine's part are answered when it is there", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    socket.says("route", route("engine", 1, false));
    socket.says("offer", publishOffer(1));
    await settle();
    assert.equal(answersOf(socket, "publish").length, 1);
  });
});

describe("two remain [V9]", () => {
  const onEngine = async (rig: ReturnType<typeof teamRig>) => {
    const socket = await talkingTwo(rig);
    const [publish, subscribe] = await changing(rig, socket);
    come(subscribe, ...ALL);
    await rig.timers.pass(LOOK_MS);
    socket.says("route", route("engine", 1, true));
    return { socket, publish, subscribe };
  };

  test("and the engine stays until the straight way brings what is sent", async () => {
    const rig = teamRig();
    const { socket, publish, subscribe } = await onEngine(rig);
    const stream = streamOf(rig, "alice");
    socket.says("participant", { ...bob, stage: "left", peer: null, present: false });
    assert.equal(rig.peers.length, 1, "of three nobody begins a straight way");
    socket.says("route", route("p2p", 2, false));
    const fresh = rig.peers[1] as FakePeer;
    assert.equal(fresh.tracks.video?.id, "default camera");
    assert.deepEqual(stream.ids, [`${subscribe.name}:0`, `${subscribe.name}:1`]);
    assert.equal(rig.call.state.phase, "live");
    straightTracks(fresh, "again");
    assert.deepEqual(stream.ids, ["again audio", "again video"]);
    assert.deepEqual(socket.last("flowing").b, { epoch: 2 });
    socket.says("route", route("p2p", 2, true));
    assert.deepEqual([publish.connectionState, subscribe.connectionState], ["closed", "closed"]);
    assert.deepEqual(stream.ids, ["again audio", "again video"]);
    assert.equal(streamOf(rig, "alice"), stream);
    assert.equal(rig.call.state.phase, "live");
  });

  test("who left is not among the others any more, and their lines go to the next", async () => {
    const rig = teamRig();
    const { socket, subscribe } = await onEngine(rig);
    const eve = person("eve", "in_call");
    socket.says("participant", { ...bob, stage: "left", peer: null, present: false });
    assert.deepEqual(
      rig.call.state.remotes.map(({ participant }) => participant.id),
      ["alice"],
    );
    socket.says("participant", eve);
    const lines = [...tracksOf("eve-1", 2), { mid: "4", peer: "eve-1", source: "screen" } as const];
    socket.says("offer", subscribeOffer(1, [...tracksOf("alice-1", 0), ...lines], "s1", 2));
    await settle();
    await rig.timers.pass(1_000);
    assert.equal(remoteOf(rig, "eve").view.connected, false, "what came on these lines was bob");
    assert.deepEqual(streamOf(rig, "eve").ids, [`${subscribe.name}:2`], "nobody is shown with another's face");
    come(subscribe, "2", "3");
    await rig.timers.pass(1_000);
    assert.equal(remoteOf(rig, "eve").view.connected, true);
    assert.deepEqual(streamOf(rig, "eve").ids, [`${subscribe.name}:2`, `${subscribe.name}:3`]);
  });
});

describe("an engine that dies [V6]", () => {
  test("is followed by fresh connections, and the old ones are shown until those bring something", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish, subscribe] = await changing(rig, socket);
    await comeOn(rig, subscribe, ...ALL);
    socket.says("route", route("engine", 1, true));
    const stream = streamOf(rig, "alice");
    const [, fresh] = await changing(rig, socket, 2);
    await rig.timers.pass(LOOK_MS);
    assert.deepEqual(stream.ids, [`${subscribe.name}:0`, `${subscribe.name}:1`]);
    assert.equal(publish.connectionState, "connected");
    come(fresh, ...ALL);
    await rig.timers.pass(LOOK_MS);
    assert.deepEqual(stream.ids, [`${fresh.name}:0`, `${fresh.name}:1`]);
    assert.deepEqual(socket.last("flowing").b, { epoch: 2 });
    socket.says("route", route("engine", 2, true));
    assert.equal(publish.connectionState, "closed");
    assert.equal(rig.connections.length, 4);
  });

  test("offers of an epoch that is over are passed over", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    await changing(rig, socket, 2);
    socket.says("offer", publishOffer(1));
    await settle();
    assert.equal(rig.connections.length, 2);
  });

  test("a server that counts from the beginning again is understood by the engine's session", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish] = await changing(rig, socket);
    socket.says("offer", publishOffer(1, "another"));
    await settle();
    assert.equal(rig.connections.length, 3);
    assert.equal(publish.connectionState, "connected", "the old one until it is settled");
  });
});

describe("new paths [V6]", () => {
  test("are wanted for both sides when the device is in another network", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    await changing(rig, socket);
    rig.call.networkChanged();
    assert.deepEqual(
      socket.sent.filter(({ t }) => t === "restart_media").map(({ b }) => b.side),
      ["publish", "subscribe"],
    );
  });

  test("are wanted for a side that is interrupted, and the offer goes to the connection in hand", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish, subscribe] = await changing(rig, socket);
    come(subscribe, ...ALL);
    await rig.timers.pass(LOOK_MS);
    publish.becomes("disconnected");
    await rig.timers.pass(2_000);
    assert.equal(socket.count("restart_media"), 0);
    await rig.timers.pass(1_000);
    assert.equal(socket.last("restart_media").b.side, "publish");
    socket.says("offer", publishOffer(1, "p1", 2));
    await settle();
    assert.equal(answersOf(socket, "publish").at(-1)?.number, 2);
    assert.equal(rig.connections.length, 2);
  });

  test("an offer that the browser does not take is no end of it", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish] = await changing(rig, socket);
    publish.refuses = true;
    socket.says("offer", publishOffer(1, "p1", 2));
    await settle();
    publish.refuses = false;
    socket.says("offer", publishOffer(1, "p1", 3));
    await settle();
    assert.deepEqual(
      answersOf(socket, "publish").map(({ number }) => number),
      [1, 3],
    );
  });
});

describe("a dropped socket [V6]", () => {
  test("that comes back with the same peer keeps the engine's connections, and says again that they flow", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [, subscribe] = await changing(rig, socket);
    await comeOn(rig, subscribe, ...ALL);
    socket.ends(1006);
    const again = await welcome(rig, snapshot([dana, alice, bob], { route: route("engine", 1, false) }));
    assert.equal(again.count("flowing"), 1);
    assert.equal(rig.connections.length, 2);
    assert.equal(subscribe.connectionState, "connected");
  });

  test("that comes back as another peer begins afresh", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish, subscribe] = await changing(rig, socket);
    socket.ends(1006);
    await welcome(
      rig,
      snapshot([{ ...dana, peer: "dana-2" }, alice, bob], { route: route("engine", 1, true) }),
      "dana-2",
    );
    assert.deepEqual([publish.connectionState, subscribe.connectionState], ["closed", "closed"]);
  });
});

describe("leaving [V4]", () => {
  test("closes both ways for good", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish, subscribe] = await changing(rig, socket);
    void rig.call.leave();
    assert.deepEqual([publish.connectionState, subscribe.connectionState], ["closed", "closed"]);
    socket.says("offer", publishOffer(1, "late"));
    await settle();
    assert.equal(rig.connections.length, 2);
  });
});

describe("no straight way [V6]", () => {
  test("is told once, after two connections have come to nothing", async () => {
    const rig = teamRig();
    const socket = await joined(rig, snapshot([dana, alice]));
    const peer = only(rig.peers);
    peer.failures = 1;
    peer.becomes({ troubled: true });
    assert.equal(socket.count("stuck"), 0);
    peer.failures = 2;
    peer.becomes({ troubled: true });
    peer.becomes({ troubled: false });
    assert.equal(socket.count("stuck"), 1);
  });

  test("is nobody's business before the call", async () => {
    const rig = teamRig();
    const socket = await joined(rig, snapshot([person("dana", "waiting"), alice]));
    only(rig.peers).failures = 2;
    only(rig.peers).becomes({ troubled: true });
    assert.equal(socket.count("stuck"), 0);
    socket.says("participant", dana);
    assert.equal(socket.count("stuck"), 1, "and told as soon as it begins");
  });

  test("is told when the server can be reached again", async () => {
    const rig = teamRig();
    const socket = await joined(rig, snapshot([dana, alice]));
    socket.ends(1006);
    only(rig.peers).failures = 2;
    only(rig.peers).becomes({ troubled: true });
    assert.equal(socket.count("stuck"), 0);
    const again = await welcome(rig, snapshot([dana, alice]));
    assert.equal(again.count("stuck"), 1);
  });
});
