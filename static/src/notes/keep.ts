/** Keeps what one tab typed into one note and the server has not confirmed, sealed under a secret that only the server gives. */
import * as Y from "yjs";
import { realTimers, type Timers } from "../lib/timers.ts";
import type { Box, Boxes } from "./boxes.ts";
import { SCHEMA } from "./wire.ts";

/** The bounds of docs/WIRE.md, section 3.6. What is beyond them stands in its tab alone, and the page says so. */
export const KEPT_MS = 12 * 60 * 60 * 1000;
export const KEPT_BYTES = 1024 * 1024;
export const KEPT_RECORDS = 20;

/** Whether all that is unsent is kept: it never says so before it is on the disk. */
export type Kept = "no" | "soon" | "yes";

/** After a write that failed: a busy computer answers late, and a full one may have room by then. */
export const AGAIN_MS = 5_000;

const IV_BYTES = 12;
const NEVER = 0;

const keyOf = async (secret: string): Promise<CryptoKey> => {
  const raw = Uint8Array.from(atob(secret), (letter) => letter.charCodeAt(0));
  return await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
};

/** What is sealed opens only for the note and the client id that it was typed under. */
const placeOf = (note: string, client: number): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${note} ${client}`) as Uint8Array<ArrayBuffer>;

export class Keep {
  readonly #boxes: Boxes;
  readonly #note: string;
  readonly #now: () => number;
  readonly #timers: Timers;
  readonly #taken = new Set<number>();
  #key: CryptoKey | null = null;
  #client = 0;
  #unsent: Uint8Array[] = [];
  #writing: Promise<void> = Promise.resolve();
  #queued = false;
  #looked = false;
  #placed = false;
  #failed = false;
  #released = false;
  #cancelAgain: (() => void) | null = null;
  #schema = SCHEMA;
  /** The client id of a tab that is gone and left something: this tab goes on as that one. */
  resumes: number | null = null;
  /** Those of further tabs that are gone, and of editors with which this one cannot go on. */
  strays: number[] = [];
  onKept: (kept: Kept) => void = () => {};

  constructor(boxes: Boxes, note: string, now: () => number = Date.now, timers: Timers = realTimers) {
    this.#boxes = boxes;
    this.#note = note;
    this.#now = now;
    this.#timers = timers;
  }

  /** Before the first hello: drops what is too old and takes over what tabs of this note left. Never fails. */
  async find(): Promise<void> {
    if (this.#looked) return;
    this.#looked = true;
    try {
      for (const box of await this.#fresh())
        if (box.note === this.#note && (await this.#take(box.client))) this.#met(box);
    } catch {
      this.resumes = null;
    }
  }

  /** The server does not know the client id that this tab was to go on as. */
  refused(): void {
    if (this.resumes !== null) this.strays.unshift(this.resumes);
    this.resumes = null;
  }

  /** With every hello: takes the secret, and the first time returns what was kept under this client id. No secret: nothing stays here. */
  async open(secret: string | null, client: number): Promise<Uint8Array | null> {
    try {
      if (secret === null) return await this.#close();
      this.#key = await keyOf(secret);
      this.#client = client;
      await this.#take(client);
      if (this.#unsent.length > 0) this.#writeSoon();
      return this.#placed ? null : await this.#placedBefore();
    } catch {
      this.#fail();
      return null;
    }
  }

  /** What the strays left, oldest first, as far as this login can open it. */
  async left(): Promise<Uint8Array[]> {
    const found = await Promise.all(this.strays.map((client) => this.#opened(client).catch(() => null)));
    return found.filter((update) => update !== null).reverse();
  }

  /** The reader has what the strays left. */
  async forgetStrays(): Promise<void> {
    for (const client of this.strays) await this.#boxes.drop(this.#note, client).catch(() => {});
    this.strays = [];
  }

  typed(update: Uint8Array): void {
    this.#unsent.push(update);
    if (!this.#key) return;
    if (!this.#failed) this.onKept("soon");
    this.#writeSoon();
  }

  /** Everything is on the server's disk, or its reader has taken it elsewhere. */
  stored(): void {
    this.#unsent = [];
    if (this.#key) this.#writeSoon();
  }

  /** The server refuses this text for good: the next tab shows it, and does not send it again. */
  spoil(): void {
    this.#schema = NEVER;
    if (this.#key && this.#unsent.length > 0) this.#writeSoon();
  }

  /** The tab goes away; what is kept waits for the next. */
  release(): void {
    this.#released = true;
    void this.#writing.then(() => {
      for (const client of this.#taken) this.#boxes.release(this.#note, client);
      this.#taken.clear();
    });
  }

  #met({ client, schema }: Box): void {
    if (this.resumes === null && schema === SCHEMA) this.resumes = client;
    else this.strays.push(client);
  }

  async #take(client: number): Promise<boolean> {
    if (this.#taken.has(client)) return true;
    const mine = await this.#boxes.take(this.#note, client);
    if (mine) this.#taken.add(client);
    return mine;
  }

  /** One write at a time; what was typed meanwhile goes into the next one. */
  #writeSoon(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    this.#queued = false;
    const unsent = this.#unsent.length;
    try {
      if (unsent === 0) await this.#boxes.drop(this.#note, this.#client);
      else await this.#put();
      this.#placed = unsent > 0;
      this.#failed = false;
      if (this.#key) this.onKept(this.#queued ? "soon" : "yes");
    } catch {
      this.#fail();
    }
  }

  #fail(): void {
    this.#failed = true;
    this.onKept("no");
    this.#cancelAgain?.();
    this.#cancelAgain = this.#timers.after(AGAIN_MS, () => this.#again());
  }

  #again(): void {
    if (this.#key && this.#failed && !this.#released) this.#writeSoon();
  }

  async #put(): Promise<void> {
    if (!this.#key) throw new Error("there is no secret");
    const plain = this.#merged();
    if (plain.length > KEPT_BYTES || !(await this.#room())) throw new RangeError("more than may be kept");
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const additionalData = placeOf(this.#note, this.#client);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, this.#key, plain);
    await this.#boxes.put({
      note: this.#note,
      client: this.#client,
      at: this.#now(),
      schema: this.#schema,
      iv,
      sealed,
    });
  }

  #merged(): Uint8Array<ArrayBuffer> {
    const merged = Y.mergeUpdates(this.#unsent);
    this.#unsent = [merged];
    return new Uint8Array(merged);
  }

  async #room(): Promise<boolean> {
    if (this.#placed || (await this.#boxes.count()) < KEPT_RECORDS) return true;
    return (await this.#fresh()).length < KEPT_RECORDS;
  }

  async #placedBefore(): Promise<Uint8Array | null> {
    const found = await this.#opened(this.#client);
    this.#placed = found !== null;
    return found;
  }

  async #close(): Promise<null> {
    this.#key = null;
    this.#placed = false;
    this.onKept("no");
    await this.#boxes.clear();
    return null;
  }

  /** The newest first. */
  async #fresh(): Promise<Box[]> {
    const boxes = await this.#boxes.all();
    const old = boxes.filter(({ at }) => this.#now() - at > KEPT_MS);
    for (const box of old) await this.#boxes.drop(box.note, box.client);
    return boxes.filter((box) => !old.includes(box)).sort((a, b) => b.at - a.at);
  }

  /** What does not open was kept under another login: noise, and dropped. */
  async #opened(client: number): Promise<Uint8Array | null> {
    const box = (await this.#fresh()).find((each) => each.note === this.#note && each.client === client);
    if (!box || !this.#key) return null;
    const additionalData = placeOf(this.#note, client);
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: box.iv, additionalData }, this.#key, box.sealed);
      return new Uint8Array(plain);
    } catch {
      await this.#boxes.drop(this.#note, client);
      return null;
    }
  }
}
