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

export interface Snapshot {
  consultation: ConsultationPart;
  participants: Participant[];
  messages: Message[];
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

/** Where the words of a caption come from: written by the person, or heard by their browser. */
export type CaptionSource = "typed" | "speech";

/** How the call went here in the last ten seconds; the units are those of docs/WIRE.md 2.7. */
export interface Report {
  lost_in: number;
  lost_out: number;
  delay_ms: number;
  jitter_ms: number;
  in_kbps: number;
  out_kbps: number;
  frozen_ms: number;
  sound_only: boolean;
}

/** Body of each command, by its type. */
export interface Commands {
  hello: { ticket: string; resume: string | null; media: MediaFlags | null };
  beat: { n: number };
  signal: { to: string } & SignalBody;
  media: MediaFlags;
  hand: { up: boolean };
  chat: { body: string };
  caption: { body: string; final: boolean; source: CaptionSource };
  quality: Report;
  enter: Record<string, never>;
  admit: Record<string, never>;
  hold: { body: string | null };
  refuse: { reason: string };
  leave: Record<string, never>;
  end: { outcome: Outcome; reason: string | null };
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
  caption: { from: string; body: string; final: boolean; source: CaptionSource };
  hold: { body: string | null };
  refused: { reason: string };
  signal: { from: string } & SignalBody;
  bye: { code: number; message: string };
}

/** Limits of section 2.6 that the browser keeps by itself. */
export const MESSAGE_CHARACTERS = 2000;
export const CAPTION_CHARACTERS = 300;
export const GRACE_MS = 30_000;

export type CloseCode = 1000 | 1011 | 1012 | 1013 | 4400 | 4401 | 4403 | 4404 | 4409 | 4429;
