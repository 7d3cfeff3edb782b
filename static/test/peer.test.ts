import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SignalBody } from "../src/lib/wire.ts";
import { Peer, type PeerView } from "../src/media/peer.ts";
import { FakePeerConnection } from "./fake-peer-connection.ts";
import { FakeTimers, settle } from "./fake-timers.ts";

class FakeStream {
  readonly tracks: { kind: string }[] = [];

  addTrack(track: { kind: string }): void {
    this.tracks.push(track);
  }

  getTracks() {
    return this.tracks;
  }
}

interface Side {
  peer: Peer;
  connections: FakePeerConnection[];
  sent: SignalBody[];
  views: PeerView[];
}

/** Two peers and a line between them that the test can hold or cut. */
class Pair {
  readonly timers = new FakeTimers();
  readonly sides: [Side, Side];
  held: (() => void)[] | null = null;
  ice: RTCIceServer[] = [];
  cut = false;

  constructor() {
    this.sides = [this.#side(0), this.#side(1)];
  }

  get impolite(): Side {
    return this.sides[0];
  }

  get polite(): Side {
    return this.sides[1];
  }

  #side(index: 0 | 1): Side {
    const connections: FakePeerConnection[] = [];
    const sent: SignalBody[] = [];
    const views: PeerView[] = [];
    const peer = new Peer({
      polite: index === 1,
      ice: () => this.ice,
      send: (body) => {
        sent.push(body);
        this.#carry(index, body);
      },
      onChange: (view) => views.push(view),
      connect: () => {
        const connection = new FakePeerConnection();
        connections.push(connection);
        return connection as unknown as RTCPeerConnection;
      },
      stream: () => new FakeStream() as unknown as MediaStream,
      timers: this.timers,
    });
    return { peer, connections, sent, views };
  }

  #carry(from: 0 | 1, body: SignalBody): void {
    if (this.cut) return;
    const deliver = (): void => void this.sides[from === 0 ? 1 : 0].peer.receive(structuredClone(body));
    if (this.held) this.held.push(deliver);
    else queueMicrotask(deliver);
  }

  release(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const deliver of held) deliver();
  }

  newest(side: Side): FakePeerConnection {
    const connection = side.connections.at(-1);
    if (!connection) throw new Error("no connection was made");
    return connection;
  }

  get both(): FakePeerConnection[] {
    return this.sides.map((side) => this.newest(side));
  }

  /** Both transports are up and bytes flow both ways. */
  async connect(): Promise<void> {
    await this.timers.pass(100);
    for (const connection of this.both) connection.becomes("connected");
    for (const { peer } of this.sides) peer.expect({ sound: true, picture: true, screen: false });
    await this.flow(2_000);
  }

  async flow(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      for (const connection of this.both) connection.bytes += 10_000;
      await this.timers.pass(500);
    }
  }
}

const offers = (side: Side): number =>
  side.sent.filter((body) => "description" in body && body.description.type === "offer").length;
const stable = (pair: Pair): void => {
  for (const connection of pair.both) {
    assert.equal(connection.signalingState, "stable");
    assert.equal(connection.getTransceivers().length, 2, "one line for sound, one for the picture");
    assert.deepEqual(
      connection.getTransceivers().map(({ receiver, currentDirection }) => [receiver.track.kind, currentDirection]),
      [
        ["audio", "sendrecv"],
        ["video", "sendrecv"],
      ],
    );
  }
};

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

test("glare: both renegotiate at once, both end stable", async () => {
  const pair = new Pair();
  await pair.connect();
  pair.held = [];
  for (const { peer } of pair.sides) peer.networkChanged();
  await settle();
  assert.ok(offers(pair.impolite) === 2 && offers(pair.polite) === 1, "both have offered");
  pair.release();
  await settle();
  stable(pair);
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
