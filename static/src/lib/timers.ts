/** Time and chance as a parameter, so that a test can move the first and fix the second. */

export interface Timers {
  /** Milliseconds that never go backwards. */
  now(): number;
  /** Calls `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, run) => {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
  random: Math.random,
};

/** Calls `run` every `ms` until the answer is called. */
export const every = (timers: Timers, ms: number, run: () => void): (() => void) => {
  let cancel = timers.after(ms, tick);
  function tick(): void {
    cancel = timers.after(ms, tick);
    run();
  }
  return () => cancel();
};
