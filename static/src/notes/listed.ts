/** The notes of a consultation as the server lists them for whoever asks. */

export type NoteKind = "shared" | "jottings" | "summary";

export interface Signature {
  name: string;
  /** An ISO moment. */
  at: string;
  kind: "signed" | "locked" | "released" | "left";
  /** The note says now what it said then. */
  current: boolean;
}

export interface Listed {
  id: string;
  kind: NoteKind;
  purpose: "original" | "amendment" | "addendum";
  number: number;
  /** The locked note that this one corrects or adds to. */
  amends: string | null;
  reason: string | null;
  state: "draft" | "locked";
  author: string;
  mine: boolean;
  writable: boolean;
  may: string[];
  signatures: Signature[];
  released: boolean;
}

const ORDER: readonly NoteKind[] = ["shared", "jottings", "summary"];
const place = ({ kind, amends }: Listed): number => (amends === null ? ORDER.indexOf(kind) : ORDER.length);

/** One of each kind first, then what others wrote, then amendments. */
export const inOrder = (notes: readonly Listed[]): Listed[] =>
  [...notes].sort((a, b) => place(a) - place(b) || Number(b.mine) - Number(a.mine) || a.number - b.number);
