/** Lets a changing sentence through when it lasts, and not too often: for what is said aloud of a line that comes and goes. */
import { realTimers, type Timers } from "../lib/timers.ts";
import { APART_MS, LASTING_MS } from "../media/policy.ts";

export class Steady {
  readonly #say: (words: string) => void;
  readonly #timers: Timers;
  #heard = "";
  #said = "";
  #saidAt = Number.NEGATIVE_INFINITY;
  #cancel = (): void => {};

  constructor(say: (words: string) => void, timers: Timers = realTimers) {
    this.#say = say;
    this.#timers = timers;
  }

  /** How it is from now on; empty means well, which is said only after something else was. */
  hear(words: string): void {
    if (words === this.#heard) return;
    this.#heard = words;
    this.#cancel();
    const waitMs = Math.max(LASTING_MS, this.#saidAt + APART_MS - this.#timers.now());
    if (words !== this.#said) this.#cancel = this.#timers.after(waitMs, () => this.#tell());
  }

  #tell(): void {
    this.#said = this.#heard;
    this.#saidAt = this.#timers.now();
    this.#say(this.#said);
  }
}
