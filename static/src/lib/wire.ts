/** The frames of docs/WIRE.md as types: what the room socket says up and down. */

export type Role = "patient" | "professional";
export type Stage = "away" | "waiting" | "in_call" | "left" | "refused";
export type ConsultationState = "scheduled" | "waiting" | "active" | "ended" | "abandoned";
export type Outcome = "completed" | "unsuitable" | "absent";

export interface Participant {
  id: string;
  name: string;
  /** The booked name of a patient who goes by another one; professionals only. */
  booked_as: string | null;
  role: Role;
  companion: string | null;
  stage: Stage;
  present: boolean;
  /** The id of the browser connection; null while absent. */
  peer: string | null;
  mic: boolean;
  camera: boolean;
  screen: boolean;
  hand: boolean;
  since: string | null;
  /** The device check in words; professionals only. */
  devices: string | null;
}

export interface Message {
  id: number;
  from: string;
  name: string;
  body: string;
  at: string;
}

export interface ConsultationPart {
  id: string;
  state: ConsultationState;
  started_at: string | null;
  outcome: Outcome | null;
}

/** What one agrees to, in the language of the reader. */
export interface Question {
  version: string;
  sentence: string;
  more: string;
}

export interface Recording {
  state: "off" | "asking" | "on" | "paused";
  by: string | null;
  /** Of those in the call. */
  agreed: string[];
  since: string | null;
  /** While our answer is awaited. */
  question: Question | null;
}

export interface Snapshot {
  consultation: ConsultationPart;
  participants: Participant[];
  messages: Message[];
  recording: Recording;
}

/** `gen` counts the connections of one pair of peers: a higher number means that the sender began a fresh one. */
export type Description = RTCSessionDescriptionInit & { gen: number };
export type Candidate = RTCIceCandidateInit & { gen: number };
export type SignalBody = { description: Description } | { candidate: Candidate | null };

export interface MediaFlags {
  mic: boolean;
  camera: boolean;
  screen: boolean;
}

/** Body of each command, by its type. */
export interface Commands {
  hello: { ticket: string; resume: string | null; media: MediaFlags | null };
  beat: { n: number };
  signal: { to: string } & SignalBody;
  media: MediaFlags;
  hand: { up: boolean };
  chat: { body: string };
  enter: Record<string, never>;
  admit: Record<string, never>;
  hold: { body: string | null };
  refuse: { reason: string };
  leave: Record<string, never>;
  end: { outcome: Outcome; reason: string | null };
  record: { on: boolean };
  agree: { yes: boolean };
}

export interface Welcome {
  you: string;
  peer: string;
  resume: string;
  beat_s: number;
  ice: RTCIceServer[];
  snapshot: Snapshot;
}

/** Body of each event, by its type. */
export interface Events {
  welcome: Welcome;
  beat: { n: number };
  participant: Participant;
  gone: { id: string };
  consultation: ConsultationPart;
  message: Message;
  recording: Recording;
  hold: { body: string | null };
  refused: { reason: string };
  signal: { from: string } & SignalBody;
  bye: { code: number; message: string };
}

/** Limits of section 2.6 that the browser keeps by itself. */
export const MESSAGE_CHARACTERS = 2000;
export const GRACE_MS = 30_000;

export type CloseCode = 1000 | 1011 | 1012 | 1013 | 4400 | 4401 | 4403 | 4404 | 4409 | 4429;
