/** Time that moves when a test says so; promises are let through between the steps. */
import type { Timers } from "../src/lib/timers.ts";

/** Enough turns of the queue for the chains of promises in the code under test. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
};

interface Due {
  at: number;
  run: () => void;
}

export class FakeTimers implements Timers {
  chance = 0.5;
  #now = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const due = { at: this.#now + ms, run };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((each) => each !== due);
    };
  }

  random(): number {
    return this.chance;
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = next.at;
      next.run();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): Due | undefined {
    const first = this.#due.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
    this.#due = this.#due.filter((each) => each !== first);
    return first;
  }
}
