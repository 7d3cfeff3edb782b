/** The connection to one remote browser: it heals itself, measures itself, and puts our tracks on the line. It knows no DOM. */
import { every, realTimers, type Timers } from "../lib/timers.ts";
import type { SignalBody } from "../lib/wire.ts";
import { Grader } from "./grader.ts";
import {
  arrives,
  examine,
  type Health,
  interrupted,
  missing,
  phoneOffered,
  reborn,
  remedy,
  stand,
  unborn,
} from "./health.ts";
import { type Kind, Link } from "./link.ts";
import { type Quality, RUNGS, SCREEN_RUNG } from "./policy.ts";
import { type Counters, count, type Rates } from "./quality.ts";
import { limitPicture, wholePicture } from "./sender.ts";

const SAMPLE_MS = 500;
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
  missingSince: number | null;
  /** How ours arrives there, and how theirs arrives here. */
  mine: Quality;
  theirs: Quality;
  /** No picture comes from our open camera. */
  unseen: boolean;
  /** The other side asked for no picture. */
  soundOnlyThere: boolean;
  /** The figures behind it; asked for, because they change all the time and the view does not. */
  measured: () => Rates | null;
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
  #awaitedSince: number;
  #screen = false;
  #soundOnly = false;
  #framesIn = 0;
  #signalling = true;
  #health: Health;
  readonly #grader: Grader;
  #shown = "";

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    const now = this.#timers.now();
    this.#health = unborn(now);
    this.#awaitedSince = now;
    this.#grader = new Grader(now);
    this.#label = this.#newStream();
    this.#stream = this.#newStream();
    this.#link = this.#build(1, !options.polite);
    this.#link.begin();
    this.#stopSampling = every(this.#timers, SAMPLE_MS, () => void this.#sample());
  }

  get view(): PeerView {
    const missingSince = missing(this.#health, this.#awaitedSince);
    return {
      stream: this.#stream,
      connected: this.#health.troubleSince === null && arrives(this.#health),
      troubled: interrupted(this.#health),
      fresh: !this.#health.stood,
      phone: phoneOffered(missingSince, this.#timers.now()),
      missingSince,
      mine: this.#grader.mine,
      theirs: this.#grader.theirs,
      unseen: this.#grader.unseen,
      soundOnlyThere: !this.#soundOnly && this.#pictureStopped,
      measured: () => this.#grader.measured,
    };
  }

  /** Connections that came to nothing, one after the other. */
  get failures(): number {
    return this.#health.rebuilds;
  }

  /** What comes of a kind, as the connection in hand has it. */
  track(kind: Kind): MediaStreamTrack | null {
    return this.#link.line(kind)?.receiver.track ?? null;
  }

  /** Whether it really comes: pictures that can be shown, sound that can be heard. */
  flows(kind: Kind): boolean {
    return this.view.connected && (kind === "audio" || this.#framesIn > 0);
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

  /** What the roster says that the other side sends. Where that is as before, only a sample tells whether it comes: the last one may be old. */
  expect(incoming: Traffic): void {
    const before = this.#expected;
    const now = this.#timers.now();
    this.#incoming = incoming;
    if (this.#expected === before) return;
    if (this.#expected) this.#awaitedSince = now;
    this.#health = examine(this.#health, this.#health.bytes, this.#expected, now);
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

  /** New credentials for the relay, for the next time that paths are looked for. */
  renew(): void {
    // Firefox has it since version 119; an older one goes on with the credentials of its first welcome.
    this.#link.pc.setConfiguration?.(this.#configuration);
  }

  close(): void {
    this.#stopSampling();
    this.#link.close();
  }

  get #configuration(): RTCConfiguration {
    return { iceServers: this.#options.ice(), bundlePolicy: "max-bundle" };
  }

  /** By sound only, here or there. */
  get #pictureStopped(): boolean {
    return this.#link.line("video")?.currentDirection === "inactive";
  }

  #newStream(): MediaStream {
    return this.#options.stream?.() ?? new MediaStream();
  }

  #build(gen: number, offers: boolean): Link {
    const connect = this.#options.connect ?? ((configuration) => new RTCPeerConnection(configuration));
    const pc = connect(this.#configuration);
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
    this.#framesIn = 0;
    this.#health = reborn(this.#health, this.#timers.now());
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
    if (kind === "video") this.#limit();
  }

  #limit(): void {
    const rung = this.#screen ? SCREEN_RUNG : RUNGS[this.#grader.rung];
    const sender = this.#picture;
    if (sender && rung) void limitPicture(sender, rung, this.#screen);
  }

  /** The sender of our picture, while there is one. */
  get #picture(): RTCRtpSender | null {
    return this.#tracks.video ? (this.#link.line("video")?.sender ?? null) : null;
  }

  #stateChanged(pc: RTCPeerConnection): void {
    if (pc !== this.#link.pc) return;
    this.#judge(stand(this.#health, pc.connectionState === "connected", this.#timers.now()));
  }

  /** Connected, and nothing is sent either way: somebody waits, perhaps for long, perhaps on a battery. */
  get #idle(): boolean {
    const silent = !this.#expected && this.#tracks.audio === null && this.#tracks.video === null;
    return silent && this.#health.troubleSince === null;
  }

  async #sample(): Promise<void> {
    if (this.#idle) return;
    const { pc } = this.#link;
    const report = await pc.getStats().catch(() => null);
    if (report === null || pc !== this.#link.pc || pc.connectionState === "closed") return;
    const counters = count(report, this.#timers.now());
    this.#framesIn = counters.framesIn;
    this.#grade(counters);
    this.#judge(examine(this.#health, counters.bytesIn, this.#expected, counters.at));
  }

  #judge(health: Health): void {
    const healed = interrupted(this.#health) && !interrupted(health);
    this.#health = health;
    if (healed && this.#picture) void wholePicture(this.#picture);
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
    if (this.#health.troubleSince !== null) {
      this.#grader.forget();
      return;
    }
    const { rung } = this.#grader;
    const { picture, screen } = this.#incoming;
    const out = this.#picture !== null;
    const camera = out && !this.#screen && !this.#pictureStopped;
    this.#grader.count(counters, { in: picture && !screen && !this.#soundOnly, out, camera });
    if (rung !== this.#grader.rung) this.#limit();
  }

  #changed(): void {
    const { stream, ...rest } = this.view;
    const shown = JSON.stringify([rest, this.#link.gen, stream.getTracks().length, this.flows("video"), this.failures]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#options.onChange(this.view);
  }
}
