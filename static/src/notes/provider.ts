/** Keeps one note in step with the server over its socket, and says truthfully whether it is saved. It knows no DOM. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import * as Y from "yjs";
import { retryDelay } from "../lib/socket.ts";
import { realTimers, type Timers } from "../lib/timers.ts";
import { Ledger } from "./ledger.ts";
import * as wire from "./wire.ts";

/** Why the note stays closed. The text remains in the page. */
export type Ending = "withdrawn" | "signed_out" | "outdated" | "replaced" | "refused";

export interface NoteStatus {
  line: "connecting" | "open" | "lost" | "ended";
  /** Nothing that was typed here is only here. */
  saved: boolean;
  /** For how long "saved" has not been true, as a moment of `Timers.now()`; null while saved. */
  unsavedSince: number | null;
  /** When the server last confirmed something that was typed here. */
  savedAt: Date | null;
  writable: boolean;
  full: boolean;
  ending: Ending | null;
}

/** The part of a WebSocket that is used here. */
export interface NoteWire {
  binaryType: BinaryType;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export interface NoteOptions {
  url: string;
  /** Fetches a single-use ticket; throws an error with a `status` when it is refused. */
  ticket: () => Promise<string>;
  writable: boolean;
  open?: (url: string) => NoteWire;
  timers?: Timers;
  /** The time of day that people are shown. */
  clock?: () => Date;
}

const WELCOME_MS = 8_000;
/** Without a frame for so long the line is asked for a sign of life, which must come within ANSWER_MS. */
const QUIET_MS = 15_000;
const ANSWER_MS = 8_000;
const TOO_FAST_MS = 10_000;
const RESTART_JITTER_MS = 300;
const AWARENESS_MS = 100;
const EMPTY_UPDATE = new Uint8Array([0, 0]);

const ENDINGS: Readonly<Record<number, Ending>> = {
  4400: "refused",
  4403: "withdrawn",
  4404: "withdrawn",
  4413: "refused",
};
/** After these the same tab may go on, with everything that it still holds. */
export const RESUMABLE: ReadonlySet<Ending | null> = new Set<Ending>(["replaced", "signed_out"]);
const TICKET_ENDINGS: Readonly<Record<number, Ending>> = { 401: "signed_out", 403: "withdrawn", 404: "withdrawn" };

export class NoteLink {
  readonly doc = new Y.Doc();
  /** There once the server has said hello: it gives the client id that everything typed here carries. */
  awareness: Awareness | null = null;
  readonly #status: Signal<NoteStatus>;
  readonly #options: NoteOptions;
  readonly #timers: Timers;
  readonly #ledger = new Ledger();
  #socket: NoteWire | null = null;
  #round = 0;
  #clientId: number | null = null;
  #synced = false;
  /** The server asked for what it lacks and got it; since then every edit was sent. */
  #asked = false;
  #lostAt: number | null = null;
  #attempt = 0;
  #ticketRetried = false;
  #stopped = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #cancelTelling: (() => void) | null = null;
  #cancelRetry = (): void => {};
  #cancelWatch = (): void => {};
  #ready: () => void = () => {};
  /** Resolves at the first complete text; the editor opens then and never before. */
  readonly ready = new Promise<void>((resolve) => {
    this.#ready = resolve;
  });

  constructor(options: NoteOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#status = signal<NoteStatus>({
      line: "connecting",
      saved: true,
      unsavedSince: null,
      savedAt: null,
      writable: options.writable,
      full: false,
      ending: null,
    });
    this.doc.on("update", (update: Uint8Array, origin: unknown) => origin !== this && this.#typed(update));
  }

  get status(): ReadonlySignal<NoteStatus> {
    return this.#status;
  }

  start(): void {
    void this.#connect();
  }

  /** Closes for good: the page goes away. */
  stop(): void {
    this.#stopped = true;
    this.#release();
    this.awareness?.destroy();
    this.doc.destroy();
  }

  /** The network is back or the page is looked at again: do not wait for the next attempt. */
  hurry(): void {
    const { line } = this.#status.value;
    if (line === "lost") this.#retryIn(0);
    else if (line === "open") this.#probe();
  }

  /** Goes on after another tab took the note over, or somebody signed in again. */
  resume(): void {
    if (!RESUMABLE.has(this.#status.value.ending)) return;
    this.#ticketRetried = false;
    this.#set({ line: "connecting", ending: null });
    void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#release();
    const round = this.#round;
    this.#watch(WELCOME_MS);
    try {
      const ticket = await this.#options.ticket();
      if (round === this.#round) this.#dial(ticket, round);
    } catch (error) {
      if (round === this.#round) this.#ticketFailed((error as { status?: number }).status ?? 0);
    }
  }

  #dial(ticket: string, round: number): void {
    const open = this.#options.open ?? ((url: string): NoteWire => new WebSocket(url));
    const socket = open(this.#options.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#watch(WELCOME_MS);
    socket.onopen = () => socket.send(JSON.stringify({ ticket, schema: wire.SCHEMA, ...this.#former() }));
    socket.onmessage = (event) => round === this.#round && this.#heard(new Uint8Array(event.data as ArrayBuffer));
    socket.onclose = (event) => round === this.#round && this.#lost(event.code, event.reason);
  }

  #former(): { client_id?: number } {
    return this.#clientId === null ? {} : { client_id: this.#clientId };
  }

  /** Forgets the socket in hand; whatever it still says is not listened to. */
  #release(): void {
    this.#round += 1;
    this.#cancelRetry();
    this.#cancelWatch();
    this.#cancelTelling?.();
    this.#cancelTelling = null;
    this.#socket?.close();
    this.#socket = null;
    this.#asked = false;
    this.#synced = false;
    this.#ledger.reconnected();
  }

  #watch(ms: number, run = (): void => this.#lost(1006, "")): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#timers.after(ms, run);
  }

  #heard(frame: Uint8Array): void {
    this.#watch(QUIET_MS, () => this.#probe());
    const heard = wire.read(frame);
    if (heard.kind === wire.SYNC) this.#sync(heard.step, heard.payload);
    else if (heard.kind === wire.AWARENESS) this.#others(heard.payload);
    else if (heard.kind === wire.ACK) this.#stored(heard.count);
    else if (heard.kind === wire.HELLO) this.#greeted(heard.body);
    else if (heard.kind === wire.EVENT) this.#allowed(heard.body.rights);
    else if (heard.kind === wire.REJECT) this.#rejected(heard.body);
  }

  #greeted({ client_id, rights }: wire.Hello): void {
    if (this.#clientId === null) this.#begin(client_id);
    this.#allowed(rights);
    this.#send(wire.syncFrame(wire.STEP1, Y.encodeStateVector(this.doc)));
  }

  /** From the first hello on, everything typed here carries the id that the server gave to this tab. */
  #begin(clientId: number): void {
    this.#clientId = clientId;
    this.doc.clientID = clientId;
    this.awareness = new Awareness(this.doc);
    this.awareness.on("update", (_: unknown, origin: unknown) => origin === "local" && this.#tellSoon());
  }

  #allowed(rights: wire.Rights): void {
    if (rights === "read") this.#asked = false;
    this.#set({ writable: rights === "write" });
  }

  #sync(step: number, payload: Uint8Array): void {
    if (step === wire.STEP1) {
      this.#asked = true;
      this.#sendCounted(wire.STEP2, Y.encodeStateAsUpdate(this.doc, payload));
      return;
    }
    Y.applyUpdate(this.doc, payload, this);
    if (step === wire.STEP2 && !this.#synced) this.#arrived();
  }

  #arrived(): void {
    this.#synced = true;
    this.#lostAt = null;
    this.#attempt = 0;
    this.#ticketRetried = false;
    this.#set({ line: "open" });
    this.awareness?.setLocalState(this.awareness.getLocalState());
    this.#ready();
  }

  #typed(update: Uint8Array): void {
    this.#ledger.typed();
    if (this.#asked && this.#status.value.writable) this.#sendCounted(wire.UPDATE, update);
    this.#settle();
  }

  #stored(count: number): void {
    const before = this.#ledger.dirty;
    this.#ledger.stored(count, this.#asked);
    if (before && !this.#ledger.dirty) this.#set({ savedAt: (this.#options.clock ?? (() => new Date()))() });
    this.#settle();
  }

  /** From here on the server takes nothing more until it has asked for all that it lacks. */
  #rejected({ code }: wire.Rejection): void {
    this.#asked = false;
    if (code === "full") this.#set({ full: true });
    if (code === "read_only") this.#set({ writable: false });
  }

  #settle(): void {
    const { dirty } = this.#ledger;
    if (dirty !== this.#status.value.saved) return;
    this.#set({ saved: !dirty, unsavedSince: dirty ? this.#timers.now() : null });
  }

  #probe(): void {
    this.#sendCounted(wire.UPDATE, EMPTY_UPDATE);
    this.#watch(ANSWER_MS);
  }

  #sendCounted(step: number, payload: Uint8Array): void {
    this.#ledger.sent();
    this.#send(wire.syncFrame(step, payload));
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(frame);
  }

  /** The own cursor, at most ten times a second; the last one always goes. */
  #tellSoon(): void {
    if (this.#cancelTelling) return;
    const wait = Math.max(0, this.#toldAt + AWARENESS_MS - this.#timers.now());
    this.#cancelTelling = this.#timers.after(wait, () => this.#tell());
  }

  #tell(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = null;
    if (!this.#synced || !this.awareness || this.awareness.getLocalState() === null) return;
    this.#toldAt = this.#timers.now();
    this.#send(wire.awarenessFrame(encodeAwarenessUpdate(this.awareness, [this.awareness.clientID])));
  }

  #others(payload: Uint8Array): void {
    if (this.awareness) applyAwarenessUpdate(this.awareness, payload, this);
  }

  /** Nobody is seen over a broken line; whoever is still there is told anew when it is back. */
  #forgetOthers(): void {
    if (!this.awareness) return;
    const others = [...this.awareness.meta.keys()].filter((client) => client !== this.#clientId);
    removeAwarenessStates(this.awareness, others, this);
    for (const client of others) this.awareness.meta.delete(client);
  }

  #lost(code: number, reason: string): void {
    this.#release();
    this.#forgetOthers();
    if (this.#stopped) return;
    const ending = code === 4409 ? (reason === "replaced" ? "replaced" : "outdated") : ENDINGS[code];
    if (ending) this.#end(ending);
    else if (code === 4401 && this.#ticketRetried) this.#end("signed_out");
    else this.#retry(code);
  }

  #ticketFailed(status: number): void {
    const ending = TICKET_ENDINGS[status];
    if (ending) this.#end(ending);
    else this.#retry(status === 429 ? 4429 : 1006);
  }

  #end(ending: Ending): void {
    this.#release();
    this.#set({ line: "ended", ending });
  }

  #retry(code: number): void {
    this.#lostAt ??= this.#timers.now();
    if (code === 4401) this.#ticketRetried = true;
    this.#set({ line: "lost" });
    this.#retryIn(this.#delayAfter(code));
  }

  #delayAfter(code: number): number {
    if (code === 4401) return 0;
    if (code === 4429) return TOO_FAST_MS;
    if (code === 1012) return this.#timers.random() * RESTART_JITTER_MS;
    const elapsed = this.#timers.now() - (this.#lostAt ?? 0);
    if (elapsed >= 1_000) this.#attempt += 1;
    return retryDelay(elapsed, this.#attempt, this.#timers.random());
  }

  #retryIn(ms: number): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#timers.after(ms, () => void this.#connect());
  }

  #set(changed: Partial<NoteStatus>): void {
    this.#status.value = { ...this.#status.value, ...changed };
  }
}
