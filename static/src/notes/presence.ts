/** Who else is in the note and what they do, out of the awareness states; pure. */
import { SECTIONS, type SectionName } from "./wire.ts";

export interface Other {
  /** The person, who may be here in several tabs. */
  id: string;
  name: string;
  section: SectionName | null;
  writing: boolean;
}

interface State {
  user?: { id?: unknown; name?: unknown };
  section?: unknown;
  writing?: unknown;
}

const sectionOf = (found: unknown): SectionName | null => SECTIONS.find((name) => name === found) ?? null;

const read = (state: State): Other | null => {
  const { id, name } = state.user ?? {};
  if (typeof id !== "string" || typeof name !== "string") return null;
  return { id, name, section: sectionOf(state.section), writing: state.writing === true };
};

const busier = (one: Other, other: Other): Other => {
  if (one.writing !== other.writing) return one.writing ? one : other;
  return one.section ? one : other;
};

/** One entry per person except `me`, in the order of their names; of several tabs the one in which they write counts. */
export const othersIn = (states: Map<number, unknown>, me: string): Other[] => {
  const found = new Map<string, Other>();
  for (const state of states.values()) {
    const other = read((state ?? {}) as State);
    if (other === null || other.id === me) continue;
    const known = found.get(other.id);
    found.set(other.id, known ? busier(known, other) : other);
  }
  return [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
};
