/** How much picture to send and what to say about the line: pure functions of what was measured and of the time, in milliseconds. */

export type Quality = "good" | "fair" | "weak";

/** Limits for the video that is sent: bits and frames per second, and how many times smaller than the camera's picture. */
export interface Rung {
  maxBitrate: number;
  maxFramerate: number;
  scaleResolutionDownBy: number;
}

export const RUNGS: readonly [Rung, Rung, Rung] = [
  { maxBitrate: 250_000, maxFramerate: 15, scaleResolutionDownBy: 2 },
  { maxBitrate: 700_000, maxFramerate: 24, scaleResolutionDownBy: 1.5 },
  { maxBitrate: 1_800_000, maxFramerate: 30, scaleResolutionDownBy: 1 },
];
/** A shared screen must stay legible, so it is never made smaller. */
export const SCREEN_RUNG: Rung = { maxBitrate: 2_500_000, maxFramerate: 15, scaleResolutionDownBy: 1 };

const DOWN_AFTER_MS = 3_000;
const UP_AFTER_MS = 10_000;

/** A place on the ladder; `since` is when the present quality of the way out began. */
export interface Ladder {
  rung: number;
  heard: Quality;
  since: number;
}

export const ladderTop = (now: number): Ladder => ({ rung: RUNGS.length - 1, heard: "good", since: now });

const stepAfter = (heard: Quality): { by: number; ms: number } =>
  heard === "weak" ? { by: -1, ms: DOWN_AFTER_MS } : { by: heard === "good" ? 1 : 0, ms: UP_AFTER_MS };

/** One rung down after 3 s of a weak way out, one up after 10 s of a good one. */
export const climb = (ladder: Ladder, heard: Quality, now: number): Ladder => {
  if (heard !== ladder.heard) return { ...ladder, heard, since: now };
  const { by, ms } = stepAfter(heard);
  const rung = Math.max(0, Math.min(RUNGS.length - 1, ladder.rung + by));
  return rung === ladder.rung || now - ladder.since < ms ? ladder : { rung, heard, since: now };
};

/** The quality as it was last told to people. */
export interface Told {
  said: Quality;
  saidAt: number;
  heard: Quality;
  heardSince: number;
}

export const LASTING_MS = 3_000;
export const APART_MS = 10_000;

export const toldStart = (now: number): Told => ({
  said: "good",
  saidAt: now - APART_MS,
  heard: "good",
  heardSince: now,
});

/** Only a change that lasts longer than 3 s is told, and one in 10 s at most. */
export const tell = (told: Told, heard: Quality, now: number): Told => {
  if (heard !== told.heard) return { ...told, heard, heardSince: now };
  const ripe = now - told.heardSince > LASTING_MS && now - told.saidAt >= APART_MS;
  return heard === told.said || !ripe ? told : { ...told, said: heard, saidAt: now };
};

/** Sound only is offered, never forced: when the line is weak while a picture goes either way. */
export const offersSoundOnly = (mine: Quality, theirs: Quality, picture: boolean, soundOnly: boolean): boolean =>
  picture && !soundOnly && (mine === "weak" || theirs === "weak");
