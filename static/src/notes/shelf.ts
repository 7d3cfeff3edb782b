/** Which notes there are, which of them is looked at, and which hold words that are not saved. It knows no DOM. */
import { type Signal, signal } from "@preact/signals";
import type { Late } from "./late.ts";
import { inOrder, type Listed } from "./listed.ts";

export interface ShelfRequests {
  /** All notes that may be opened; makes those that are missing. */
  list(): Promise<Listed[]>;
  one(id: string): Promise<Listed>;
}

const outdated = (note: Listed): Listed => ({
  ...note,
  signatures: note.signatures.map((each) => ({ ...each, current: false })),
});

export class Shelf {
  readonly listed: Signal<Listed[] | "missing" | null> = signal(null);
  readonly chosen: Signal<string | null> = signal(null);
  readonly opened: Signal<ReadonlySet<string>> = signal(new Set());
  readonly unsaved: Signal<ReadonlySet<string>> = signal(new Set());
  /** How often a note was taken out anew; its pane begins afresh with each. */
  readonly rounds: Signal<ReadonlyMap<string, number>> = signal(new Map());
  /** What came too late, by the id of the note that is to hold it: an addendum to a locked note, or the same note afresh. */
  readonly late: Map<string, Late> = new Map();
  readonly #requests: ShelfRequests;
  /** How often each text has changed: an answer that was asked for before the last change knows nothing of it. */
  readonly #changes: Map<string, number> = new Map();

  constructor(requests: ShelfRequests) {
    this.#requests = requests;
  }

  async load(): Promise<void> {
    try {
      this.#take(await this.#requests.list());
    } catch {
      this.listed.value ??= "missing";
    }
  }

  /** After a right was withdrawn: lists anew what may be opened, and opens that anew. False when there is nothing.
   * Notes with unsaved words stay, so that these can still be copied. */
  async again(): Promise<boolean> {
    const found = await this.#requests.list().catch(() => []);
    if (found.length === 0) return false;
    const before = this.#notes();
    const kept = before.filter(({ id }) => this.unsaved.value.has(id) && found.every((note) => note.id !== id));
    for (const { id } of before) if (!this.unsaved.value.has(id)) this.#renew(id);
    this.#take([...found, ...kept]);
    return true;
  }

  /** Takes the latest word on all notes, and those that are new; what is not listed any more stays as it was known. */
  async look(): Promise<void> {
    const before = new Map(this.#changes);
    const found = await this.#requests.list().catch(() => []);
    for (const note of found) this.#answered(note, before);
  }

  choose(id: string): void {
    this.chosen.value = id;
    this.opened.value = new Set([...this.opened.value, id]);
  }

  /** The server's latest word on a note, which may be a new one. */
  told(note: Listed): void {
    this.listed.value = inOrder([...this.#notes().filter(({ id }) => id !== note.id), note]);
  }

  /** Asks for the latest word; without an answer the note stays as it was known. */
  async refresh(id: string): Promise<void> {
    const before = new Map(this.#changes);
    const note = await this.#requests.one(id).catch(() => null);
    if (note) this.#answered(note, before);
  }

  /** The text has changed since every signature under it. */
  changed(id: string): void {
    this.#changes.set(id, (this.#changes.get(id) ?? 0) + 1);
    const note = this.#notes().find((each) => each.id === id);
    if (note?.signatures.some(({ current }) => current)) this.told(outdated(note));
  }

  mark(id: string, saved: boolean): void {
    if (this.unsaved.value.has(id) !== saved) return;
    const others = [...this.unsaved.value].filter((each) => each !== id);
    this.unsaved.value = new Set(saved ? others : [...others, id]);
  }

  /** Drops what this page holds of a note and opens it as the server has it. */
  reopen(id: string): void {
    this.mark(id, true);
    this.#renew(id);
  }

  #answered(note: Listed, before: ReadonlyMap<string, number>): void {
    const knowsAll = before.get(note.id) === this.#changes.get(note.id) && !this.unsaved.value.has(note.id);
    this.told(knowsAll ? note : outdated(note));
  }

  #notes(): Listed[] {
    const { value } = this.listed;
    return Array.isArray(value) ? value : [];
  }

  #take(notes: Listed[]): void {
    const listed = inOrder(notes);
    this.listed.value = listed;
    const [first] = listed;
    if (first && !listed.some(({ id }) => id === this.chosen.value)) this.choose(first.id);
  }

  #renew(id: string): void {
    this.rounds.value = new Map([...this.rounds.value, [id, (this.rounds.value.get(id) ?? 0) + 1]]);
  }
}
