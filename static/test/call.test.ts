import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { joined, only, person, setUp, snapshot, talking, waiting, welcome } from "./fake-call.ts";
import { settle } from "./fake-timers.ts";

describe("waiting [V3]", () => {
  test("is already connected, and the gate for sound and picture opens when the patient is let in", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, waiting);
    const peer = only(rig.peers);
    assert.equal(rig.call.state.phase, "waiting");
    assert.deepEqual(peer.tracks, { audio: null, video: null });
    assert.deepEqual(peer.traffic, { sound: false, picture: false, screen: false });
    socket.says("participant", person("dana", "in_call"));
    assert.equal(rig.call.state.phase, "called");
    assert.equal(peer.tracks.audio?.id, "default microphone");
    assert.equal(peer.tracks.video?.id, "default camera");
    assert.deepEqual(peer.traffic, { sound: true, picture: true, screen: false });
    peer.becomes({ connected: true });
    assert.equal(rig.call.state.phase, "live");
    assert.equal(rig.peers.length, 1, "the connection of the wait is the one of the call");
  });

  test("longer is told with the message, until the wait is over", async () => {
    const rig = setUp();
    const socket = await joined(rig, waiting);
    socket.says("hold", { body: "Ten minutes" });
    assert.deepEqual(rig.call.state.hold, { body: "Ten minutes" });
    socket.says("participant", person("dana", "in_call"));
    assert.equal(rig.call.state.hold, null);
  });

  test("in vain is told with the reason", async () => {
    const rig = setUp();
    const socket = await joined(rig, waiting);
    socket.says("refused", { reason: "Please come in person" });
    socket.says("participant", person("dana", "refused"));
    assert.equal(rig.call.state.phase, "refused");
    assert.equal(rig.call.state.refusal, "Please come in person");
    assert.equal(only(rig.peers).closed, true);
  });
});

describe("who is polite [V4]", () => {
  test("is the one whose peer id sorts lower", async () => {
    const patient = setUp("dana");
    await joined(patient, talking);
    assert.equal(only(patient.peers).options.polite, false);
    const doctor = setUp("alice");
    await joined(doctor, talking);
    assert.equal(only(doctor.peers).options.polite, true);
  });
});

describe("a dropped socket [V6]", () => {
  test("comes back with resume, and the connection goes on", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    const peer = only(rig.peers);
    peer.becomes({ connected: true });
    socket.ends(1006);
    assert.equal(peer.signalling, false);
    assert.equal(rig.call.state.phase, "live");
    const again = await welcome(rig, talking);
    assert.equal(again.last("hello").b.resume, "resume-dana-1");
    assert.equal(only(rig.peers).closed, false);
    assert.equal(peer.signalling, true);
  });

  test("that comes back with another peer id makes new connections", async () => {
    const rig = setUp();
    (await joined(rig, talking)).ends(1006);
    await welcome(rig, talking, "dana-2");
    assert.deepEqual(
      rig.peers.map(({ closed }) => closed),
      [true, false],
    );
  });

  test("the server hears again what our devices do, because it may have forgotten", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    const first = await joined(rig, talking);
    assert.deepEqual(first.last("hello").b.media, { mic: true, camera: true, screen: false });
    assert.equal(first.count("media"), 0);
    await rig.call.media.setMic(false);
    assert.deepEqual(first.last("media").b, { mic: false, camera: true, screen: false });
    first.ends(1012);
    await rig.call.media.setMic(true);
    const second = await welcome(rig, talking);
    assert.deepEqual(second.last("hello").b.media, { mic: true, camera: true, screen: false });
    assert.equal(second.count("media"), 0);
  });
});

describe("after a restart of the server [V6]", () => {
  const lonely = snapshot([person("dana", "in_call"), person("alice", "in_call", { present: false, peer: null })]);

  test("somebody who is not back yet keeps the connection for 30 s", async () => {
    const rig = setUp();
    (await joined(rig, talking)).ends(1006);
    const peer = only(rig.peers);
    peer.becomes({ connected: true });
    const socket = await welcome(rig, lonely);
    assert.equal(rig.call.state.phase, "live");
    assert.equal(peer.signalling, false);
    await rig.timers.pass(10_000);
    socket.says("participant", person("alice", "in_call"));
    assert.equal(peer.signalling, true);
    socket.says("beat", { n: 1 });
    await rig.timers.pass(11_000);
    socket.says("beat", { n: 2 });
    await rig.timers.pass(11_000);
    assert.equal(only(rig.peers).closed, false);
  });

  test("somebody who never comes back is let go after that", async () => {
    const rig = setUp();
    (await joined(rig, talking)).ends(1006);
    const peer = only(rig.peers);
    peer.becomes({ connected: true });
    const socket = await welcome(rig, lonely);
    for (let beat = 1; beat <= 4; beat += 1) {
      await rig.timers.pass(8_000);
      socket.says("beat", { n: beat });
    }
    assert.equal(peer.closed, true);
    assert.equal(rig.call.state.phase, "called");
  });
});

describe("the other side [V4]", () => {
  test("that loads its page again gets a new connection, and has 'returned'", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    only(rig.peers).becomes({ connected: true });
    socket.says("participant", person("alice", "in_call", { peer: "alice-2" }));
    assert.deepEqual(
      rig.peers.map(({ closed }) => closed),
      [true, false],
    );
    assert.equal(rig.call.state.phase, "recovering");
    rig.peers[1]?.becomes({ connected: true });
    assert.equal(rig.call.state.phase, "live");
    assert.equal(rig.call.state.remotes[0]?.returned, true);
  });

  test("whose socket drops stays connected", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    socket.says("participant", person("alice", "in_call", { present: false }));
    assert.equal(only(rig.peers).closed, false);
    assert.equal(only(rig.peers).signalling, false);
  });

  test("that leaves its place is let go at once", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    socket.says("participant", person("alice", "away"));
    assert.equal(only(rig.peers).closed, true);
    assert.equal(rig.call.state.phase, "called");
  });

  test("is sent and sends signals by peer id; those of strangers are dropped", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    const peer = only(rig.peers);
    peer.options.send({ candidate: null });
    assert.deepEqual(socket.last("signal").b, { to: "alice-1", candidate: null });
    socket.says("signal", { from: "alice-1", candidate: null });
    socket.says("signal", { from: "somebody", candidate: null });
    assert.equal(peer.received.length, 1);
  });
});

describe("a professional [V4]", () => {
  test("whose consultation it is sits down at once, and again when the server has forgotten", async () => {
    const rig = setUp("alice", true);
    const room = snapshot([person("dana", "waiting"), person("alice", "away")]);
    const socket = await joined(rig, room);
    assert.equal(socket.count("enter"), 1);
    socket.ends(1006);
    assert.equal((await welcome(rig, room)).count("enter"), 1);
  });

  test("who only reads along does not", async () => {
    const rig = setUp("alice");
    const socket = await joined(rig, snapshot([person("dana", "waiting"), person("alice", "away")]));
    assert.equal(socket.count("enter"), 0);
    assert.deepEqual(rig.peers, []);
  });

  test("who meets a full call does not ask for the place again", async () => {
    const rig = setUp("alice");
    const socket = await joined(rig, snapshot([person("dana", "in_call"), person("alice", "away")]));
    const entering = rig.call.enter();
    socket.says("error", { code: "call_full", message: "Full." }, socket.last("enter").id);
    await entering;
    socket.ends(1006);
    assert.equal((await welcome(rig, talking)).count("enter"), 0);
  });

  test("hears any other refusal in the server's words", async () => {
    const rig = setUp("alice");
    const socket = await joined(rig, waiting);
    const admitting = rig.call.admit();
    socket.says("error", { code: "nobody_waits", message: "Nobody waits." }, socket.last("admit").id);
    await assert.rejects(admitting, /Nobody waits/);
  });
});

describe("the end [V4]", () => {
  test("leaving turns everything off at once, and tells the server", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, talking);
    const leaving = rig.call.leave();
    assert.equal(rig.call.state.phase, "left");
    for (const track of rig.devices.opened) assert.equal(track.readyState, "ended");
    assert.equal(only(rig.peers).closed, true);
    socket.says("ok", {}, socket.last("leave").id);
    await leaving;
    assert.equal(socket.closed, true);
  });

  test("leaving without a connection does not take longer than two seconds", async () => {
    const rig = setUp();
    (await joined(rig, talking)).ends(1006);
    let left = false;
    void rig.call.leave().then(() => {
      left = true;
    });
    await rig.timers.pass(2_000);
    assert.equal(left, true);
  });

  test("for all ends it here too", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, talking);
    socket.says("consultation", { ...talking.consultation, state: "ended", outcome: "completed" });
    assert.equal(rig.call.state.phase, "ended");
    assert.equal(rig.call.state.local.camera, false);
    socket.ends(1000);
    assert.equal(rig.call.state.phase, "ended");
  });

  test("by another window is undone by 'Use here', with the devices as they were", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    const socket = await joined(rig, talking);
    await rig.call.setCamera(false);
    await rig.call.media.setMic(false);
    socket.ends(4409);
    assert.equal(rig.call.state.phase, "replaced");
    assert.equal(rig.devices.of("audio")[0]?.readyState, "ended");
    void rig.call.again();
    const again = await welcome(rig, talking, "dana-2");
    assert.equal(again.last("hello").b.resume, null);
    assert.equal(rig.call.state.phase, "called");
    assert.deepEqual([rig.call.state.local.mic, rig.call.state.local.camera], [false, false]);
    assert.equal(rig.call.state.local.track.microphone === null, false);
  });
});

describe("sound only [V7]", () => {
  test("turns the camera off and tells the connection; the picture comes back as it was", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: true, microphone: true });
    await joined(rig, talking);
    await rig.call.setSoundOnly(true);
    assert.equal(only(rig.peers).soundOnly, true);
    assert.equal(rig.call.state.local.camera, false);
    await rig.call.setSoundOnly(false);
    assert.equal(only(rig.peers).soundOnly, false);
    assert.equal(rig.call.state.local.camera, true);
  });

  test("does not turn on a camera that was off before", async () => {
    const rig = setUp();
    await rig.call.prepare({ camera: false, microphone: true });
    await joined(rig, talking);
    await rig.call.setSoundOnly(true);
    await rig.call.setSoundOnly(false);
    assert.deepEqual(rig.devices.of("video"), []);
  });

  test("ends when the camera is turned on by hand", async () => {
    const rig = setUp();
    await joined(rig, talking);
    await rig.call.setSoundOnly(true);
    await rig.call.setCamera(true);
    assert.equal(rig.call.state.soundOnly, false);
    assert.equal(only(rig.peers).soundOnly, false);
  });
});

describe("messages [V7]", () => {
  const said = (id: number, body: string) => ({ id, from: "dana", name: "Dana", body, at: "2025-11-23T10:00:00Z" });

  test("are on their way until the server has them", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    rig.call.outbox.say("Hello");
    assert.equal(rig.call.state.outgoing[0]?.body, "Hello");
    socket.says("ok", {}, socket.last("chat").id);
    await settle();
    assert.deepEqual(rig.call.state.outgoing, []);
  });

  test("that were dropped are sent once more", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    rig.call.outbox.say("Hello");
    socket.ends(1006);
    await settle();
    const again = await welcome(rig, talking);
    assert.equal(again.last("chat").b.body, "Hello");
  });

  test("that had arrived before the drop are not sent twice", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    rig.call.outbox.say("Hello");
    socket.ends(1006);
    await settle();
    const again = await welcome(rig, { ...talking, messages: [said(1, "Hello")] });
    assert.equal(again.count("chat"), 0);
    assert.deepEqual(rig.call.state.outgoing, []);
  });

  test("that are the same as an older one are still sent", async () => {
    const rig = setUp();
    const socket = await joined(rig, { ...talking, messages: [said(1, "Yes")] });
    rig.call.outbox.say("Yes");
    socket.ends(1006);
    await settle();
    const again = await welcome(rig, { ...talking, messages: [said(1, "Yes")] });
    assert.equal(again.count("chat"), 1);
  });

  test("that were refused say so, and can be tried again", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    rig.call.outbox.say("Hello");
    socket.says("error", { code: "too_fast", message: "Too many at once." }, socket.last("chat").id);
    await settle();
    const [letter] = rig.call.state.outgoing;
    assert.equal(letter?.failed, "Too many at once.");
    rig.call.outbox.retry(letter?.key ?? 0);
    assert.equal(socket.count("chat"), 2);
  });
});

test("another network asks every connection for new paths", async () => {
  const rig = setUp();
  await joined(rig, talking);
  rig.call.networkChanged();
  assert.equal(only(rig.peers).restarts, 1);
});
