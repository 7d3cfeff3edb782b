/** When a socket that was lost is tried again: at once at first, then more and more slowly, with jitter. */
import type { Timers } from "./timers.ts";

const TOO_FAST_MS = 10_000;
const RESTART_JITTER_MS = 300;
/** The ticket was not taken. */
const TICKET = 4401;
const TOO_FAST = 4429;
const RESTART = 1012;

/** How long to wait before the next attempt, `elapsedMs` after the connection was lost. */
export const retryDelay = (elapsedMs: number, attempt: number, chance: number): number => {
  if (elapsedMs < 1_000) return 100 + 200 * chance;
  const cap = elapsedMs < 5_000 ? 500 : elapsedMs < 10_000 ? 1_000 : elapsedMs < 30_000 ? 2_000 : 10_000;
  return Math.min(cap, 300 * 2 ** Math.min(attempt, 10)) * (0.5 + 0.5 * chance);
};

export class Retries {
  readonly #timers: Timers;
  readonly #attempt: () => void;
  #attempts = 0;
  #lostAt: number | null = null;
  #ticketRetried = false;
  #cancel = (): void => {};

  constructor(timers: Timers, attempt: () => void) {
    this.#timers = timers;
    this.#attempt = attempt;
  }

  /** A second ticket was refused, too: trying once more would not help. */
  exhausted(code: number): boolean {
    return code === TICKET && this.#ticketRetried;
  }

  /** Tries again after a connection that ended with this close code. */
  after(code: number): void {
    this.#lostAt ??= this.#timers.now();
    if (code === TICKET) this.#ticketRetried = true;
    this.in(this.#delay(code));
  }

  in(ms: number): void {
    this.cancel();
    this.#cancel = this.#timers.after(ms, this.#attempt);
  }

  cancel(): void {
    this.#cancel();
  }

  /** The connection has proved itself: the next break is a new one. */
  reset(): void {
    this.#attempts = 0;
    this.#lostAt = null;
    this.#ticketRetried = false;
  }

  #delay(code: number): number {
    if (code === TICKET) return 0;
    if (code === TOO_FAST) return TOO_FAST_MS;
    if (code === RESTART) return this.#timers.random() * RESTART_JITTER_MS;
    const elapsed = this.#timers.now() - (this.#lostAt ?? 0);
    if (elapsed >= 1_000) this.#attempts += 1;
    return retryDelay(elapsed, this.#attempts, this.#timers.random());
  }
}
