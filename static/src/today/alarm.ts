/** Decides when to ring for those who wait: at once for a new one, then gently again until somebody reacts. */
import { type Signal, signal } from "@preact/signals";

/** Long enough not to disturb the work of a whole day, short enough that nobody is forgotten. */
export const REPEAT_MS = 30_000;

export interface AlarmPorts {
  chime(): unknown;
  /** Shown outside the tab; gets a number and never a name. */
  notify(count: number): void;
}

export class Alarm {
  /** Whether somebody waits whom this person has already been told about and silenced. */
  readonly silenced: Signal<boolean> = signal(false);
  readonly #ports: AlarmPorts;
  #waiting: ReadonlySet<string> = new Set();
  #nextAt = Number.POSITIVE_INFINITY;

  constructor(ports: AlarmPorts) {
    this.#ports = ports;
  }

  /** The ids of all who wait now. Somebody new rings even when the others were silenced. */
  update(ids: readonly string[], nowMs: number): void {
    const fresh = ids.filter((id) => !this.#waiting.has(id));
    this.#waiting = new Set(ids);
    if (ids.length === 0) this.#rest();
    if (fresh.length === 0) return;
    this.silenced.value = false;
    this.#ring(nowMs);
    this.#ports.notify(ids.length);
  }

  tick(nowMs: number): void {
    if (this.#waiting.size > 0 && !this.silenced.value && nowMs >= this.#nextAt) this.#ring(nowMs);
  }

  /** Quiet for those who wait now; the next one rings again. */
  silence(): void {
    this.silenced.value = this.#waiting.size > 0;
  }

  #ring(nowMs: number): void {
    this.#ports.chime();
    this.#nextAt = nowMs + REPEAT_MS;
  }

  #rest(): void {
    this.silenced.value = false;
    this.#nextAt = Number.POSITIVE_INFINITY;
  }
}

/** The page's title with a badge: "(2) Today". */
export const badgeTitle = (title: string, waiting: number): string => (waiting > 0 ? `(${waiting}) ${title}` : title);
