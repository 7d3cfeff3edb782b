/** Looks for known patients while a name is written; without an answer a new name simply makes a new record. */
import { type Signal, signal } from "@preact/signals";
import { realTimers, type Timers } from "../lib/timers.ts";

export interface KnownPatient {
  id: string;
  name: string;
  /** ISO 8601: the newest consultation, which tells two of one name apart. */
  newest_at: string;
}

/** The server finds nobody by fewer letters. */
export const FEWEST = 2;
/** Nobody is asked at each key of somebody who writes on. */
export const PAUSE_MS = 200;

/** The place that an arrow leads to among `count`, from none (-1) to the first or the last; null for another key. */
const placeByKey = (key: string, current: number, count: number): number | null => {
  if (key === "ArrowDown") return (current + 1) % count;
  return key === "ArrowUp" ? (current <= 0 ? count : current) - 1 : null;
};

export class Seeker {
  readonly words: Signal<string> = signal("");
  readonly found: Signal<readonly KnownPatient[]> = signal([]);
  readonly chosen: Signal<KnownPatient | null> = signal(null);
  /** Place of the marked one among those found; -1: none. */
  readonly active: Signal<number> = signal(-1);
  readonly #search: (letters: string) => Promise<KnownPatient[]>;
  readonly #timers: Timers;
  #cancel = (): void => {};

  constructor(search: (letters: string) => Promise<KnownPatient[]>, timers: Timers = realTimers) {
    this.#search = search;
    this.#timers = timers;
  }

  /** Whoever edits the name of a chosen patient means somebody else. */
  typed(words: string): void {
    this.words.value = words;
    this.chosen.value = null;
    this.hide();
    if (words.trim().length >= FEWEST) this.#cancel = this.#timers.after(PAUSE_MS, () => void this.#look(words));
  }

  choose(patient: KnownPatient): void {
    this.hide();
    this.words.value = patient.name;
    this.chosen.value = patient;
  }

  hide(): void {
    this.#cancel();
    this.found.value = [];
    this.active.value = -1;
  }

  /** Whether a key did something here, and must do nothing else. */
  key(key: string): boolean {
    const count = this.found.value.length;
    if (count === 0) return false;
    const marked = this.found.value[this.active.value];
    const place = placeByKey(key, this.active.value, count);
    if (place !== null) this.active.value = place;
    else if (key === "Escape") this.hide();
    else if (key === "Enter" && marked) this.choose(marked);
    else return false;
    return true;
  }

  async #look(words: string): Promise<void> {
    const found = await this.#search(words.trim()).catch(() => []);
    if (this.words.value === words && this.chosen.value === null) this.found.value = found;
  }
}
