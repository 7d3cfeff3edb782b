/** What is said aloud to people who do not see the page: the changes of a call, in plain sentences. */
import { t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import type { Phase } from "./machine.ts";
import type { CallState } from "./model.ts";
import { absentWords, noticeOf } from "./words.ts";

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

const calledWords = ({ remotes }: CallState, name: string): string =>
  remotes.length === 0 ? absentWords(name) : t("Connecting you with {name}.", { name });

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

const personChange = (before: Participant, after: Participant): string | null => {
  const { name } = after;
  if (after.hand && !before.hand) return t("{name} raises a hand.", { name });
  if (after.screen && !before.screen) return t("{name} shares the screen.", { name });
  if (after.stage === "left" && before.stage !== "left") return t("{name} left the call.", { name });
  if (after.stage === "waiting" && before.stage === "away") return t("{name} is in the waiting room.", { name });
  return null;
};

const peopleWords = (before: CallState, after: CallState): string[] =>
  after.roster.participants.flatMap((person) => {
    const known = before.roster.participants.find(({ id }) => id === person.id);
    const said = known && person.id !== after.me?.id ? personChange(known, person) : null;
    return said === null ? [] : [said];
  });

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
    ...peopleWords(before, after),
    ...(chatOpen ? [] : messageWords(before, after)),
  ];
};
