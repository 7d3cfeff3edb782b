/** What one note may be given: templates, snippets and earlier notes, as the server sends them. */
import { fetchJson } from "../lib/api.ts";
import type { Nodes } from "./inserting.ts";
import type { NoteKind } from "./listed.ts";
import type { Shortcut } from "./snippets.ts";
import { SECTIONS, type SectionName } from "./wire.ts";

export type BySection = Partial<Record<SectionName, Nodes>>;

export interface Template {
  name: string;
  sections: BySection;
}

export interface Texts {
  templates: Template[];
  snippets: Shortcut[];
  /** The patient was asked something before, and whoever writes here may see the answers. */
  answers: boolean;
}

/** What the patient answered before the consultation. */
export interface SentAnswers {
  /** ISO 8601. */
  sent_at: string;
  /** Null: they cannot be read any more. */
  lines: { question: string; answer: string | null }[] | null;
  bmi: string | null;
  /** The answers as text for the note, with where they come from. */
  nodes: Nodes;
}

export interface EarlierNote {
  id: string;
  kind: NoteKind;
  purpose: "original" | "amendment" | "addendum";
  number: number;
  state: "draft" | "locked";
  author: string;
  /** ISO 8601. */
  held_at: string;
  /** Null: it cannot be read any more. */
  sections: BySection | null;
}

export interface EarlierPage {
  notes: EarlierNote[];
  /** Where the following page begins. */
  next: string | null;
}

const at = (note: string, rest: string): string => `/api/notes/${encodeURIComponent(note)}/${rest}`;

export const loadTexts = (note: string): Promise<Texts> => fetchJson(at(note, "texts"));

/** Each time that it is asked is on record. */
export const loadAnswers = (note: string): Promise<{ sent: SentAnswers | null }> => fetchJson(at(note, "answers"));

export const loadEarlier = (note: string, begin: string | null): Promise<EarlierPage> =>
  fetchJson(at(note, begin === null ? "earlier" : `earlier?begin=${encodeURIComponent(begin)}`));

/** The sections with a text, in the order of the note. */
export const filledSections = (sections: BySection): { name: SectionName; nodes: Nodes }[] =>
  SECTIONS.flatMap((name) => {
    const nodes = sections[name];
    return nodes && nodes.length > 0 ? [{ name, nodes }] : [];
  });
