/** Is a connection well, since when is it not, and what is to be done: pure functions; all times in milliseconds. */

export const STALL_MS = 1_000;
/** A first byte may take longer than the next one. */
const FIRST_BYTE_MS = 5_000;
export const RESTART_MS = 2_500;
/** Browsers look less and less often for a path that is gone; to begin anew finds it soon after it is back. */
const RESTARTS = 3;
export const REBUILD_MS = 10_000;
/** Between two that never had one: whoever waits for a first picture is brought together by the engine after two of these. */
export const FIRST_MS = 7_000;
export const PHONE_MS = 20_000;

export interface Health {
  /** Bytes that came in so far, and when they last grew. */
  bytes: number;
  grewAt: number;
  /** They grew since the other side last changed its switches: even a muted microphone sends, a missing one does not. */
  flowing: boolean;
  expected: boolean;
  /** The transport is up now; it was up at some time. */
  standing: boolean;
  stood: boolean;
  troubleSince: number | null;
  restarts: number;
  rebuilds: number;
}

/** A connection that is being made counts as trouble from the start: when it takes too long, the same remedies help. */
export const unborn = (now: number): Health => ({
  bytes: 0,
  grewAt: now,
  flowing: false,
  expected: false,
  standing: false,
  stood: false,
  troubleSince: now,
  restarts: RESTARTS,
  rebuilds: 0,
});

/** A fresh connection takes the place of a troubled one. */
export const reborn = (before: Health, now: number): Health => ({
  ...unborn(now),
  stood: before.stood,
  troubleSince: before.troubleSince ?? now,
  rebuilds: before.rebuilds + 1,
});

/**
 * `expected`: the other side says that its microphone, camera or screen is on. Bytes that are fewer came as well: Firefox counts a picture
 * from the beginning where what we send on its line changes. None at all are those of a connection over which nothing came yet.
 */
const flow = (before: Health, bytes: number, expected: boolean, now: number): Health => {
  if (expected !== before.expected)
    return { ...before, bytes, expected, grewAt: now, flowing: expected && before.flowing };
  return bytes > 0 && bytes !== before.bytes ? { ...before, bytes, grewAt: now, flowing: true } : { ...before, bytes };
};

const stalled = (health: Health, now: number): boolean => {
  const patience = health.flowing ? STALL_MS : health.expected ? FIRST_BYTE_MS : Number.POSITIVE_INFINITY;
  return health.standing && now - health.grewAt >= patience;
};

/** What should come in does. */
export const arrives = (health: Health): boolean => health.flowing || !health.expected;

const diagnose = (health: Health, now: number): Health => {
  const stall = stalled(health, now);
  if (health.standing && !stall && arrives(health))
    return health.troubleSince === null ? health : { ...health, troubleSince: null, restarts: 0, rebuilds: 0 };
  if (health.troubleSince !== null || (health.standing && !stall)) return health;
  return { ...health, troubleSince: stall ? health.grewAt : now };
};

/** The transport went up or down. */
export const stand = (before: Health, standing: boolean, now: number): Health =>
  diagnose({ ...before, standing, stood: before.stood || standing }, now);

/** A sample of the bytes that came in. */
export const examine = (before: Health, bytes: number, expected: boolean, now: number): Health =>
  diagnose(flow(before, bytes, expected, now), now);

export type Remedy = "restart" | "rebuild";

/**
 * At 2.5, 5 and 7.5 s new paths for the connection in hand; at 10 s (20 s, 30 s ...) a fresh one, unless this one stands and only brings nothing.
 * Where none stood yet, a fresh one at 7 s, 14 s, 21 s ...
 */
export const remedy = (health: Health, now: number, patienceMs = 0): Remedy | null => {
  if (health.troubleSince === null) return null;
  const troubleMs = now - health.troubleSince;
  const afreshMs = (health.stood ? REBUILD_MS : FIRST_MS) * (health.rebuilds + 1);
  if (!health.standing && troubleMs - patienceMs >= afreshMs) return "rebuild";
  const due = health.restarts < RESTARTS && troubleMs >= RESTART_MS * (health.restarts + 1);
  return due ? "restart" : null;
};

/** People are told of trouble only where it interrupts something. */
export const interrupted = (health: Health): boolean => health.stood && health.troubleSince !== null;

/** Since when something is missing: only from the time on when there was something to hear or see (`awaitedSince`). */
export const missing = ({ troubleSince }: Health, awaitedSince: number): number | null =>
  troubleSince === null ? null : Math.max(troubleSince, awaitedSince);

/** Also where no connection ever stood. */
export const phoneOffered = (missingSince: number | null, now: number): boolean =>
  missingSince !== null && now - missingSince >= PHONE_MS;
