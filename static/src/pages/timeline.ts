/** Several recordings on one time line: who has something at a moment, and where in their own file that is. Pure. */

/** Seconds: from when to when somebody's file runs, counted from the beginning of the whole. */
export interface Stretch {
  begins: number;
  ends: number;
}

/** By which recorder it was made: while a call changes from one room of an engine to another, two are at work. */
export interface Take extends Stretch {
  recorder: number;
}

/** A difference of our clock and a file's that nobody hears. */
export const CLOSE_S = 0.15;

export const lengthOf = (stretches: readonly Stretch[]): number => Math.max(0, ...stretches.map(({ ends }) => ends));

/** Where in their file; null while they were not recorded. */
export const placeIn = ({ begins, ends }: Stretch, at: number): number | null =>
  at >= begins && at < ends ? at - begins : null;

/** Which takes of one person are played: those of the latest recorder that has any at this moment. */
export const playedOf = <T extends Take>(takes: readonly T[], at: number): T[] => {
  const there = takes.filter((take) => placeIn(take, at) !== null);
  const latest = Math.max(...there.map(({ recorder }) => recorder));
  return there.filter(({ recorder }) => recorder === latest);
};

/** Whether the file must be moved, because it ran away or has just begun. */
export const isOff = (place: number, current: number): boolean => Math.abs(place - current) > CLOSE_S;

export const within = (at: number, length: number): number => Math.min(Math.max(at, 0), length);

/** `1:05`, `1:00:05`. */
export const clockOf = (seconds: number): string => {
  const whole = Math.floor(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};
