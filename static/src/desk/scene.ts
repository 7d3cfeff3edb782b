/** What the desk shows in its middle: a pure function of the call's state. */
import { isTalking, type Phase } from "../call/machine.ts";
import type { CallState } from "../call/model.ts";
import { patientOf, type Roster } from "../call/roster.ts";
import { MOST_IN_CALL, type Participant, type Stage } from "../lib/wire.ts";

/** `unable`: this browser cannot make calls; `early`: not in the waiting room yet; `outside`: others talk, we do not; `gone`: the patient has left. */
export type Scene =
  | "unable"
  | "connecting"
  | "early"
  | "waiting"
  | "refused"
  | "gone"
  | "outside"
  | "call"
  | "left"
  | "ended"
  | "replaced"
  | "failed";

const BY_STAGE: Readonly<Record<Stage, Scene>> = {
  away: "early",
  waiting: "waiting",
  refused: "refused",
  left: "gone",
  in_call: "outside",
};

/** Phases in which the roster says the rest. */
const AT_THE_DOOR: ReadonlySet<Phase> = new Set(["waiting", "refused"]);

export const sceneOf = ({ phase, roster }: CallState): Scene => {
  if (isTalking(phase)) return "call";
  if (!AT_THE_DOOR.has(phase)) return phase as Scene;
  return BY_STAGE[patientOf(roster)?.stage ?? "away"];
};

/** Everybody who is in the call. */
export const inCallOf = (roster: Roster): Participant[] =>
  roster.participants.filter(({ stage }) => stage === "in_call");

/** Whether we can sit down: there is room, or we are in already. */
export const hasRoom = ({ roster, me }: CallState): boolean => {
  const seated = inCallOf(roster);
  return seated.length < MOST_IN_CALL || seated.some(({ id }) => id === me?.id);
};

/** Guests who ask to be let in, the longest first. */
export const waitingGuests = ({ roster }: CallState): Participant[] =>
  roster.participants
    .filter(({ role, stage }) => role === "guest" && stage === "waiting")
    .sort((one, other) => (one.since ?? "").localeCompare(other.since ?? ""));

/** "12:31", "1:02:31": how long something has lasted. */
export const clockWords = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (part: number): string => String(part).padStart(2, "0");
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 3600 ? rest : `${Math.floor(seconds / 3600)}:${rest}`;
};
