/** What is said of a recording: pure functions of the state. */
import { t } from "../lib/i18n.ts";
import type { Participant, Recording } from "../lib/wire.ts";
import type { CallState } from "./model.ts";

type Seen = Pick<CallState, "roster" | "me">;

const awaited = ({ roster: { participants, recording } }: Seen): Participant[] =>
  participants.filter(({ id, stage }) => stage === "in_call" && !recording.agreed.includes(id));

const namesOf = (people: readonly Participant[]): string => people.map(({ name }) => name).join(", ");

/** The sign that stands while it is on or paused; null where nothing is recorded. */
export const signWords = (state: Seen): string | null => {
  const { recording } = state.roster;
  if (recording.state === "on") return t("Being recorded");
  if (recording.state !== "paused") return null;
  if (recording.question) return t("Recording paused until you have agreed");
  if (recording.interrupted) return t("Nothing is recorded at the moment. It goes on by itself as soon as it can.");
  return t("Recording paused until {name} has agreed", { name: namesOf(awaited(state)) });
};

/** Whose picture is missing from what is recorded; null where everything is in it. */
export const unseenWords = ({ roster: { participants, recording } }: Seen): string | null => {
  const unseen = participants.filter(({ id }) => recording.unseen.includes(id));
  return unseen.length === 0 ? null : t("The picture of {name} is not recorded", { name: namesOf(unseen) });
};

/** For whoever has agreed already, while others have not; null otherwise. */
export const awaitingWords = (state: Seen): string | null => {
  const { recording } = state.roster;
  if (recording.state !== "asking" || recording.question) return null;
  return t("Waiting until {name} has agreed to be recorded", { name: namesOf(awaited(state)) });
};

export const askerOf = ({ roster }: Seen): string =>
  roster.participants.find(({ id }) => id === roster.recording.by)?.name ?? "";

const endWords = (before: Recording): string =>
  before.state === "asking" ? t("Nothing is recorded.") : t("The recording has ended.");

/** What is read aloud at a change, for whoever does not see the sign; "" where there is nothing to say. */
export const recordingNews = (before: Seen, after: Seen): string => {
  const [old, now] = [before.roster.recording, after.roster.recording];
  if (now.question && !old.question) {
    return t("{name} asks to record this call. Please answer: the question is above the picture.", {
      name: askerOf(after),
    });
  }
  const unseen = unseenWords(after);
  if (unseen && unseen !== unseenWords(before)) return unseen;
  if (old.state === now.state && old.interrupted === now.interrupted) return "";
  return now.state === "off" ? endWords(old) : (signWords(after) ?? awaitingWords(after) ?? "");
};

/** Whether we may take back what we agreed to: then what was recorded is deleted. */
export const mayTakeBack = ({ roster: { recording }, me }: Seen): boolean =>
  me !== null && (recording.state === "on" || recording.state === "paused") && recording.agreed.includes(me.id);
