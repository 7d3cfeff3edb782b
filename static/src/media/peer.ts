/** The connection to one remote browser: it heals itself, measures itself, and puts our tracks on the line. It knows no DOM. */
import { every, realTimers, type Timers } from "../lib/timers.ts";
import type { SignalBody } from "../lib/wire.ts";
import { arrives, examine, type Health, interrupted, phoneOffered, reborn, remedy, stand, unborn } from "./health.ts";
import { type Kind, Link } from "./link.ts";
import {
  climb,
  type Ladder,
  ladderTop,
  type Quality,
  RUNGS,
  SCREEN_RUNG,
  type Told,
  tell,
  toldStart,
} from "./policy.ts";
import { type Counters, count, gradeIn, gradeOut, type Rates, rates } from "./quality.ts";

const SAMPLE_MS = 500;
const GRADE_MS = 1_000;
/** Both sides see the same trouble; the polite one waits a little, so that one fresh connection is made and not two. */
const POLITE_PATIENCE_MS = 1_500;

/** What the other side says it sends, and what we send. */
export interface Traffic {
  sound: boolean;
  picture: boolean;
  screen: boolean;
}

const NO_TRAFFIC: Traffic = { sound: false, picture: false, screen: false };

export interface PeerView {
  stream: MediaStream;
  /** Media can flow; true again only when it does. */
  connected: boolean;
  /** A connection that stood is broken or brings nothing. */
  troubled: boolean;
  /** It never stood yet. */
  fresh: boolean;
  phone: boolean;
  /** How ours arrives there, and how theirs arrives here. */
  mine: Quality;
  theirs: Quality;
  /** The other side asked for no picture. */
  soundOnlyThere: boolean;
}

export interface PeerOptions {
  polite: boolean;
  ice: () => RTCIceServer[];
  send: (body: SignalBody) => void;
  onChange: (view: PeerView) => void;
  connect?: (configuration: RTCConfiguration) => RTCPeerConnection;
  stream?: () => MediaStream;
  timers?: Timers;
}

export class Peer {
  readonly #options: PeerOptions;
  readonly #timers: Timers;
  readonly #label: MediaStream;
  readonly #tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  readonly #stopSampling: () => void;
  #link: Link;
  #stream: MediaStream;
  #incoming: Traffic = NO_TRAFFIC;
  #screen = false;
  #soundOnly = false;
  #signalling = true;
  #health: Health;
  #before: Counters | null = null;
  #ladder: Ladder;
  #told: { mine: Told; theirs: Told };
  #shown = "";

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    const now = this.#timers.now();
    this.#health = unborn(now);
    this.#ladder = ladderTop(now);
    this.#told = { mine: toldStart(now), theirs: toldStart(now) };
    this.#label = this.#newStream();
    this.#stream = this.#newStream();
    this.#link = this.#build(1, !options.polite);
    this.#link.begin();
    this.#stopSampling = every(this.#timers, SAMPLE_MS, () => void this.#sample());
  }

  get view(): PeerView {
    return {
      stream: this.#stream,
      connected: this.#health.troubleSince === null && arrives(this.#health),
      troubled: interrupted(this.#health),
      fresh: !this.#health.stood,
      phone: phoneOffered(this.#health, this.#timers.now()),
      mine: this.#told.mine.said,
      theirs: this.#told.theirs.said,
      soundOnlyThere: !this.#soundOnly && this.#link.line("video")?.currentDirection === "inactive",
    };
  }

  /** A signal of the other side. A higher `gen` is a fresh connection there, so this side begins one too. */
  async receive(body: SignalBody): Promise<void> {
    const part = "description" in body ? body.description : body.candidate;
    if (part === null || part.gen < this.#link.gen) return;
    if ("description" in body) this.#follow(body);
    if (part.gen === this.#link.gen) await this.#link.receive(body);
  }

  /** Puts a track on its line, or takes it off; `screen` says what kind of picture it is. */
  put(kind: Kind, track: MediaStreamTrack | null, screen = false): void {
    if (this.#tracks[kind] === track) return;
    this.#tracks[kind] = track;
    if (kind === "video") this.#screen = screen;
    void this.#load(kind);
  }

  /** What the roster says that the other side sends. */
  expect(incoming: Traffic): void {
    this.#incoming = incoming;
    this.#health = examine(this.#health, this.#health.bytes, this.#expected, this.#timers.now());
    this.#changed();
  }

  /** Neither send a picture nor be sent one; the other browser stops encoding. */
  setSoundOnly(on: boolean): void {
    this.#soundOnly = on;
    this.#direct();
  }

  /** Whether signals get through at present; when they do again, what may have been missed is repeated. */
  setSignalling(open: boolean): void {
    if (open && !this.#signalling) this.#link.repeat();
    this.#signalling = open;
  }

  /** The device is in another network: find new paths at once. */
  networkChanged(): void {
    if (this.#health.stood) this.#link.pc.restartIce();
  }

  close(): void {
    this.#stopSampling();
    this.#link.close();
  }

  #newStream(): MediaStream {
    return this.#options.stream?.() ?? new MediaStream();
  }

  #build(gen: number, offers: boolean): Link {
    const connect = this.#options.connect ?? ((configuration) => new RTCPeerConnection(configuration));
    const pc = connect({ iceServers: this.#options.ice(), bundlePolicy: "max-bundle" });
    const stream = this.#newStream();
    this.#stream = stream;
    return new Link({
      pc,
      gen,
      polite: this.#options.polite,
      offers,
      label: this.#label,
      send: this.#options.send,
      onTrack: (track) => this.#addTrack(stream, track),
      onLines: () => this.#linesReady(),
      onState: () => this.#stateChanged(pc),
    });
  }

  #rebuild(gen: number, offers: boolean): void {
    this.#link.close();
    this.#health = reborn(this.#health, this.#timers.now());
    this.#before = null;
    this.#link = this.#build(gen, offers);
    this.#link.begin();
    this.#changed();
  }

  #follow(body: { description: RTCSessionDescriptionInit & { gen: number } }): void {
    const { description } = body;
    const newer = description.gen > this.#link.gen && description.type === "offer";
    const yields = description.gen === this.#link.gen && this.#link.mustYieldTo(description);
    if (newer || yields) this.#rebuild(description.gen, false);
  }

  #addTrack(stream: MediaStream, track: MediaStreamTrack): void {
    stream.addTrack(track);
    track.onunmute = () => void this.#sample();
    this.#changed();
  }

  #linesReady(): void {
    this.#direct();
    void this.#load("audio");
    void this.#load("video");
  }

  #direct(): void {
    const line = this.#link.line("video");
    const direction = this.#soundOnly ? "inactive" : "sendrecv";
    if (line && line.direction !== direction) line.direction = direction;
  }

  async #load(kind: Kind): Promise<void> {
    const sender = this.#link.line(kind)?.sender;
    if (!sender || this.#link.pc.connectionState === "closed") return;
    await sender.replaceTrack(this.#tracks[kind]).catch(() => {});
    if (kind === "video" && this.#tracks.video) await this.#limit(sender);
  }

  async #limit(sender: RTCRtpSender): Promise<void> {
    const parameters = sender.getParameters();
    const first = parameters.encodings[0];
    if (!first) return;
    Object.assign(first, this.#screen ? SCREEN_RUNG : RUNGS[this.#ladder.rung]);
    parameters.degradationPreference = this.#screen ? "maintain-resolution" : "balanced";
    await sender.setParameters(parameters).catch(() => {});
  }

  #stateChanged(pc: RTCPeerConnection): void {
    if (pc !== this.#link.pc) return;
    this.#health = stand(this.#health, pc.connectionState === "connected", this.#timers.now());
    this.#heal();
  }

  async #sample(): Promise<void> {
    const { pc } = this.#link;
    const report = await pc.getStats().catch(() => null);
    if (report === null || pc !== this.#link.pc || pc.connectionState === "closed") return;
    const counters = count(report, this.#timers.now());
    this.#health = examine(this.#health, counters.bytesIn, this.#expected, counters.at);
    this.#grade(counters);
    this.#heal();
  }

  #heal(): void {
    const step = this.#signalling ? remedy(this.#health, this.#timers.now(), this.#patience) : null;
    if (step === "rebuild") this.#rebuild(this.#link.gen + 1, true);
    if (step === "restart") {
      this.#health = { ...this.#health, restarts: this.#health.restarts + 1 };
      this.#link.pc.restartIce();
    }
    this.#changed();
  }

  get #expected(): boolean {
    const { sound, picture, screen } = this.#incoming;
    return sound || picture || screen;
  }

  get #patience(): number {
    return this.#options.polite ? POLITE_PATIENCE_MS : 0;
  }

  #grade(counters: Counters): void {
    const before = this.#before ?? counters;
    this.#before = this.#health.troubleSince === null ? before : null;
    if (counters.at - before.at < GRADE_MS || this.#before === null) return;
    this.#before = counters;
    this.#judge(rates(before, counters), counters.at);
  }

  #judge(measured: Rates, now: number): void {
    const { picture, screen } = this.#incoming;
    const mine = gradeOut(measured, this.#tracks.video !== null);
    const theirs = gradeIn(measured, picture && !screen && !this.#soundOnly);
    this.#told = { mine: tell(this.#told.mine, mine, now), theirs: tell(this.#told.theirs, theirs, now) };
    this.#climb(mine, now);
  }

  #climb(mine: Quality, now: number): void {
    const { rung } = this.#ladder;
    this.#ladder = climb(this.#ladder, mine, now);
    const sender = this.#link.line("video")?.sender;
    if (rung !== this.#ladder.rung && sender && this.#tracks.video) void this.#limit(sender);
  }

  #changed(): void {
    const { stream, ...rest } = this.view;
    const shown = JSON.stringify([rest, this.#link.gen, stream.getTracks().length]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#options.onChange(this.view);
  }
}
