/** Who is in the consultation: the server's snapshot and events, applied to an immutable value. */
import type { FrameOf } from "../lib/socket.ts";
import type { ConsultationState, Events, Message, Participant, Snapshot } from "../lib/wire.ts";
import type { Place } from "./machine.ts";

export type Roster = Snapshot;
export type RosterFrame = FrameOf<
  Pick<Events, "participant" | "gone" | "consultation" | "message" | "recording" | "route">
>;

export const emptyRoster: Roster = {
  consultation: { id: "", state: "scheduled", started_at: null, outcome: null },
  route: { path: "p2p", epoch: 0, settled: true },
  participants: [],
  messages: [],
  recording: { state: "off", by: null, agreed: [], since: null, question: null },
};

const put = <T extends { id: string | number }>(list: T[], item: T): T[] =>
  list.some(({ id }) => id === item.id) ? list.map((each) => (each.id === item.id ? item : each)) : [...list, item];

export const apply = (roster: Roster, frame: RosterFrame): Roster => {
  if (frame.t === "participant") return { ...roster, participants: put(roster.participants, frame.b) };
  if (frame.t === "message") return { ...roster, messages: put(roster.messages, frame.b) };
  if (frame.t === "recording") return { ...roster, recording: frame.b };
  if (frame.t === "consultation") return { ...roster, consultation: frame.b };
  if (frame.t === "route") return { ...roster, route: frame.b };
  return { ...roster, participants: roster.participants.filter(({ id }) => id !== frame.b.id) };
};

export const participantOf = (roster: Roster, id: string): Participant | undefined =>
  roster.participants.find((each) => each.id === id);

export const patientOf = (roster: Roster): Participant | undefined =>
  roster.participants.find(({ role }) => role === "patient");

export const others = (roster: Roster, me: string): Participant[] => roster.participants.filter(({ id }) => id !== me);

const OVER: ReadonlySet<ConsultationState> = new Set(["ended", "abandoned", "cancelled"]);

export const isOverFor = (roster: Roster): boolean => OVER.has(roster.consultation.state);

const isInCall = ({ stage }: Participant): boolean => stage === "in_call";

/** Media flows only between people who are in the call: the gate between two of them. */
export const gateOpen = (roster: Roster, me: string, other: Participant): boolean =>
  isInCall(other) && participantOf(roster, me)?.stage === "in_call";

/** The others who are in the call with us; nobody while we are not in it. */
export const callers = (roster: Roster, me: string): Participant[] =>
  isOverFor(roster) ? [] : others(roster, me).filter((other) => gateOpen(roster, me, other));

/** `left` is not taken from here: whoever leaves knows it, and whoever is back is asked to wait. */
const patientPlace = ({ stage }: Participant): Place =>
  stage === "in_call" || stage === "refused" ? stage : "waiting";

const professionalPlace = (roster: Roster, me: Participant): Place =>
  others(roster, me.id).some((other) => gateOpen(roster, me.id, other)) ? "in_call" : "waiting";

export const placeOf = (roster: Roster, me: string): Place => {
  const own = participantOf(roster, me);
  if (isOverFor(roster)) return "ended";
  if (!own) return "waiting";
  return own.role === "professional" ? professionalPlace(roster, own) : patientPlace(own);
};

/** Whether we may send to somebody: the gate is open, and we are not here to listen alone. */
export const maySend = (roster: Roster, me: string): boolean => {
  const own = participantOf(roster, me);
  return own?.stage === "in_call" && !own.quiet;
};

const waits = ({ role, stage }: Participant): boolean => role === "patient" && stage === "waiting";

/** Those to whom this browser may keep a connection: all in the call, and across its door the patient who waits with the professionals. */
export const reachable = (roster: Roster, me: string): Participant[] => {
  const own = participantOf(roster, me);
  if (!own || isOverFor(roster)) return [];
  const across = (other: Participant): boolean =>
    (isInCall(own) && own.role === "professional" && waits(other)) ||
    (waits(own) && other.role === "professional" && isInCall(other));
  return others(roster, me).filter((other) => gateOpen(roster, me, other) || across(other));
};

/** Those with whom this browser begins one by itself: the only other one in the call, or across its door the only one. Three talk over the engine. */
export const partners = (roster: Roster, me: string): Participant[] => {
  const within = reachable(roster, me).filter(({ peer }) => peer !== null);
  const talking = within.filter((other) => gateOpen(roster, me, other));
  const chosen = talking.length > 0 ? talking : within;
  return chosen.length === 1 && roster.route.path === "p2p" ? chosen : [];
};

export const lastMessageId = (messages: readonly Message[]): number =>
  messages.reduce((last, { id }) => Math.max(last, id), 0);
