/** The bytes of the note socket, as in docs/WIRE.md section 3: y-protocols, and our own messages beside it. */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

export const SYNC = 0;
export const AWARENESS = 1;
export const STEP1 = 0;
export const STEP2 = 1;
export const UPDATE = 2;
export const ACK = 100;
export const HELLO = 101;
export const EVENT = 102;
export const REJECT = 103;

/** The editor's nodes and marks; the server refuses another number, because an old editor deletes what it does not know. */
export const SCHEMA = 1;

export type SectionName = "subjective" | "objective" | "assessment" | "plan";
export const SECTIONS: readonly SectionName[] = ["subjective", "objective", "assessment", "plan"];

export type Rights = "read" | "write";
export type NoteState = "draft" | "locked";

export interface Hello {
  client_id: number;
  schema: number;
  rights: Rights;
  state: NoteState;
  /** Under which this computer may keep unsent text; null where it may keep nothing. */
  keep?: string | null;
}

export interface Rejection {
  n: number;
  code: "read_only" | "locked" | "full" | "gap" | "order";
  message: string;
}

export type Heard =
  | { kind: typeof SYNC; step: number; payload: Uint8Array }
  | { kind: typeof AWARENESS; payload: Uint8Array }
  | { kind: typeof ACK; count: number }
  | { kind: typeof HELLO; body: Hello }
  | { kind: typeof EVENT; body: { rights: Rights; state: NoteState } }
  | { kind: typeof REJECT; body: Rejection }
  | { kind: "unknown" };

const json = (frame: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(frame.subarray(1)));

/** Reads a frame; a kind of a later server is "unknown" and is left alone. */
export const read = (frame: Uint8Array): Heard => {
  const decoder = decoding.createDecoder(frame);
  const kind = decoding.readVarUint(decoder);
  if (kind === SYNC) return { kind, step: decoding.readVarUint(decoder), payload: decoding.readVarUint8Array(decoder) };
  if (kind === AWARENESS) return { kind, payload: decoding.readVarUint8Array(decoder) };
  if (kind === ACK) return { kind, count: decoding.readVarUint(decoder) };
  if (kind === HELLO) return { kind, body: json(frame) as Hello };
  if (kind === EVENT) return { kind, body: json(frame) as { rights: Rights; state: NoteState } };
  if (kind === REJECT) return { kind, body: json(frame) as Rejection };
  return { kind: "unknown" };
};

const packed = (head: number[], payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const encoder = encoding.createEncoder();
  for (const number of head) encoding.writeVarUint(encoder, number);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder) as Uint8Array<ArrayBuffer>;
};

export const syncFrame = (step: number, payload: Uint8Array): Uint8Array<ArrayBuffer> => packed([SYNC, step], payload);
export const awarenessFrame = (payload: Uint8Array): Uint8Array<ArrayBuffer> => packed([AWARENESS], payload);
