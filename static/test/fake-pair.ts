/** Two peers with fake connections, and what can happen between them. */
import assert from "node:assert/strict";
import type { SignalBody } from "../src/lib/wire.ts";
import { Peer, type PeerView } from "../src/media/peer.ts";
import { FakePeerConnection } from "./fake-peer-connection.ts";
import { FakeTimers } from "./fake-timers.ts";

class FakeStream {
  readonly tracks: { kind: string }[] = [];

  addTrack(track: { kind: string }): void {
    this.tracks.push(track);
  }

  getTracks() {
    return this.tracks;
  }
}

export interface Side {
  peer: Peer;
  connections: FakePeerConnection[];
  sent: SignalBody[];
  views: PeerView[];
}

/** Two peers and a line between them that the test can hold or cut. */
export class Pair {
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

export const offers = (side: Side): number =>
  side.sent.filter((body) => "description" in body && body.description.type === "offer").length;
export const stable = (pair: Pair): void => {
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
