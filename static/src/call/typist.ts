/** Sends a line while it is typed: what stands there every 400 ms, and the whole of it at the end. It knows no DOM. */
import type { Timers } from "../lib/timers.ts";

export const INTERIM_MS = 400;

export class Typist {
  readonly #timers: Timers;
  readonly #send: (body: string, final: boolean) => void;
  #text = "";
  #sent = "";
  #cancel: (() => void) | null = null;

  constructor(timers: Timers, send: (body: string, final: boolean) => void) {
    this.#timers = timers;
    this.#send = send;
  }

  type(text: string): void {
    this.#text = text.trim();
    this.#cancel ??= this.#timers.after(INTERIM_MS, () => this.#interim());
  }

  /** The line is finished; an empty one is none. */
  finish(): void {
    this.#cancel?.();
    this.#cancel = null;
    const text = this.#text;
    this.#text = this.#sent = "";
    if (text !== "") this.#send(text, true);
  }

  #interim(): void {
    this.#cancel = null;
    if (this.#text === "" || this.#text === this.#sent) return;
    this.#sent = this.#text;
    this.#send(this.#text, false);
  }
}
