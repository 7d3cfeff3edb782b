/** Keeps one note in step with the server, and says truthfully whether it is saved. It knows no DOM. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import * as Y from "yjs";
import { realTimers, type Timers } from "../lib/timers.ts";
import type { Keep, Kept } from "./keep.ts";
import { Ledger } from "./ledger.ts";
import { type Ending, Line, type LineListener, type LineOptions } from "./line.ts";
import { keepStraight } from "./straight.ts";
import { fits, wordsIn } from "./unsent.ts";
import * as wire from "./wire.ts";

export interface NoteStatus {
  line: "connecting" | "open" | "lost" | "ended";
  /** Nothing that was typed here is only here. */
  saved: boolean;
  /** Since when "saved" has not been true, as a moment of `Timers.now()`; null while saved. */
  unsavedSince: number | null;
  /** When the server last confirmed something that was typed here. */
  savedAt: Date | null;
  writable: boolean;
  /** The text is final: it was locked, here or by a colleague. */
  locked: boolean;
  full: boolean;
  ending: Ending | null;
  /** Whether what is unsaved is kept on this computer, and outlives this tab. */
  kept: Kept;
  /** Words that an earlier tab left here and that can no longer be sent as they were typed. */
  left: string | null;
}

export interface NoteOptions extends LineOptions {
  writable: boolean;
  /** The time of day that people are shown. */
  clock?: () => Date;
  keep?: Keep | null;
}

const AWARENESS_MS = 100;
/** Where an update comes from that an earlier tab left; like everything typed without a line it may be longer than one edit. */
const KEPT = "kept";
const EMPTY_UPDATE = new Uint8Array([0, 0]);

/** After these the same tab may go on, with everything that it still holds. */
export const RESUMABLE: ReadonlySet<Ending | null> = new Set<Ending>(["replaced", "signed_out"]);

export class NoteLink {
  readonly doc = new Y.Doc();
  /** There once the server has said hello: it gives the client id that everything typed here carries. */
  awareness: Awareness | null = null;
  readonly #status: Signal<NoteStatus>;
  readonly #unsaved: Signal<readonly wire.SectionName[]> = signal([]);
  readonly #news: Signal<number> = signal(0);
  readonly #clock: () => Date;
  readonly #timers: Timers;
  readonly #ledger = new Ledger();
  readonly #line: Line;
  readonly #keep: Keep | null;
  /** Reading what an earlier tab left; resolves to what this one goes on with. */
  #found: Promise<Uint8Array | null> = Promise.resolve(null);
  #clientId: number | null = null;
  #synced = false;
  /** The server asked for what it lacks and got it; since then every edit was sent, and none refused. */
  #asked = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #cancelTelling: (() => void) | null = null;
  #ready: () => void = () => {};
  /** Called before anything of others is laid into the text. */
  onOthers: () => void = () => {};
  /** Resolves at the first complete text; the editor opens then and never before. */
  readonly ready = new Promise<void>((resolve) => {
    this.#ready = resolve;
  });

  constructor(options: NoteOptions) {
    this.#clock = options.clock ?? (() => new Date());
    this.#timers = options.timers ?? realTimers;
    this.#keep = options.keep ?? null;
    if (this.#keep) this.#keep.onKept = (kept) => this.#set({ kept });
    this.#line = new Line(options, this.#listener());
    this.#status = signal<NoteStatus>({
      line: "connecting",
      saved: true,
      unsavedSince: null,
      savedAt: null,
      writable: options.writable,
      locked: false,
      full: false,
      ending: null,
      kept: "no",
      left: null,
    });
    keepStraight(this.doc);
    this.doc.on("update", (update: Uint8Array, origin: unknown, _: Y.Doc, change: Y.Transaction) => {
      if (origin !== this) this.#typed(update, change, origin === KEPT ? wire.STEP2 : wire.UPDATE);
    });
  }

  get status(): ReadonlySignal<NoteStatus> {
    return this.#status;
  }

  /** The sections with something that was typed here and is not known to be saved. */
  get unsaved(): ReadonlySignal<readonly wire.SectionName[]> {
    return this.#unsaved;
  }

  /** How often the server said that a right, or who stands for the note, has changed. */
  get news(): ReadonlySignal<number> {
    return this.#news;
  }

  start(): void {
    this.#line.start();
  }

  /** Closes for good: the page goes away. */
  stop(): void {
    this.#line.stop();
    this.#keep?.release();
    this.#cancelTelling?.();
    this.awareness?.destroy();
    this.doc.destroy();
  }

  /** The network is back or the page is looked at again: do not wait for the next attempt. */
  hurry(): void {
    const { line } = this.#status.value;
    if (line === "lost") this.#line.retryNow();
    else if (line === "open") this.#probe();
  }

  /** Goes on after another tab took the note over, or somebody signed in again. */
  resume(): void {
    if (!RESUMABLE.has(this.#status.value.ending)) return;
    this.#set({ line: "connecting", ending: null });
    this.#line.start();
  }

  #listener(): LineListener {
    return {
      hello: () => this.#hello(),
      heard: (frame) => this.#heard(wire.read(frame)),
      quiet: () => this.#probe(),
      dropped: () => this.#dropped(),
      retrying: () => this.#set({ line: "lost" }),
      ended: (ending) => this.#ended(ending),
    };
  }

  #hello(): object {
    const clientId = this.#clientId ?? this.#keep?.resumes ?? null;
    return { schema: wire.SCHEMA, ...(clientId === null ? {} : { client_id: clientId }) };
  }

  /** A client id that the server does not know is no reason to stay closed, as long as nothing was typed under it here. */
  #ended(ending: Ending): void {
    if (ending === "refused" || ending === "crossed") this.#keep?.spoil();
    const strange = ending === "outdated" && this.#clientId === null && (this.#keep?.resumes ?? null) !== null;
    if (!strange) {
      this.#set({ line: "ended", ending });
      return;
    }
    this.#keep?.refused();
    this.#line.start();
  }

  #heard(heard: wire.Heard): void {
    if (heard.kind === wire.SYNC) this.#sync(heard.step, heard.payload);
    else if (heard.kind === wire.AWARENESS) this.#others(heard.payload);
    else if (heard.kind === wire.ACK) this.#stored(heard.count);
    else if (heard.kind === wire.HELLO) this.#greeted(heard.body);
    else if (heard.kind === wire.EVENT) this.#changed(heard.body);
    else if (heard.kind === wire.REJECT) this.#rejected(heard.body);
  }

  #greeted(hello: wire.Hello): void {
    if (this.#clientId === null) this.#begin(hello.client_id);
    if (this.#keep) this.#found = this.#keep.open(hello.keep ?? null, hello.client_id);
    this.#allowed(hello);
    this.#line.send(wire.syncFrame(wire.STEP1, Y.encodeStateVector(this.doc)));
  }

  /** From the first hello on, everything typed here carries the id that the server gave to this tab. */
  #begin(clientId: number): void {
    this.#clientId = clientId;
    this.doc.clientID = clientId;
    this.awareness = new Awareness(this.doc);
    this.awareness.on("update", (_: unknown, origin: unknown) => origin === "local" && this.#tellSoon());
  }

  #allowed({ rights, state }: Pick<wire.Hello, "rights" | "state">): void {
    this.#set({ writable: rights === "write", locked: state === "locked" });
  }

  #changed(body: Pick<wire.Hello, "rights" | "state">): void {
    this.#allowed(body);
    this.#news.value += 1;
  }

  #sync(step: number, payload: Uint8Array): void {
    if (step === wire.STEP1) {
      this.#asked = true;
      this.#sendCounted(wire.STEP2, Y.encodeStateAsUpdate(this.doc, payload));
      return;
    }
    this.onOthers();
    Y.applyUpdate(this.doc, payload, this);
    if (step === wire.STEP2 && !this.#synced) this.#arrived();
  }

  #arrived(): void {
    this.#synced = true;
    this.#line.proved();
    this.#set({ line: "open" });
    this.awareness?.setLocalState(this.awareness.getLocalState());
    void this.#bringBack().then(this.#ready);
  }

  /** Before anything is typed: what is typed under the same client id must come after what was kept. */
  async #bringBack(): Promise<void> {
    const found = await this.#found;
    const layable = found !== null && this.#mayLay() && fits(this.doc, found);
    if (found && layable) Y.applyUpdate(this.doc, found, KEPT);
    if (layable && !this.#ledger.dirty) this.#keep?.stored();
    // Yjs gives a document another client id when somebody else's update carries its own.
    if (this.#clientId !== null) this.doc.clientID = this.#clientId;
    const left = [...((await this.#keep?.left()) ?? []), ...(found && !layable ? [found] : [])].map(wordsIn);
    if (this.#status.value.left === null && left.some((words) => words !== "")) this.#set({ left: left.join("\n\n") });
  }

  /** Into a locked note it is laid as if it had been typed a moment too late. */
  #mayLay(): boolean {
    return this.#status.value.writable || this.#status.value.locked;
  }

  /** The reader has what earlier tabs left. */
  forgetLeft(): void {
    void this.#keep?.forgetStrays();
    if (!this.#ledger.dirty) this.#keep?.stored();
    this.#set({ left: null });
  }

  /** The reader has what is not saved, and this tab opens the note anew. */
  forgetUnsaved(): void {
    this.#keep?.stored();
  }

  #typed(update: Uint8Array, change: Y.Transaction, step: number): void {
    this.#ledger.typed();
    this.#keep?.typed(update);
    const changed: ReadonlyMap<unknown, unknown> = change.changedParentTypes;
    const touched = (name: wire.SectionName): boolean => changed.has(this.doc.getXmlFragment(name));
    this.#unsaved.value = wire.SECTIONS.filter((name) => this.#unsaved.value.includes(name) || touched(name));
    if (!this.#status.value.writable) this.#asked = false;
    if (this.#asked) this.#sendCounted(step, update);
    this.#settle();
  }

  #stored(count: number): void {
    const before = this.#ledger.dirty;
    this.#ledger.stored(count, this.#asked);
    if (before && !this.#ledger.dirty) {
      this.#set({ savedAt: this.#clock() });
      this.#keep?.stored();
    }
    this.#settle();
  }

  /** From here on the server takes nothing more until it has asked for all that it lacks. */
  #rejected({ code }: wire.Rejection): void {
    this.#asked = false;
    if (code === "full") this.#set({ full: true });
    if (code === "read_only") this.#set({ writable: false });
    if (code === "locked") this.#set({ writable: false, locked: true });
    // Sent again, under the same client id, it would be refused again: only a fresh text can go on.
    if (code === "order") this.#line.end("crossed");
  }

  #settle(): void {
    const { dirty } = this.#ledger;
    if (dirty !== this.#status.value.saved) return;
    if (!dirty) this.#unsaved.value = [];
    this.#set({ saved: !dirty, unsavedSince: dirty ? this.#timers.now() : null });
  }

  #probe(): void {
    this.#sendCounted(wire.UPDATE, EMPTY_UPDATE);
    this.#line.expectAnswer();
  }

  #sendCounted(step: number, payload: Uint8Array): void {
    this.#ledger.sent();
    this.#line.send(wire.syncFrame(step, payload));
  }

  /** The own cursor, at most ten times a second; the last one always goes. */
  #tellSoon(): void {
    if (this.#cancelTelling) return;
    const wait = Math.max(0, this.#toldAt + AWARENESS_MS - this.#timers.now());
    this.#cancelTelling = this.#timers.after(wait, () => this.#tell());
  }

  #tell(): void {
    this.#cancelTelling = null;
    if (!this.#synced || !this.awareness || this.awareness.getLocalState() === null) return;
    this.#toldAt = this.#timers.now();
    this.#line.send(wire.awarenessFrame(encodeAwarenessUpdate(this.awareness, [this.awareness.clientID])));
  }

  #others(payload: Uint8Array): void {
    if (this.awareness) applyAwarenessUpdate(this.awareness, payload, this);
  }

  /** Nobody is seen over a broken line; whoever is still there is told anew when it is back. */
  #dropped(): void {
    this.#asked = false;
    this.#synced = false;
    this.#ledger.reconnected();
    if (!this.awareness) return;
    const others = [...this.awareness.meta.keys()].filter((client) => client !== this.#clientId);
    removeAwarenessStates(this.awareness, others, this);
    for (const client of others) this.awareness.meta.delete(client);
  }

  #set(changed: Partial<NoteStatus>): void {
    this.#status.value = { ...this.#status.value, ...changed };
  }
}
