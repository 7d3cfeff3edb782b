/** What is said aloud to people who do not see the page: the changes of a call, in plain sentences. */
import { t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import { isOver, isTalking, type Phase } from "./machine.ts";
import type { CallState } from "./model.ts";
import { callers, participantOf } from "./roster.ts";
import { absentWords, noticeOf, relationWords } from "./words.ts";

const PHASES: Partial<Record<Phase, (name: string) => string>> = {
  waiting: () => t("You are in the waiting room."),
  live: (name) => t("You are connected with {name}.", { name }),
  refused: () => t("You cannot join at the moment."),
  replaced: () => t("This call is open in another window."),
};

/** After an interruption: who has come back? */
export const returnWords = (before: CallState, after: CallState): string | null => {
  if (before.phase !== "recovering" || after.phase !== "live") return null;
  const returned = after.remotes.find((remote) => remote.returned);
  return returned ? t("{name} is back.", { name: returned.participant.name }) : t("You are back.");
};

/** Whoever is in the call has no connection to us yet at the moment in which we are let in. */
const calledWords = ({ remotes, roster, me }: CallState, name: string): string => {
  const there = remotes.length > 0 || callers(roster, me?.id ?? "").some(({ peer }) => peer !== null);
  return there ? t("Connecting you with {name}.", { name }) : absentWords(name);
};

/** Not of interruptions: `lineWords` does that, when they last. */
const phaseWords = (before: CallState, after: CallState, name: string): string | null => {
  const { phase, me } = after;
  if (before.phase === phase || before.phase === "recovering") return null;
  if (phase === "waiting" && me?.role === "professional") return null;
  return phase === "called" ? calledWords(after, name) : (PHASES[phase]?.(name) ?? null);
};

/** The sentence about the line, with what can be done; empty when all is well. */
export const lineWords = (state: CallState, phone: string | null): string => {
  const notice = noticeOf(state, phone, null);
  if (notice?.action !== "sound_only") return notice?.text ?? "";
  return `${notice.text} ${t("You can switch to sound only.")}`;
};

/** A guest is told apart by what they come for: their name says nothing to most of the others. */
const introduced = ({ name, relation }: Participant): string =>
  relation === null ? name : t("{name} ({relation})", { name, relation: relationWords(relation) });

const joinedWords = (person: Participant): string =>
  person.quiet
    ? t("{name} joined to listen.", { name: introduced(person) })
    : t("{name} joined the call.", { name: introduced(person) });

const isIn = (person: Participant | undefined): boolean => person?.stage === "in_call";

const crossing = (before: Participant | undefined, after: Participant | undefined): string[] => {
  if (after && isIn(after) && !isIn(before)) return [joinedWords(after)];
  if (before && isIn(before) && !isIn(after)) return [t("{name} left the call.", { name: before.name })];
  return before?.quiet && after && !after.quiet ? [t("{name} takes part now.", { name: after.name })] : [];
};

/** Who joined and who left the call that we are in, a sentence for each. */
export const crossingWords = (before: CallState, after: CallState): string[] => {
  if (!isTalking(before.phase) || isOver(after.phase)) return [];
  const ids = [before, after].flatMap(({ roster }) => roster.participants.map(({ id }) => id));
  const there = [...new Set(ids)].filter((id) => id !== after.me?.id);
  return there.flatMap((id) => crossing(participantOf(before.roster, id), participantOf(after.roster, id)));
};

const personChange = (before: Participant | undefined, after: Participant): string | null => {
  const { name } = after;
  if (after.hand && before?.hand === false) return t("{name} raises a hand.", { name });
  if (after.screen && before?.screen === false) return t("{name} shares the screen.", { name });
  if (after.stage === "waiting" && (before?.stage ?? "away") === "away")
    return t("{name} is in the waiting room.", { name: introduced(after) });
  return null;
};

const leftWaiting = (before: Participant | undefined, after: Participant): string | null =>
  after.stage === "left" && before && before.stage !== "left" && !isIn(before)
    ? t("{name} left the waiting room.", { name: after.name })
    : null;

/** The first frame of a page tells how it is, and no changes. */
const peopleWords = (before: CallState, after: CallState): string[] => {
  if (before.me === null) return [];
  return after.roster.participants
    .filter(({ id }) => id !== after.me?.id)
    .map((person) => [participantOf(before.roster, person.id), person] as const)
    .map(([known, person]) => personChange(known, person) ?? leftWaiting(known, person))
    .filter((words) => words !== null);
};

const messageWords = (before: CallState, after: CallState): string[] => {
  if (before.me === null || before.roster.messages === after.roster.messages) return [];
  const known = new Set(before.roster.messages.map(({ id }) => id));
  return after.roster.messages
    .filter(({ id, from }) => !known.has(id) && from !== after.me?.id)
    .map(({ name, body }) => t("Message from {name}: {body}", { name, body }));
};

/** The sentences that lead from one state to the next; `chatOpen`: the chat's own log already speaks. */
export const spoken = (before: CallState, after: CallState, name: string, chatOpen: boolean): string[] => {
  const phase = phaseWords(before, after, name);
  return [
    ...(phase === null ? [] : [phase]),
    ...crossingWords(before, after),
    ...peopleWords(before, after),
    ...(chatOpen ? [] : messageWords(before, after)),
  ];
};
