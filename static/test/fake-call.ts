/** A call between fakes: its socket, its devices, its clock and its peer connections. */

import { Call } from "../src/call/client.ts";
import type { PathsOptions } from "../src/call/paths.ts";
import { emptyRoster } from "../src/call/roster.ts";
import type { Participant, SignalBody, Snapshot, Stage } from "../src/lib/wire.ts";
import type { LocalView, Off } from "../src/media/local.ts";
import type { Peer, PeerOptions, PeerView, Traffic } from "../src/media/peer.ts";
import { FakeDevices } from "./fake-media.ts";
import { Exchange, type FakeSocket } from "./fake-socket.ts";
import { FakeTimers, settle } from "./fake-timers.ts";

/** Somebody whose connection stands and is well. */
export const CALM: PeerView = {
  stream: {} as MediaStream,
  connected: true,
  troubled: false,
  fresh: false,
  phone: false,
  missingSince: null,
  mine: "good",
  theirs: "good",
  unseen: false,
  soundOnlyThere: false,
  measured: () => null,
};

/** One's own devices, both on. */
export const LOCAL: LocalView = {
  mic: true,
  camera: true,
  screen: false,
  trouble: { camera: null, microphone: null },
  track: { camera: null, microphone: null },
  device: { camera: null, microphone: null },
  screenTrack: null,
};

export class FakePeer {
  readonly options: PeerOptions;
  readonly tracks: Record<string, { id: string } | null> = { audio: null, video: null };
  readonly received: SignalBody[] = [];
  traffic: Traffic | null = null;
  signalling = true;
  soundOnly = false;
  restarts = 0;
  renewals = 0;
  closed = false;
  failures = 0;
  readonly incoming: Record<string, object> = {};
  view: PeerView = { ...CALM, connected: false, fresh: true };

  constructor(options: PeerOptions) {
    this.options = options;
  }

  receive(body: SignalBody): Promise<void> {
    this.received.push(body);
    return Promise.resolve();
  }

  put(kind: string, track: { id: string } | null): void {
    this.tracks[kind] = track;
  }

  expect(traffic: Traffic): void {
    this.traffic = traffic;
  }

  setSoundOnly(on: boolean): void {
    this.soundOnly = on;
  }

  setSignalling(open: boolean): void {
    this.signalling = open;
  }

  networkChanged(): void {
    this.restarts += 1;
  }

  renew(): void {
    this.renewals += 1;
  }

  close(): void {
    this.closed = true;
  }

  track(kind: string): object | null {
    return this.incoming[kind] ?? null;
  }

  flows(): boolean {
    return this.view.connected;
  }

  /** The connection as the test wants it. */
  becomes(view: Partial<PeerView>): void {
    this.view = { ...this.view, fresh: false, ...view };
    this.options.onChange(this.view);
  }
}

export const person = (id: string, stage: Stage, more: Partial<Participant> = {}): Participant => ({
  id,
  name: id === "dana" ? "Dana" : "Dr Alice",
  role: id === "dana" ? "patient" : "professional",
  relation: null,
  companion: null,
  stage,
  present: true,
  peer: `${id}-1`,
  mic: true,
  camera: true,
  screen: false,
  hand: false,
  quiet: false,
  since: null,
  devices: null,
  booked_as: null,
  ...more,
});

export const snapshot = (participants: Participant[], more: Partial<Snapshot> = {}): Snapshot => ({
  consultation: { id: "c", state: "active", started_at: null, outcome: null },
  participants,
  route: { path: "p2p", epoch: 0, settled: true },
  recording: emptyRoster.recording,
  messages: [],
  ...more,
});

const NOTHING_OFF: Off = { camera: false, microphone: false };

export const setUp = (me = "dana", seat = false, off: Off = NOTHING_OFF, paths: Partial<PathsOptions> = {}) => {
  const timers = new FakeTimers();
  const exchange = new Exchange();
  const devices = new FakeDevices();
  const peers: FakePeer[] = [];
  const kept: Off[] = [off];
  const call = new Call({
    url: "wss://here/ws/room",
    ticket: async () => "ticket",
    me,
    openers: devices.openers,
    chosen: { camera: null, microphone: null },
    off,
    onOff: (next) => kept.push(next),
    seat,
    open: exchange.open,
    paths: {
      ...paths,
      makePeer: (options) => {
        const peer = new FakePeer(options);
        peers.push(peer);
        return peer as unknown as Peer;
      },
    },
    timers,
  });
  return { timers, exchange, devices, peers, call, me, kept };
};

export type Rig = ReturnType<typeof setUp>;

export const welcome = async ({ exchange, timers, me }: Rig, room: Snapshot, peer = `${me}-1`): Promise<FakeSocket> => {
  await timers.pass(300);
  const socket = exchange.newest;
  socket.opens();
  const b = { you: me, peer, resume: `resume-${peer}`, beat_s: 5, ice: [], snapshot: room };
  socket.says("welcome", b, socket.last("hello").id);
  await settle();
  return socket;
};

export const joined = async (rig: Rig, room: Snapshot): Promise<FakeSocket> => {
  rig.call.start();
  return welcome(rig, room);
};

export const waiting = snapshot([person("dana", "waiting"), person("alice", "in_call")]);
export const talking = snapshot([person("dana", "in_call"), person("alice", "in_call")]);

export const only = (peers: FakePeer[]): FakePeer => {
  const [peer] = peers;
  if (!peer || peers.length !== 1) throw new Error(`${peers.length} peers`);
  return peer;
};
