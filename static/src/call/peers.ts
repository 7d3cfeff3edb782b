/** The straight way: which remote browsers this one is connected to. It follows the roster, and outlives a restart of the server. */
import { realTimers, type Timers } from "../lib/timers.ts";
import { GRACE_MS, type Participant, type SignalBody } from "../lib/wire.ts";
import type { Kind } from "../media/link.ts";
import { Peer, type PeerOptions, type PeerView, type Traffic } from "../media/peer.ts";
import type { Scene } from "./paths.ts";
import { gateOpen, maySend, others, partners, reachable } from "./roster.ts";

export interface Remote {
  participant: Participant;
  view: PeerView;
  /** Not the first connection to this person: they loaded the page again, or came back. */
  returned: boolean;
}

export interface PeersOptions {
  ice: () => RTCIceServer[];
  send: (to: string, body: SignalBody) => void;
  onChange: () => void;
  makePeer?: (options: PeerOptions) => Peer;
  timers?: Timers;
}

interface Entry {
  /** The other browser's. */
  id: string;
  peer: Peer;
  participant: Participant;
  returned: boolean;
  /** Sound and picture may flow. */
  gate: boolean;
  /** Ends the connection of somebody whom a restarted server does not list yet, and never will. */
  cancelGrace: (() => void) | null;
}

const FAILURES = 2;
const SILENT: Traffic = { sound: false, picture: false, screen: false };

export class Peers {
  readonly #options: PeersOptions;
  readonly #timers: Timers;
  readonly #entries = new Map<string, Entry>();
  readonly #met = new Set<string>();
  #own = "";

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
  }

  /** Our own peer id of the latest welcome. Another one than before means that the old connections are void; the others learn the new credentials. */
  become(own: string): void {
    if (own !== this.#own) this.closeAll();
    this.#own = own;
    this.#renew();
  }

  get remotes(): Remote[] {
    return [...this.#entries.values()].map(({ peer, participant, returned }) => ({
      participant,
      returned,
      view: peer.view,
    }));
  }

  /** No connection to somebody in the call came about, twice. */
  get stuck(): boolean {
    return [...this.#entries.values()].some(({ peer, gate }) => gate && peer.failures >= FAILURES);
  }

  /** What comes of a person over the straight way. */
  track(participant: string, kind: Kind): { track: MediaStreamTrack | null; flows: boolean } | null {
    const peer = [...this.#entries.values()].find((entry) => entry.participant.id === participant)?.peer;
    return peer ? { track: peer.track(kind), flows: peer.flows(kind) } : null;
  }

  /** Makes, keeps and closes connections as the roster says. While the engine carries the call for all there are none. */
  follow(scene: Scene, me: string): void {
    const { roster } = scene;
    if (roster.route.path === "engine" && roster.route.settled) this.closeAll();
    const kept = reachable(roster, me);
    for (const [id, entry] of this.#entries) this.#review(id, entry, others(roster, me), kept);
    for (const each of this.#entries.values())
      each.participant = kept.find(({ peer }) => peer === each.id) ?? each.participant;
    for (const participant of partners(roster, me)) this.#connect(participant);
    for (const entry of this.#entries.values()) {
      entry.gate = gateOpen(roster, me, entry.participant);
      this.#supply(entry, scene, entry.gate && maySend(roster, me));
    }
  }

  /** They have left: what is dead must not stand before the one who comes next. */
  drop(participant: string): void {
    for (const [id, entry] of this.#entries) if (entry.participant.id === participant) this.#close(id);
  }

  async receive(from: string, body: SignalBody): Promise<void> {
    await this.#entries.get(from)?.peer.receive(body);
  }

  networkChanged(): void {
    for (const { peer } of this.#entries.values()) peer.networkChanged();
  }

  closeAll(): void {
    for (const id of [...this.#entries.keys()]) this.#close(id);
  }

  #review(id: string, entry: Entry, listed: Participant[], kept: Participant[]): void {
    const found = listed.find((each) => each.id === entry.participant.id);
    if (kept.some(({ peer }) => peer === id)) this.#regain(entry);
    else if (found ? found.peer !== null || !kept.includes(found) : kept.length > 0) this.#close(id);
    else entry.cancelGrace ??= this.#timers.after(GRACE_MS, () => this.#expire(id));
  }

  /** What the latest welcome said of the relay: credentials of an earlier one end some day. */
  #renew(): void {
    for (const { peer } of this.#entries.values()) peer.renew();
  }

  #regain(entry: Entry): void {
    entry.cancelGrace?.();
    entry.cancelGrace = null;
  }

  #expire(id: string): void {
    this.#close(id);
    this.#options.onChange();
  }

  #connect(participant: Participant): void {
    const id = participant.peer;
    if (id !== null && !this.#entries.has(id)) this.#begin(id, participant);
  }

  #begin(id: string, participant: Participant): void {
    const make = this.#options.makePeer ?? ((options: PeerOptions) => new Peer(options));
    const peer = make({
      polite: this.#own < id,
      ice: this.#options.ice,
      send: (body) => this.#options.send(id, body),
      onChange: () => this.#options.onChange(),
      timers: this.#timers,
    });
    const returned = this.#met.has(participant.id);
    this.#met.add(participant.id);
    this.#entries.set(id, { id, peer, participant, returned, gate: false, cancelGrace: null });
  }

  #supply({ peer, participant, gate, cancelGrace }: Entry, { line, local, soundOnly }: Scene, sends: boolean): void {
    const { mic, camera, screen, present, quiet } = participant;
    peer.setSoundOnly(soundOnly);
    peer.setSignalling(line === "open" && present && cancelGrace === null);
    peer.expect(gate && !quiet ? { sound: mic, picture: camera || screen, screen } : SILENT);
    peer.put("audio", sends ? local.track.microphone : null);
    peer.put("video", sends ? (local.screenTrack ?? local.track.camera) : null, sends && local.screenTrack !== null);
  }

  #close(id: string): void {
    const entry = this.#entries.get(id);
    entry?.cancelGrace?.();
    entry?.peer.close();
    this.#entries.delete(id);
  }
}
