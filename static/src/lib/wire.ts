/** The frames of docs/WIRE.md as types: what the room socket says up and down. */

export type Role = "patient" | "professional" | "guest";
/** What a guest is to the patient, or comes for. */
export type Relation = "carer" | "interpreter" | "family" | "supervisor" | "colleague";
export type Stage = "away" | "waiting" | "in_call" | "left" | "refused";
export type ConsultationState = "scheduled" | "waiting" | "active" | "ended" | "abandoned" | "cancelled";
export type Outcome = "completed" | "unsuitable" | "absent";

export interface Participant {
  id: string;
  name: string;
  /** The booked name of a patient who goes by another one; professionals only. */
  booked_as: string | null;
  role: Role;
  /** Of a guest; null for everybody else. */
  relation: Relation | null;
  companion: string | null;
  stage: Stage;
  present: boolean;
  /** The id of the browser connection; null while absent. */
  peer: string | null;
  mic: boolean;
  camera: boolean;
  screen: boolean;
  hand: boolean;
  /** In the call to see and hear: sends neither sound nor picture. */
  quiet: boolean;
  since: string | null;
  /** The device check in words; professionals only. */
  devices: string | null;
}

/** A document that was sent in the call; the message's body is its name. */
export interface SharedFile {
  id: string;
  kind: "pdf" | "jpeg" | "png" | "webp" | "text";
  size: number;
}

export interface Message {
  id: number;
  from: string;
  name: string;
  body: string;
  at: string;
  file?: SharedFile | null;
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
  /** Paused because nothing can be written at the moment. */
  interrupted: boolean;
  /** Those in the call whose picture cannot be recorded. */
  unseen: string[];
  by: string | null;
  /** Of those in the call. */
  agreed: string[];
  since: string | null;
  /** While our answer is awaited. */
  question: Question | null;
}

/** Which way sound and picture take; until it is settled the way before runs beside it. A change counts the epoch up. */
export interface Route {
  path: "p2p" | "engine";
  epoch: number;
  settled: boolean;
}

export interface Snapshot {
  consultation: ConsultationPart;
  route: Route;
  participants: Participant[];
  messages: Message[];
  recording: Recording;
}

/** `gen` counts the connections of one pair of peers: a higher number means that the sender began a fresh one. */
export type Description = RTCSessionDescriptionInit & { gen: number };
export type Candidate = RTCIceCandidateInit & { gen: number };
export type SignalBody = { description: Description } | { candidate: Candidate | null };

/** The two connections of a browser to the forwarding engine, as the browser sees them. */
export type Side = "publish" | "subscribe";
export type Layer = "l" | "m" | "h";
/** What one peer may send; of a picture the engine forwards one layer. */
export type TrackSource = "audio" | "camera" | "screen";

/** The engine makes every offer; `streams` says whose track stands on which line of the subscribing side. */
export interface EngineOffer {
  epoch: number;
  side: Side;
  number: number;
  sdp: string;
  streams: { mid: string; peer: string; source: TrackSource }[];
}

export interface EngineAnswer {
  epoch: number;
  side: Side;
  number: number;
  sdp: string;
}

/** At most this layer, or nothing; what is pinned keeps it when the line gets narrow. */
export interface Wish {
  peer: string;
  source: TrackSource;
  layer: Layer | null;
  pinned: boolean;
}

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
  enter: { quiet?: boolean };
  /** Without a participant it is the patient. */
  admit: { participant?: string };
  hold: { body: string | null; participant?: string };
  refuse: { reason: string; participant?: string };
  leave: Record<string, never>;
  end: { outcome: Outcome; reason: string | null };
  record: { on: boolean };
  agree: { yes: boolean };
  stuck: Record<string, never>;
  flowing: { epoch: number };
  answer: EngineAnswer;
  restart_media: { side: Side };
  watch: { wishes: Wish[] };
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
  recording: Recording;
  hold: { body: string | null };
  refused: { reason: string };
  signal: { from: string } & SignalBody;
  route: Route;
  offer: EngineOffer;
  speaking: { peer: string | null };
  /** How this browser is served: what may be sent to it, and whose camera is not for want of that. */
  served: { budget_bps: number; lost: number; paused: string[] };
  bye: { code: number; message: string };
}

/** How many can be in one call. */
export const MOST_IN_CALL = 8;

/** Limits of section 2.6 that the browser keeps by itself. */
export const MESSAGE_CHARACTERS = 2000;
export const CAPTION_CHARACTERS = 300;
export const GRACE_MS = 30_000;

export type CloseCode = 1000 | 1011 | 1012 | 1013 | 4400 | 4401 | 4403 | 4404 | 4409 | 4429;
