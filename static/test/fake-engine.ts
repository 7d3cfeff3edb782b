/** A forwarding engine as the client sees it: offers, and connections on which the test lets tracks come. */
import { EnginePath } from "../src/call/engine.ts";
import type { Remote } from "../src/call/peers.ts";
import type { EngineAnswer, EngineOffer, Side, TrackSource } from "../src/lib/wire.ts";
import { type FakePeer, joined, person, type Rig, setUp, snapshot } from "./fake-call.ts";
import type { FakeSocket } from "./fake-socket.ts";
import { settle } from "./fake-timers.ts";

export class Track {
  readonly kind: string;
  readonly id: string;
  readyState = "live";

  constructor(kind: string, id: string) {
    this.kind = kind;
    this.id = id;
  }
}

/** A MediaStream: what a player is given. */
export class Stream {
  readonly tracks: Track[] = [];

  addTrack(track: Track): void {
    if (!this.tracks.includes(track)) this.tracks.push(track);
  }

  removeTrack(track: Track): void {
    const at = this.tracks.indexOf(track);
    if (at >= 0) this.tracks.splice(at, 1);
  }

  getTracks(): Track[] {
    return [...this.tracks];
  }

  get ids(): string[] {
    return this.tracks.map(({ id }) => id).sort();
  }
}

class Line {
  readonly mid: string;
  readonly receiver: { track: Track };
  direction = "recvonly";
  readonly sender = {
    track: null as { id: string } | null,
    limited: null as unknown,
    replaceTrack: async (track: { id: string } | null): Promise<void> => {
      this.sender.track = track;
    },
    getParameters: () => ({ encodings: [{}] }),
    setParameters: async (parameters: unknown): Promise<void> => {
      this.sender.limited = parameters;
    },
  };
  /** What has come: pictures or packets. */
  amount = 0;

  constructor(mid: string, kind: string, owner: string) {
    this.mid = mid;
    this.receiver = { track: new Track(kind, `${owner}:${mid}`) };
  }
}

let count = 0;

export class FakeEngineConnection {
  connectionState = "new";
  localDescription: { sdp: string } | null = null;
  onconnectionstatechange: (() => void) | null = null;
  readonly lines: Line[] = [];
  configuration: RTCConfiguration;
  readonly name: string;
  refuses = false;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    count += 1;
    this.name = `c${count}`;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  getTransceivers(): Line[] {
    return this.lines;
  }

  line(mid: string): Line {
    const found = this.lines.find((each) => each.mid === mid);
    if (!found) throw new Error(`no line ${mid}`);
    return found;
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    await Promise.resolve();
    if (this.refuses || this.connectionState === "closed") throw new Error("refused");
    for (const [, mid = "", kind = ""] of sdp.matchAll(/^m=(\S+) (\S+)$/gm))
      if (!this.lines.some((each) => each.mid === mid)) this.lines.push(new Line(mid, kind, this.name));
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    this.localDescription = { sdp: `answer of ${this.name}` };
  }

  async getStats(): Promise<Map<string, object>> {
    const told = this.lines.map(({ mid, receiver, amount }) => {
      const amounts = receiver.track.kind === "video" ? { framesDecoded: amount } : { packetsReceived: amount };
      return [
        mid,
        { type: "inbound-rtp", mid, kind: receiver.track.kind, bytesReceived: amount * 100, ...amounts },
      ] as const;
    });
    return new Map(told);
  }

  becomes(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.connectionState = "closed";
  }
}

export interface Owned {
  mid: string;
  peer: string;
  source: TrackSource;
}

/** An offer's text: the session, and a line for each mid. */
const text = (session: string, lines: readonly [string, string][]): string =>
  [`v=0`, `o=- ${session} 1 IN IP4 127.0.0.1`, ...lines.map(([mid, kind]) => `m=${mid} ${kind}`)].join("\n");

export const publishOffer = (epoch: number, session = `p${epoch}`, number = 1): EngineOffer => ({
  epoch,
  side: "publish",
  number,
  sdp: text(session, [
    ["audio", "audio"],
    ["camera", "video"],
    ["screen", "video"],
  ]),
  streams: [],
});

export const subscribeOffer = (epoch: number, streams: Owned[], session = `s${epoch}`, number = 1): EngineOffer => ({
  epoch,
  side: "subscribe",
  number,
  sdp: text(
    session,
    streams.map(({ mid, source }) => [mid, source === "audio" ? "audio" : "video"]),
  ),
  streams,
});

export const tracksOf = (peer: string, first: number): Owned[] => [
  { mid: String(first), peer, source: "audio" },
  { mid: String(first + 1), peer, source: "camera" },
];

/** Somebody's straight connection, with tracks that can be told apart. */
export const straightTracks = (peer: FakePeer, id: string): Stream => {
  const stream = new Stream();
  for (const kind of ["audio", "video"]) {
    const track = new Track(kind, `${id} ${kind}`);
    stream.addTrack(track);
    peer.incoming[kind] = track;
  }
  peer.becomes({ connected: true, stream: stream as unknown as MediaStream });
  return stream;
};

/** A call of dana's with alice and, later, bob; with connections to the engine in the order in which they were begun. */
export const teamRig = (load = async () => EnginePath) => {
  const connections: FakeEngineConnection[] = [];
  const rig = setUp("dana", false, undefined, {
    load,
    stream: () => new Stream() as unknown as MediaStream,
    connect: (configuration) => {
      const connection = new FakeEngineConnection(configuration);
      connections.push(connection);
      return connection as unknown as RTCPeerConnection;
    },
  });
  return { ...rig, connections };
};

export type TeamRig = ReturnType<typeof teamRig>;

export const dana = person("dana", "in_call");
export const alice = person("alice", "in_call");
export const bob = person("bob", "in_call");

export const remoteOf = ({ call }: Rig, id: string): Remote => {
  const found = call.state.remotes.find(({ participant }) => participant.id === id);
  if (!found) throw new Error(`no remote ${id}`);
  return found;
};

export const streamOf = (rig: Rig, id: string): Stream => remoteOf(rig, id).view.stream as unknown as Stream;

export const route = (path: "p2p" | "engine", epoch: number, settled: boolean) => ({ path, epoch, settled });

/** dana and alice talk over the straight way, our devices open. */
export const talkingTwo = async (rig: TeamRig): Promise<FakeSocket> => {
  await rig.call.prepare({ camera: true, microphone: true });
  const socket = await joined(rig, snapshot([dana, alice]));
  straightTracks(rig.peers[0] as FakePeer, "straight");
  return socket;
};

/** bob is admitted; the engine has made its offers, and both connections stand, with nothing on them yet. */
export const changing = async (
  rig: TeamRig,
  socket: FakeSocket,
  epoch = 1,
): Promise<[FakeEngineConnection, FakeEngineConnection]> => {
  socket.says("participant", bob);
  socket.says("route", route("engine", epoch, false));
  socket.says("offer", publishOffer(epoch));
  socket.says("offer", subscribeOffer(epoch, [...tracksOf("alice-1", 0), ...tracksOf("bob-1", 2)]));
  await settle();
  const [publish, subscribe] = rig.connections.slice(-2) as [FakeEngineConnection, FakeEngineConnection];
  publish.becomes("connected");
  subscribe.becomes("connected");
  await settle();
  return [publish, subscribe];
};

export const come = (connection: FakeEngineConnection, ...mids: string[]): void => {
  for (const mid of mids) connection.line(mid).amount += 10;
};

/** Longer than the client waits between two looks at what has come, while the ways change. */
export const LOOK_MS = 200;

/** One look tells that something came, the next that it goes on coming. */
export const comeOn = async (
  { timers }: TeamRig,
  connection: FakeEngineConnection,
  ...mids: string[]
): Promise<void> => {
  for (const _ of [1, 2]) {
    come(connection, ...mids);
    await timers.pass(LOOK_MS);
  }
};

export const answersOf = (socket: FakeSocket, side: Side): EngineAnswer[] =>
  socket.sent.filter(({ t, b }) => t === "answer" && b.side === side).map(({ b }) => b as unknown as EngineAnswer);
