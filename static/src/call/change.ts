/** When the way was changed, and what is told of a gap that falls into the change: pure functions, times in milliseconds. */
import type { PeerView } from "../media/peer.ts";
import { LASTING_MS } from "../media/policy.ts";

/** `until` is infinite while the change goes on. */
export interface Change {
  from: number;
  until: number;
}

export const NO_CHANGE: Change = { from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY };

const goesOn = ({ until }: Change): boolean => until === Number.POSITIVE_INFINITY;

/** The latest change, after a look at whether the way is settled. */
export const changed = (before: Change, settled: boolean, now: number): Change => {
  if (!settled) return goesOn(before) ? before : { from: now, until: Number.POSITIVE_INFINITY };
  return goesOn(before) ? { ...before, until: now } : before;
};

/** New connections take their time of a small computer: a gap that began in the change is the change's own, and told when it lasts. */
export const calmed = (view: PeerView, { from, until }: Change, now: number): PeerView => {
  const { missingSince, troubled } = view;
  const own = troubled && missingSince !== null && missingSince >= from && missingSince <= until;
  return own && now - missingSince <= LASTING_MS ? { ...view, connected: true, troubled: false } : view;
};
