/** This browser in a room of the forwarding engine, for one epoch: what it sends on one connection, and everybody's tracks on the other. */
import type { EngineAnswer, EngineOffer, Side as Name, TrackSource } from "../lib/wire.ts";
import { SCREEN_RUNG } from "./policy.ts";
import type { Entry } from "./quality.ts";
import { limitPicture, wholePicture } from "./sender.ts";
import { Side } from "./side.ts";

export type EngineConnect = (configuration: RTCConfiguration) => RTCPeerConnection;

export interface EngineOptions {
  epoch: number;
  ice: () => RTCIceServer[];
  onAnswer: (answer: EngineAnswer) => void;
  /** New paths are wanted for a side. */
  onRestart: (side: Name) => void;
  onChange: () => void;
  connect?: EngineConnect | undefined;
  now: () => number;
}

/** Our own tracks by the line on which the engine takes them. */
export type Sent = Readonly<Record<TrackSource, MediaStreamTrack | null>>;

interface Stream {
  mid: string;
  /** How much had come on this line when it was given to its present owner, and whether more has come since. */
  before: number;
  flows: boolean;
  inherited: boolean;
}

const NAMES: readonly Name[] = ["publish", "subscribe"];
const SOURCES: readonly TrackSource[] = ["audio", "camera", "screen"];
export const NOTHING_SENT: Sent = { audio: null, camera: null, screen: null };

const keyOf = (peer: string, source: TrackSource): string => `${source} ${peer}`;

/** Pictures that can be shown, or packets of sound. */
const amountOf = ({ kind, framesDecoded, packetsReceived }: Entry): number =>
  Number((kind === "video" ? framesDecoded : packetsReceived) ?? 0);

export class EngineLink {
  readonly epoch: number;
  readonly #options: EngineOptions;
  readonly #sides: Record<Name, Side | null> = { publish: null, subscribe: null };
  #streams = new Map<string, Stream>();
  /** Lines that have been somebody's. */
  readonly #used = new Set<string>();
  #sent: Sent = NOTHING_SENT;
  #subscribed = false;

  constructor(options: EngineOptions) {
    this.epoch = options.epoch;
    this.#options = options;
  }

  /** Whether the offer goes on with what is here, or is of a room that was placed anew. */
  isOf(offer: EngineOffer): boolean {
    return offer.epoch === this.epoch && (this.#sides[offer.side]?.isOf(offer) ?? true);
  }

  async take(offer: EngineOffer): Promise<void> {
    this.#sides[offer.side] ??= this.#begin(offer);
    const side = this.#sides[offer.side];
    await side?.take(offer);
    if (offer.side === "subscribe") this.#assign(offer);
    this.#options.onChange();
  }

  /** What we send; a source without a track keeps its line and sends nothing. */
  give(sent: Sent): void {
    const before = this.#sent;
    this.#sent = sent;
    for (const source of SOURCES) if (sent[source] !== before[source]) void this.#load(source);
  }

  /** The engine has been told which pictures we take: it may be told what we wish of them. */
  get subscribed(): boolean {
    return this.#subscribed;
  }

  /** What comes in can come. */
  get stands(): boolean {
    return this.#side?.stands ?? false;
  }

  /** What we send can go; `silent`: we send nothing, and so there is nothing to wait for. */
  carries(silent: boolean): boolean {
    return this.#sides.publish?.stands ?? silent;
  }

  track(peer: string, source: TrackSource): MediaStreamTrack | null {
    const stream = this.#streams.get(keyOf(peer, source));
    return stream ? (this.#sides.subscribe?.line(stream.mid)?.receiver.track ?? null) : null;
  }

  flows(peer: string, source: TrackSource): boolean {
    return this.#streams.get(keyOf(peer, source))?.flows ?? false;
  }

  /** No picture of theirs has come yet on a line that brought somebody else's, the last of which some browsers show. */
  inherits(peer: string, source: TrackSource): boolean {
    return source !== "audio" && this.#streams.get(keyOf(peer, source))?.inherited === true;
  }

  /** It will be sent anew: what came before does not count. */
  expectAnew(peer: string, source: TrackSource): void {
    const stream = this.#streams.get(keyOf(peer, source));
    if (stream) Object.assign(stream, { before: this.#amount(stream.mid), flows: false });
  }

  /** Everything counted of one peer's tracks, with what is counted of ours. */
  counted(peer: string): Entry[] {
    const mids = SOURCES.map((source) => this.#streams.get(keyOf(peer, source))?.mid);
    const theirs = this.#inbound.filter(({ mid }) => mids.includes(mid as string));
    return [...theirs, ...(this.#sides.publish?.counted ?? [])];
  }

  /** Looks at both connections; `expected`: somebody says that they send something. */
  async examine(expected: boolean): Promise<void> {
    for (const name of NAMES) {
      const due = await this.#sides[name]?.examine(expected && name === "subscribe");
      if (due) this.#options.onRestart(name);
    }
    for (const stream of this.#streams.values()) this.#follow(stream);
  }

  /** The device is in another network. */
  networkChanged(): void {
    for (const name of NAMES) if (this.#sides[name]) this.#options.onRestart(name);
  }

  renew(): void {
    for (const name of NAMES) this.#sides[name]?.pc.setConfiguration?.(this.#configuration);
  }

  close(): void {
    for (const name of NAMES) this.#sides[name]?.close();
    this.#streams.clear();
  }

  get #configuration(): RTCConfiguration {
    return { iceServers: this.#options.ice(), bundlePolicy: "max-bundle" };
  }

  /** The side that tells whether we are in: nobody may be sending yet. */
  get #side(): Side | null {
    return this.#sides.subscribe ?? this.#sides.publish;
  }

  get #inbound(): Entry[] {
    return this.#sides.subscribe?.counted.filter(({ type }) => type === "inbound-rtp") ?? [];
  }

  #amount(mid: string): number {
    return this.#inbound.filter((each) => each.mid === mid).reduce((sum, each) => sum + amountOf(each), 0);
  }

  #follow(stream: Stream): void {
    const amount = this.#amount(stream.mid);
    if (amount > 0 && amount !== stream.before) Object.assign(stream, { flows: true, inherited: false });
  }

  #begin(offer: EngineOffer): Side {
    const connect = this.#options.connect ?? ((configuration) => new RTCPeerConnection(configuration));
    return new Side(
      {
        pc: connect(this.#configuration),
        onLines: (side) => (offer.side === "publish" ? this.#loadAll(side) : Promise.resolve()),
        onAnswer: this.#options.onAnswer,
        onState: () => this.#stateChanged(offer.side),
        now: this.#options.now,
      },
      offer,
    );
  }

  /** After a gap those who watch would wait for the next whole picture. */
  #stateChanged(name: Name): void {
    const sender = this.#sides.publish?.line("camera")?.sender;
    if (name === "publish" && this.#sides.publish?.stands && sender?.track) void wholePicture(sender);
    this.#options.onChange();
  }

  /** A line is one person's until another's track stands on it. */
  #assign({ streams }: EngineOffer): void {
    const before = this.#streams;
    this.#streams = new Map();
    for (const { mid, peer, source } of streams) {
      const key = keyOf(peer, source);
      const kept = before.get(key);
      this.#streams.set(key, kept?.mid === mid ? kept : this.#given(mid));
    }
    this.#subscribed = true;
  }

  #given(mid: string): Stream {
    const inherited = this.#used.has(mid);
    this.#used.add(mid);
    return { mid, before: this.#amount(mid), flows: false, inherited };
  }

  /** Every line sends from the beginning, with or without a track: then no switch of a device needs an offer. */
  async #loadAll(side: Side): Promise<void> {
    for (const source of SOURCES) {
      const line = side.line(source);
      if (line) line.direction = "sendonly";
    }
    await Promise.all(SOURCES.map((source) => this.#load(source)));
  }

  async #load(source: TrackSource): Promise<void> {
    const sender = this.#sides.publish?.line(source)?.sender;
    if (!sender) return;
    await sender.replaceTrack(this.#sent[source]).catch(() => {});
    if (source === "screen" && this.#sent.screen) await limitPicture(sender, SCREEN_RUNG, true);
  }
}
