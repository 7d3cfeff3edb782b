/** A consultation as one browser lives it: joins the socket, the roster, the connections and the devices. It knows no DOM. */
import { CommandError, type Ending, JsonSocket, type SocketOptions, type SocketState } from "../lib/socket.ts";
import { realTimers, type Timers } from "../lib/timers.ts";
import type { Commands, Events, MediaFlags, Welcome } from "../lib/wire.ts";
import { LocalMedia, type LocalView, type Off, type Openers, type Source } from "../media/local.ts";
import { type CallEvent, isOver, type Phase, step } from "./machine.ts";
import { type CallState, heard, newCall, type RoomFrame } from "./model.ts";
import { Outbox } from "./outbox.ts";
import { type Looks, mediaOf, Paths, type PathsOptions } from "./paths.ts";
import { startReports } from "./reporter.ts";

const PARTING_MS = 2_000;

export type Wanted = Readonly<Record<Source, boolean>>;

export interface CallOptions {
  url: string;
  ticket: () => Promise<string>;
  /** Our participant id. */
  me: string;
  openers: Openers;
  chosen: Readonly<Record<Source, string | null>>;
  off: Off;
  onOff: (off: Off) => void;
  /** Take a place in the call at once: the professional whose consultation it is. */
  seat?: boolean;
  files?: string;
  open?: NonNullable<SocketOptions<Events>["open"]>;
  /** What tests put in the place of connections. */
  paths?: Partial<PathsOptions>;
  timers?: Timers;
}

export class Call {
  /** Where files are sent to, and taken from. */
  readonly files: string;
  /** Our microphone, camera and screen. */
  readonly media: LocalMedia;
  /** Our messages on their way. */
  readonly outbox: Outbox;
  left: Promise<void> = Promise.resolve();
  /** What somebody else says, in writing. */
  onCaption: (caption: Events["caption"]) => void = () => undefined;
  readonly #options: CallOptions;
  readonly #timers: Timers;
  readonly #socket: JsonSocket<Commands, Events>;
  readonly #paths: Paths;
  readonly #listeners = new Set<(state: CallState) => void>();
  #ice: RTCIceServer[] = [];
  #resume: string | null = null;
  #seat: boolean;
  #quiet = false;
  #wanted: Wanted = { camera: false, microphone: false };
  #cameraBefore = false;
  #told = "";
  #now: CallState;

  constructor(options: CallOptions) {
    this.#options = options;
    this.files = options.files ?? "";
    this.#timers = options.timers ?? realTimers;
    this.#seat = options.seat ?? false;
    this.media = this.#makeMedia();
    this.#socket = this.#makeSocket();
    this.#paths = this.#makePaths();
    this.outbox = new Outbox({
      me: options.me,
      messages: () => this.#now.roster.messages,
      send: (body) => this.command("chat", { body }),
      onChange: (outgoing) => this.#set({ outgoing }),
    });
    this.#now = newCall(this.media.view);
    startReports(
      this.#timers,
      () => this.#now,
      (report) => void this.command("quality", report).catch(() => undefined),
    );
  }

  get state(): CallState {
    return this.#now;
  }

  /** Calls `listener` after every change, until the answer is called. */
  subscribe(listener: (state: CallState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#socket.start();
  }

  /** Opens our devices, for the waiting room or for the call. */
  prepare(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    return this.media.open(wanted);
  }

  /** Begins anew after the call was left, ended, or taken over by another window. */
  async again(): Promise<void> {
    this.#resume = null;
    this.#set({ ending: null, refusal: null });
    this.#event({ on: "again" });
    this.#socket.start();
    if (this.#now.me?.role === "patient") await this.media.open(this.#wanted);
  }

  /** The page is looked at again: the connection may be dead, the devices too, without either having said so. */
  async hurry(): Promise<void> {
    this.#socket.hurry();
    if (!isOver(this.#now.phase)) await this.media.revive();
  }

  networkChanged(): void {
    this.#socket.hurry();
    this.#paths.networkChanged();
  }

  /** How each person's picture is shown on the page, so that no more of it is sent than that needs. */
  look(looks: Looks): void {
    this.#paths.look(looks);
  }

  async setCamera(on: boolean): Promise<void> {
    if (on) this.#applySoundOnly(false);
    await this.media.setCamera(on);
  }

  /** Our screen instead of our camera; a picture is wanted again then. */
  async share(): Promise<void> {
    await this.media.share();
    this.#applySoundOnly(false);
  }

  /** No picture either way, which needs a tenth of the line. */
  async setSoundOnly(on: boolean): Promise<void> {
    if (on) {
      this.#cameraBefore = this.#now.local.camera;
      this.media.stopSharing();
    }
    this.#applySoundOnly(on);
    await this.media.setCamera(!on && this.#cameraBefore);
  }

  /** Back to the device that was in use before another took its place. */
  async undoExchange(): Promise<void> {
    const { exchange } = this.#now;
    this.dismissExchange();
    if (exchange) await this.media.choose(exchange.source, exchange.before);
  }

  dismissExchange(): void {
    this.#set({ exchange: null });
  }

  /** hand, hold, refuse, end: rejects with the server's sentence when it does not accept. */
  async command<T extends keyof Commands>(type: T, body: Commands[T]): Promise<void> {
    await this.#socket.command(type, body);
  }

  /** Takes a place in the call; quietly: to see and hear, without sound and picture of our own. */
  enter(quiet = false): Promise<void> {
    this.#quiet = quiet;
    return this.#takeSeat(() => this.command("enter", quiet ? { quiet } : {}));
  }

  /** Takes a place if needed and lets the patient in. */
  admit(): Promise<void> {
    return this.#takeSeat(() => this.command("admit", {}));
  }

  /** The devices are off at once; `left` resolves when the server knows, or has not answered for two seconds. */
  leave(): Promise<void> {
    this.#seat = false;
    const patience = new Promise<void>((resolve) => this.#timers.after(PARTING_MS, resolve));
    const sent = this.command("leave", {}).catch(() => undefined);
    this.left = Promise.race([sent, patience]).then(() => this.#socket.stop());
    this.#event({ on: "left" });
    return this.left;
  }

  #makeSocket(): JsonSocket<Commands, Events> {
    const { url, ticket, open } = this.#options;
    return new JsonSocket<Commands, Events>({
      url,
      ticket,
      hello: (issued) => ({ ticket: issued, resume: this.#resume, media: this.#tell() }),
      onFrame: (frame) => this.#frame(frame as RoomFrame),
      onState: (line, ending) => this.#lineChanged(line, ending),
      timers: this.#timers,
      ...(open ? { open } : {}),
    });
  }

  #makePaths(): Paths {
    return new Paths({
      me: this.#options.me,
      ice: () => this.#ice,
      send: (to, body) => this.#socket.send("signal", { to, ...body }),
      say: (type, body) => this.#now.line === "open" && void this.command(type, body).catch(() => undefined),
      onChange: () => this.#pathsChanged(),
      timers: this.#timers,
      ...this.#options.paths,
    });
  }

  #makeMedia(): LocalMedia {
    const { openers, chosen, off, onOff } = this.#options;
    return new LocalMedia({
      openers,
      chosen,
      off,
      onOff,
      onChange: (local) => this.#localChanged(local),
      onExchange: (exchange) => this.#set({ exchange }),
    });
  }

  #applySoundOnly(on: boolean): void {
    this.#set({ soundOnly: on });
    this.#follow();
  }

  async #takeSeat(ask: () => Promise<void>): Promise<void> {
    this.#seat = true;
    try {
      await ask();
    } catch (error) {
      if (!(error instanceof CommandError) || error.code !== "call_full") throw error;
      this.#seat = false;
    }
  }

  #frame(frame: RoomFrame): void {
    if (frame.t === "signal" || frame.t === "offer" || frame.t === "speaking" || frame.t === "served") {
      this.#paths.receive(frame);
      return;
    }
    if (frame.t === "caption") {
      this.onCaption(frame.b);
      return;
    }
    if (frame.t === "welcome") this.#welcomed(frame.b);
    if (frame.t === "gone") this.#paths.drop(frame.b.id);
    this.#set(heard(this.#now, frame, this.#options.me));
    this.#follow();
    if (frame.t === "welcome") this.#settled();
  }

  #welcomed({ peer, resume, ice }: Welcome): void {
    this.#ice = ice;
    this.#resume = resume;
    this.#paths.become(peer);
  }

  /** The server may have forgotten what we told it before: sit down again. */
  #settled(): void {
    const { me, phase } = this.#now;
    this.#tellMedia();
    this.outbox.resume();
    const stands = me?.role === "professional" && me.stage !== "in_call" && !isOver(phase);
    if (this.#seat && stands) void this.enter(this.#quiet).catch(() => undefined);
  }

  #lineChanged(line: SocketState, ending: Ending | null): void {
    this.#set({ line, ending });
    if (ending) this.#event({ on: "closed", code: ending.code });
    this.#follow();
  }

  #follow(): void {
    if (isOver(this.#now.phase)) return;
    this.#paths.follow(this.#now);
    this.#pathsChanged();
  }

  #pathsChanged(): void {
    const { brought } = this.#paths;
    this.#set(brought);
    this.#event({ on: "media", media: mediaOf(brought.remotes) });
  }

  #localChanged(local: LocalView): void {
    this.#set({ local });
    this.#follow();
    this.#tellMedia();
  }

  get #flags(): MediaFlags {
    const { mic, camera, screen, trouble } = this.#now.local;
    return { mic: mic && trouble.microphone === null, camera, screen };
  }

  /** What the server is told with the next frame, and so knows. */
  #tell(): MediaFlags {
    this.#told = JSON.stringify(this.#flags);
    return this.#flags;
  }

  #tellMedia(): void {
    if (JSON.stringify(this.#flags) === this.#told || this.#now.line !== "open") return;
    void this.command("media", this.#tell()).catch(() => undefined);
  }

  #event(event: CallEvent): void {
    const phase = step(this.#now.phase, event);
    if (phase !== this.#now.phase) this.#set({ phase });
  }

  #set(change: Partial<CallState>): void {
    const before = this.#now;
    this.#now = { ...before, ...change };
    this.#moved(before.phase, this.#now.phase);
    for (const listener of this.#listeners) listener(this.#now);
  }

  #stopMedia(): void {
    const { camera, microphone } = this.#wanted;
    this.#wanted = { camera: camera || this.#now.local.camera, microphone };
    this.media.stop();
  }

  #closePaths(): void {
    this.#paths.closeAll();
    this.#pathsChanged();
  }

  /** Nobody's camera is on longer than there is somebody to talk to, or to wait for. */
  #moved(before: Phase, after: Phase): void {
    if (before === after) return;
    if (after === "refused" || (isOver(after) && !isOver(before))) this.#stopMedia();
    if (isOver(after)) this.#closePaths();
    else if (before === "refused") void this.media.open(this.#wanted);
  }
}
