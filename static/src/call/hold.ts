/** Who is shown as the one who speaks: somebody who coughs into a sentence must not make the pictures jump. */
import { realTimers, type Timers } from "../lib/timers.ts";

/** Whoever is shown large stays it at least so long. */
export const HOLD_MS = 2_000;

export class SpeakerHold {
  readonly #onChange: (shown: string | null) => void;
  readonly #timers: Timers;
  #wanted: string | null = null;
  #shown: string | null = null;
  #shownAt = Number.NEGATIVE_INFINITY;
  #cancel = (): void => {};

  constructor(onChange: (shown: string | null) => void, timers: Timers = realTimers) {
    this.#onChange = onChange;
    this.#timers = timers;
  }

  /** Who speaks from now on; in a silence the last one stays. */
  hear(speaker: string | null): void {
    if (speaker === this.#wanted) return;
    this.#wanted = speaker;
    this.#cancel();
    if (speaker === null || speaker === this.#shown) return;
    const left = this.#shownAt + HOLD_MS - this.#timers.now();
    if (left <= 0) this.#show();
    else this.#cancel = this.#timers.after(left, () => this.#show());
  }

  #show(): void {
    this.#shown = this.#wanted;
    this.#shownAt = this.#timers.now();
    this.#onChange(this.#shown);
  }
}
