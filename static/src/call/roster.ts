/** Who is in the consultation: the server's snapshot and events, applied to an immutable value. */
import type { FrameOf } from "../lib/socket.ts";
import type { Events, Message, Participant, Snapshot } from "../lib/wire.ts";
import type { Place } from "./machine.ts";

export type Roster = Snapshot;
export type RosterFrame = FrameOf<Pick<Events, "participant" | "gone" | "consultation" | "message" | "recording">>;

export const emptyRoster: Roster = {
  consultation: { id: "", state: "scheduled", started_at: null, outcome: null },
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
  return { ...roster, participants: roster.participants.filter(({ id }) => id !== frame.b.id) };
};

export const participantOf = (roster: Roster, id: string): Participant | undefined =>
  roster.participants.find((each) => each.id === id);

export const patientOf = (roster: Roster): Participant | undefined =>
  roster.participants.find(({ role }) => role === "patient");

export const others = (roster: Roster, me: string): Participant[] => roster.participants.filter(({ id }) => id !== me);

export const isOverFor = (roster: Roster): boolean =>
  roster.consultation.state === "ended" || roster.consultation.state === "abandoned";

/** Media flows only between people who are in the call; the gate opens when the patient is let in. */
export const gateOpen = (roster: Roster): boolean => patientOf(roster)?.stage === "in_call";

/** `left` is not taken from here: whoever leaves knows it, and whoever is back is asked to wait. */
const patientPlace = ({ stage }: Participant): Place =>
  stage === "in_call" || stage === "refused" ? stage : "waiting";

const professionalPlace = (roster: Roster, me: Participant): Place =>
  me.stage === "in_call" && gateOpen(roster) ? "in_call" : "waiting";

export const placeOf = (roster: Roster, me: string): Place => {
  const own = participantOf(roster, me);
  if (isOverFor(roster)) return "ended";
  if (!own) return "waiting";
  return own.role === "patient" ? patientPlace(own) : professionalPlace(roster, own);
};

const reachable = ({ role, stage }: Participant): boolean =>
  role === "professional" ? stage === "in_call" : stage === "waiting" || stage === "in_call";

/** Those to whom this browser keeps a connection: the patient and the seated professional, already while the patient waits. */
export const partners = (roster: Roster, me: string): Participant[] => {
  const own = participantOf(roster, me);
  if (!own || !reachable(own) || isOverFor(roster)) return [];
  return others(roster, me).filter((each) => each.role !== own.role && reachable(each));
};

export const lastMessageId = (messages: readonly Message[]): number =>
  messages.reduce((last, { id }) => Math.max(last, id), 0);
