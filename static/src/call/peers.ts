/** Which remote browsers this one is connected to: follows the roster, and outlives a restart of the server. */
import { realTimers, type Timers } from "../lib/timers.ts";
import { GRACE_MS, type Participant, type SignalBody } from "../lib/wire.ts";
import type { LocalView } from "../media/local.ts";
import { Peer, type PeerOptions, type PeerView, type Traffic } from "../media/peer.ts";
import type { Media } from "./machine.ts";
import { gateOpen, others, partners, type Roster } from "./roster.ts";

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
  peer: Peer;
  participant: Participant;
  returned: boolean;
  /** Ends the connection of somebody whom a restarted server does not list yet, and never will. */
  cancelGrace: (() => void) | null;
}

const SILENT: Traffic = { sound: false, picture: false, screen: false };

export class Peers {
  readonly #options: PeersOptions;
  readonly #timers: Timers;
  readonly #entries = new Map<string, Entry>();
  readonly #met = new Set<string>();
  #own = "";
  #soundOnly = false;
  #local: LocalView | null = null;
  #gate = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
  }

  /** Our own peer id of the latest welcome. Another one than before means that the old connections are void. */
  become(own: string): void {
    if (own !== this.#own) this.closeAll();
    this.#own = own;
  }

  get remotes(): Remote[] {
    return [...this.#entries.values()].map(({ peer, participant, returned }) => ({
      participant,
      returned,
      view: peer.view,
    }));
  }

  get media(): Media {
    const views = this.remotes.map(({ view }) => view);
    if (views.length === 0) return "none";
    if (views.some(({ connected }) => connected)) return "flowing";
    return views.some(({ troubled, fresh }) => troubled || fresh) ? "broken" : "pending";
  }

  /** Makes, keeps and closes connections as the roster says; `open`: the server can be reached. */
  follow(roster: Roster, me: string, open: boolean): void {
    this.#gate = gateOpen(roster);
    const wanted = partners(roster, me);
    for (const [id, entry] of this.#entries) this.#review(id, entry, roster, me, wanted);
    for (const participant of wanted) this.#connect(participant);
    for (const entry of this.#entries.values()) this.#supply(entry, open);
  }

  /** They have left: what is dead must not stand before the one who comes next. */
  drop(participant: string): void {
    for (const [id, entry] of this.#entries) if (entry.participant.id === participant) this.#close(id);
  }

  async receive(from: string, body: SignalBody): Promise<void> {
    await this.#entries.get(from)?.peer.receive(body);
  }

  /** Our own tracks; they go on the line while the gate is open. */
  give(local: LocalView): void {
    this.#local = local;
    for (const { peer } of this.#entries.values()) this.#load(peer);
  }

  setSoundOnly(on: boolean): void {
    this.#soundOnly = on;
    for (const { peer } of this.#entries.values()) peer.setSoundOnly(on);
  }

  /** What the latest welcome said of the relay: credentials of an earlier one end some day. */
  renew(): void {
    for (const { peer } of this.#entries.values()) peer.renew();
  }

  networkChanged(): void {
    for (const { peer } of this.#entries.values()) peer.networkChanged();
  }

  closeAll(): void {
    for (const id of [...this.#entries.keys()]) this.#close(id);
  }

  #review(id: string, entry: Entry, roster: Roster, me: string, wanted: Participant[]): void {
    const listed = others(roster, me).find((each) => each.id === entry.participant.id);
    if (wanted.some(({ peer }) => peer === id)) this.#regain(entry);
    else if (listed ? listed.peer !== null || !wanted.includes(listed) : wanted.length > 0) this.#close(id);
    else entry.cancelGrace ??= this.#timers.after(GRACE_MS, () => this.#expire(id));
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
    if (id === null) return;
    const entry = this.#entries.get(id) ?? this.#begin(id, participant);
    entry.participant = participant;
  }

  #begin(id: string, participant: Participant): Entry {
    const make = this.#options.makePeer ?? ((options: PeerOptions) => new Peer(options));
    const peer = make({
      polite: this.#own < id,
      ice: this.#options.ice,
      send: (body) => this.#options.send(id, body),
      onChange: () => this.#options.onChange(),
      timers: this.#timers,
    });
    const entry = { peer, participant, returned: this.#met.has(participant.id), cancelGrace: null };
    this.#met.add(participant.id);
    this.#entries.set(id, entry);
    peer.setSoundOnly(this.#soundOnly);
    return entry;
  }

  #supply({ peer, participant, cancelGrace }: Entry, open: boolean): void {
    const { mic, camera, screen, present } = participant;
    peer.setSignalling(open && present && cancelGrace === null);
    peer.expect(this.#gate ? { sound: mic, picture: camera || screen, screen } : SILENT);
    this.#load(peer);
  }

  #load(peer: Peer): void {
    const local = this.#local;
    const open = this.#gate && local !== null;
    peer.put("audio", open ? local.track.microphone : null);
    peer.put("video", open ? (local.screenTrack ?? local.track.camera) : null, open && local.screenTrack !== null);
  }

  #close(id: string): void {
    const entry = this.#entries.get(id);
    entry?.cancelGrace?.();
    entry?.peer.close();
    this.#entries.delete(id);
  }
}
