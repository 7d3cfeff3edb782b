/** The sentences of signing, locking, amending and releasing. */
import { formatDate, formatTime, plural, t } from "../lib/i18n.ts";
import type { Listed, Signature } from "./listed.ts";
import type { Review, Wish } from "./signing.ts";
import type { SectionName } from "./wire.ts";
import { sectionTitle } from "./words.ts";

export interface WishWords {
  title: string;
  meaning: string;
  go: string;
}

export const wishWords = (wish: Wish): WishWords =>
  ({
    sign: {
      title: t("Sign this note"),
      meaning: t("You put your name under this text. The note stays open; a later change shows as such."),
      go: t("Sign"),
    },
    lock: {
      title: t("Sign and lock this note"),
      meaning: t("You put your name under this text, and nobody can change it any more. It can be amended later."),
      go: t("Sign and lock"),
    },
    release: {
      title: t("Release to the patient"),
      meaning: t("The patient can read just this text from now on, in place of what they could read before."),
      go: t("Release"),
    },
  })[wish];

const day = (iso: string): string => t("{date}, {time}", { date: formatDate(iso), time: formatTime(iso) });

const signatureWords = ({ name, at, kind, current }: Signature): string => {
  if (kind === "locked") return t("Locked by {name} on {day}", { name, day: day(at) });
  const values = { name, day: day(at) };
  return current ? t("Signed by {name} on {day}", values) : t("Signed by {name} on {day} · changed since", values);
};

/** Of a note that its author had not closed when they left the practice: what is signed of it, and that it was closed as it stood. */
const leftWords = ({ name, at }: Signature, signed: readonly Signature[]): string[] => [
  ...signed.map(signatureWords),
  ...(signed.some(({ current }) => current) ? [] : [t("Not signed as it stands")]),
  t("Closed as it stood when {name} left the practice on {day}", { name, day: day(at) }),
];

/** What stands under the note: who signed it last, each person once, and whether that still holds. */
export const standing = ({ state, signatures }: Pick<Listed, "state" | "signatures">): string[] => {
  const lock = signatures.findLast(({ kind }) => kind === "locked");
  const signed = new Map(signatures.filter(({ kind }) => kind === "signed").map((each) => [each.name, each]));
  const left = signatures.findLast(({ kind }) => kind === "left");
  if (left) return leftWords(left, [...signed.values()]);
  if (state === "locked") return [lock ? signatureWords(lock) : t("Locked")];
  return signed.size > 0 ? [...signed.values()].map(signatureWords) : [t("Draft")];
};

/** What the patient can read of a summary. */
export const releasedWords = ({ released, signatures }: Pick<Listed, "released" | "signatures">): string => {
  const last = signatures.findLast(({ kind }) => kind === "released");
  if (!released || !last) return t("Not released: the patient cannot read this");
  return last.current
    ? t("Released on {day}", { day: day(last.at) })
    : t("Released on {day} · changed since", { day: day(last.at) });
};

/** Why the note cannot be signed at this moment; empty when it can. */
export const unsavedWords = (sections: readonly SectionName[]): string =>
  sections.length > 0 ? t("Not saved yet: {sections}", { sections: sections.map(sectionTitle).join(", ") }) : "";

export const contributorWords = (contributors: Review["contributors"]): string => {
  const one = ({ name, letters, you }: Review["contributors"][number]): string =>
    t("{name} ({letters})", {
      name: you ? t("you") : name,
      letters: plural(letters, "{count} letter", "{count} letters"),
    });
  return contributors.length > 0 ? t("Written by {names}", { names: contributors.map(one).join(", ") }) : "";
};

export const writingWords = (names: readonly string[]): string =>
  t("Also in this note, and able to change it: {names}", { names: names.join(", ") });
