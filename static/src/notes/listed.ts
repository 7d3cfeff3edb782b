/** The notes of a consultation as the server lists them for whoever asks. */

export type NoteKind = "shared" | "jottings" | "summary";

export interface Listed {
  id: string;
  kind: NoteKind;
  purpose: "original" | "amendment" | "addendum";
  number: number;
  state: "draft" | "locked";
  author: string;
  mine: boolean;
  writable: boolean;
  may: string[];
}

const ORDER: readonly NoteKind[] = ["shared", "jottings", "summary"];

/** One's own of each kind first, then what others wrote. */
export const inOrder = (notes: readonly Listed[]): Listed[] =>
  [...notes].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.number - b.number);
