/** The note's sentences for people. */
import { formatTime, t } from "../lib/i18n.ts";
import type { Ending } from "./line.ts";
import type { Listed, NoteKind } from "./listed.ts";
import type { Other } from "./presence.ts";
import type { NoteStatus } from "./provider.ts";
import type { SectionName } from "./wire.ts";

/** "Saving…" becomes a warning after so long. */
export const SLOW_MS = 5_000;

export type Mood = "calm" | "busy" | "alarm";

export interface StateWords {
  mood: Mood;
  /** Beside the title, always there. */
  shown: string;
  /** The same for a screen reader, without the second hand: said only when it changes; null leaves it at what was said before. */
  said: string | null;
}

const seconds = (moment: Date): string =>
  `${formatTime(moment.toISOString())}:${String(moment.getSeconds()).padStart(2, "0")}`;

const calm = (status: NoteStatus): StateWords => {
  if (status.line === "connecting") return { mood: "busy", shown: t("Opening the note…"), said: "" };
  if (status.line === "lost") {
    const shown = t("No connection. Everything you wrote is saved.");
    return { mood: "busy", shown, said: shown };
  }
  const said = status.savedAt ? t("Saved") : "";
  if (status.locked) return { mood: "calm", shown: t("This note is locked."), said: t("This note is locked.") };
  if (!status.writable) return { mood: "calm", shown: t("You can read this note, not change it."), said };
  const shown = status.savedAt ? t("Saved {time}", { time: seconds(status.savedAt) }) : t("Everything is saved");
  return { mood: "calm", shown, said };
};

const keptWords = (kept: "soon" | "yes"): StateWords => {
  if (kept === "soon") return { mood: "busy", shown: t("Keeping it on this computer…"), said: null };
  const shown = t("Kept on this computer until it is sent");
  return { mood: "busy", shown, said: shown };
};

/** What is shown and said about saving at `now`, a moment of the link's own clock. */
export const stateWords = (status: NoteStatus, now: number): StateWords => {
  if (status.unsavedSince === null) return calm(status);
  const hopeful = status.line === "open" && status.writable && !status.full;
  if (hopeful && now - status.unsavedSince < SLOW_MS) return { mood: "busy", shown: t("Saving…"), said: null };
  if (status.kept !== "no" && status.ending === null && status.writable && !status.full) return keptWords(status.kept);
  const shown = t("NOT saved – keep this tab open");
  return { mood: "alarm", shown, said: shown };
};

export const kindName = (kind: NoteKind): string =>
  ({ shared: t("Note"), jottings: t("Jottings"), summary: t("Patient summary") })[kind];

/** How one note is told from the others: by its kind, and by its author where it is a colleague's own. */
export const noteTitle = ({ kind, purpose, number }: Pick<Listed, "kind" | "purpose" | "number">): string => {
  if (purpose === "amendment") return t("Amendment {number}", { number });
  if (purpose === "addendum") return t("Addendum {number}", { number });
  return kindName(kind);
};

/** The same in a row of tabs, where what is amended has to be told. */
export const tabTitle = (note: Pick<Listed, "kind" | "purpose" | "number">): string =>
  note.purpose !== "original" && note.kind !== "shared"
    ? t("{title}, {kind}", { title: noteTitle(note), kind: kindName(note.kind) })
    : noteTitle(note);

/** Who will read what is written there. */
export const kindHint = (kind: NoteKind): string =>
  ({
    shared: t("For the clinical record"),
    jottings: t("Only you see these"),
    summary: t("The patient reads this once you release it"),
  })[kind];

export const sectionTitle = (section: SectionName): string =>
  ({ subjective: t("Subjective"), objective: t("Objective"), assessment: t("Assessment"), plan: t("Plan") })[section];

export const sectionHint = (section: SectionName): string =>
  ({
    subjective: t("What the patient tells"),
    objective: t("What you find"),
    assessment: t("What you think it is"),
    plan: t("What happens next"),
  })[section];

export const doing = ({ name, section, writing }: Other): string => {
  if (section === null) return t("{name} is reading", { name });
  const values = { name, section: sectionTitle(section) };
  return writing ? t("{name} is writing in {section}", values) : t("{name} is in {section}", values);
};

/** The same beside the section's own heading. */
export const doingHere = ({ name, writing }: Other): string =>
  writing ? t("{name} is writing", { name }) : t("{name} is here", { name });

/** What a screen reader hears of the others, by person: who pauses and goes on in the same section is not told again. */
export const spokenOf = (before: ReadonlyMap<string, string>, others: readonly Other[]): Map<string, string> =>
  new Map(others.map((other) => [other.id, other.writing ? doing(other) : (before.get(other.id) ?? doing(other))]));

/** Why the note is closed and what to do now. */
export const endingWords = (ending: Ending): string =>
  ({
    withdrawn: t("You may no longer open this note. What you see is still here to read and to copy."),
    signed_out: t(
      "You are signed out. Sign in again in another tab, then go on here. Nothing is lost while this tab stays open.",
    ),
    outdated: t("This page is older than the server. Copy what is not saved, then load the page again."),
    replaced: t("The note went on in another tab."),
    crossed: t("This step could not be undone, because somebody wrote in the same place."),
    refused: t("The server could not take the last change. Copy what is not saved, then load the page again."),
  })[ending];
