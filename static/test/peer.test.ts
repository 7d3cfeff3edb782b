import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SignalBody } from "../src/lib/wire.ts";
import { offers, Pair, stable } from "./fake-pair.ts";
import type { FakePeerConnection } from "./fake-peer-connection.ts";
import { settle } from "./fake-timers.ts";

describe("the first negotiation [V4]", () => {
  test("is begun by the impolite side alone, without tracks, both ways open", async () => {
    const pair = new Pair();
    await settle();
    stable(pair);
    assert.equal(offers(pair.impolite), 1);
    assert.equal(offers(pair.polite), 0);
    for (const connection of pair.both)
      for (const { sender } of connection.getTransceivers()) assert.equal(sender.track, null);
  });

  test("keeps candidates that come before the description", async () => {
    const pair = new Pair();
    pair.held = [];
    await settle();
    const held = pair.held;
    pair.held = held.reverse();
    pair.release();
    await settle();
    assert.ok(pair.newest(pair.polite).candidates.length >= 2);
    stable(pair);
  });

  test("each side has the other's two tracks in a stream of its own", async () => {
    const pair = new Pair();
    await settle();
    for (const { peer } of pair.sides)
      assert.deepEqual(
        peer.view.stream.getTracks().map(({ kind }) => kind),
        ["audio", "video"],
      );
  });
});

describe("tracks [V7]", () => {
  const track = (kind: string) => ({ kind }) as unknown as MediaStreamTrack;
  const senders = (connection: FakePeerConnection) => connection.getTransceivers().map(({ sender }) => sender.track);

  test("go on their lines without a new negotiation, also when the camera becomes a screen", async () => {
    const pair = new Pair();
    await pair.connect();
    const [sound, camera, screen] = [track("audio"), track("video"), track("video")];
    pair.polite.peer.put("audio", sound);
    pair.polite.peer.put("video", camera);
    await settle();
    assert.deepEqual(senders(pair.newest(pair.polite)), [sound, camera]);
    pair.polite.peer.put("video", screen, true);
    await settle();
    assert.deepEqual(senders(pair.newest(pair.polite)), [sound, screen]);
    assert.equal(
      pair.newest(pair.polite).getTransceivers()[1]?.sender.parameters.encodings[0]?.scaleResolutionDownBy,
      1,
    );
    assert.equal(offers(pair.impolite) + offers(pair.polite), 1);
  });

  test("given before the lines exist go on them when they do, and on those of a fresh connection", async () => {
    const pair = new Pair();
    const sound = track("audio");
    pair.polite.peer.put("audio", sound);
    await pair.connect();
    assert.equal(senders(pair.newest(pair.polite))[0], sound);
    for (const connection of pair.both) connection.becomes("failed");
    await pair.timers.pass(12_000);
    assert.equal(pair.polite.connections.length, 2);
    assert.equal(senders(pair.newest(pair.polite))[0], sound);
  });

  test("sound only stops the picture both ways, and the other side is told why", async () => {
    const pair = new Pair();
    await pair.connect();
    pair.polite.peer.setSoundOnly(true);
    await settle();
    for (const connection of pair.both) assert.equal(connection.getTransceivers()[1]?.currentDirection, "inactive");
    assert.equal(pair.impolite.peer.view.soundOnlyThere, true);
    assert.equal(pair.polite.peer.view.soundOnlyThere, false);
    pair.polite.peer.setSoundOnly(false);
    await settle();
    stable(pair);
    assert.equal(pair.impolite.peer.view.soundOnlyThere, false);
  });
});

describe("an interruption [V6]", () => {
  test("is told within two seconds of the last byte, and over with the first", async () => {
    const pair = new Pair();
    await pair.connect();
    assert.equal(pair.impolite.peer.view.connected, true);
    await pair.timers.pass(2_000);
    assert.equal(pair.impolite.peer.view.troubled, true);
    await pair.flow(500);
    assert.equal(pair.impolite.peer.view.troubled, false);
  });

  test("is not made out of a page that was too busy to look, when the roster is told anew", async () => {
    const pair = new Pair();
    await pair.connect();
    const { peer } = pair.impolite;
    pair.newest(pair.impolite).getStats = () => new Promise(() => undefined);
    await pair.timers.pass(1_500);
    peer.expect({ sound: true, picture: true, screen: false });
    peer.expect({ sound: true, picture: false, screen: false });
    assert.equal(peer.view.troubled, false);
  });

  test("gets new paths at 2.5 s", async () => {
    const pair = new Pair();
    await pair.connect();
    pair.newest(pair.impolite).becomes("disconnected");
    await pair.timers.pass(2_400);
    assert.equal(pair.newest(pair.impolite).restarts, 0);
    await pair.timers.pass(600);
    assert.equal(pair.newest(pair.impolite).restarts, 1);
    stable(pair);
  });

  test("gets one fresh connection at 10 s on both sides, though both see the trouble", async () => {
    const pair = new Pair();
    await pair.connect();
    for (const connection of pair.both) connection.becomes("disconnected");
    await pair.timers.pass(10_600);
    for (const side of pair.sides) assert.equal(side.connections.length, 2);
    stable(pair);
    for (const connection of pair.both) connection.becomes("connected");
    await pair.flow(1_000);
    for (const { peer } of pair.sides) assert.equal(peer.view.connected, true);
  });

  test("gets a fresh connection also when both begin one at the same moment", async () => {
    const pair = new Pair();
    await pair.connect();
    pair.cut = true;
    for (const connection of pair.both) connection.becomes("failed");
    await pair.timers.pass(11_900);
    pair.cut = false;
    for (const { peer } of pair.sides) {
      peer.setSignalling(false);
      peer.setSignalling(true);
    }
    await settle();
    stable(pair);
  });

  test("offers the phone after 20 s", async () => {
    const pair = new Pair();
    await pair.connect();
    pair.cut = true;
    for (const connection of pair.both) connection.becomes("disconnected");
    await pair.timers.pass(19_500);
    assert.equal(pair.impolite.peer.view.phone, false);
    await pair.timers.pass(1_000);
    assert.equal(pair.impolite.peer.view.phone, true);
  });

  test("that was there from the beginning offers the phone 20 s after the gate opens, also over fresh connections", async () => {
    const pair = new Pair();
    await pair.timers.pass(60_000);
    for (const { peer } of pair.sides) peer.expect({ sound: true, picture: true, screen: false });
    await pair.timers.pass(19_000);
    assert.equal(pair.impolite.peer.view.phone, false);
    await pair.timers.pass(1_500);
    assert.equal(pair.impolite.peer.view.phone, true);
  });

  test("without a way to the server only waits, and acts as soon as there is one", async () => {
    const pair = new Pair();
    await pair.connect();
    for (const { peer } of pair.sides) peer.setSignalling(false);
    for (const connection of pair.both) connection.becomes("disconnected");
    await pair.timers.pass(15_000);
    assert.equal(pair.impolite.connections.length, 1);
    for (const { peer } of pair.sides) peer.setSignalling(true);
    await pair.timers.pass(600);
    assert.equal(pair.impolite.connections.length, 2);
    stable(pair);
  });
});

describe("signals that got lost [V4]", () => {
  test("the offer is repeated when signals get through again", async () => {
    const pair = new Pair();
    pair.cut = true;
    for (const { peer } of pair.sides) peer.setSignalling(false);
    await settle();
    pair.cut = false;
    for (const { peer } of pair.sides) peer.setSignalling(true);
    await settle();
    stable(pair);
  });

  test("a lost answer is repeated, and a repeated one does no harm", async () => {
    const pair = new Pair();
    pair.held = [];
    await settle();
    const offer = pair.held;
    pair.held = null;
    pair.impolite.peer.setSignalling(false);
    pair.polite.peer.setSignalling(false);
    pair.cut = true;
    for (const deliver of offer) deliver();
    await settle();
    pair.cut = false;
    pair.polite.peer.setSignalling(true);
    pair.impolite.peer.setSignalling(true);
    await settle();
    stable(pair);
  });

  test("frames of an earlier connection are not mixed into the new one", async () => {
    const pair = new Pair();
    await pair.connect();
    const old = structuredClone(pair.impolite.sent.find((body) => "description" in body)) as SignalBody;
    for (const connection of pair.both) connection.becomes("failed");
    await pair.timers.pass(11_000);
    const now = pair.newest(pair.polite);
    await pair.polite.peer.receive(old);
    await settle();
    assert.equal(pair.newest(pair.polite), now);
    stable(pair);
  });
});

test("a new welcome's credentials reach the connection that stands", async () => {
  const pair = new Pair();
  await pair.connect();
  const urls = ["turn:relay.example"];
  pair.ice = [{ urls, username: "later" }];
  pair.impolite.peer.renew();
  assert.deepEqual(pair.newest(pair.impolite).configuration, {
    iceServers: [{ urls, username: "later" }],
    bundlePolicy: "max-bundle",
  });
});

test("a closed peer leaves nothing running", async () => {
  const pair = new Pair();
  await pair.connect();
  const { peer, views } = pair.impolite;
  peer.close();
  const seen = views.length;
  await pair.timers.pass(60_000);
  assert.equal(views.length, seen);
  assert.equal(pair.newest(pair.impolite).connectionState, "closed");
});
