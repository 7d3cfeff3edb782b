/** What a call is at a moment, as one immutable value, and how the server's frames change it. */
import type { Ending, FrameOf, SocketState } from "../lib/socket.ts";
import type { Events, Participant } from "../lib/wire.ts";
import type { Exchange, LocalView } from "../media/local.ts";
import { type Phase, step } from "./machine.ts";
import type { Outgoing } from "./outbox.ts";
import type { Remote } from "./peers.ts";
import { apply, emptyRoster, participantOf, placeOf, type Roster } from "./roster.ts";

export type RoomFrame = FrameOf<Omit<Events, "beat" | "bye">>;

export interface CallState {
  phase: Phase;
  /** The connection to the server, which is not the one that carries the picture. */
  line: SocketState;
  roster: Roster;
  me: Participant | null;
  remotes: readonly Remote[];
  /** The participant who speaks, as the forwarding engine hears it; null in silence, and where nobody says so. */
  speaking: string | null;
  /** The participants whose picture our line has no room for at the moment. */
  paused: readonly string[];
  local: LocalView;
  soundOnly: boolean;
  outgoing: readonly Outgoing[];
  /** What the professional told a waiting patient; null when nobody asked to wait longer. */
  hold: { body: string | null } | null;
  refusal: string | null;
  /** Why the socket stays closed. */
  ending: Ending | null;
  exchange: Exchange | null;
}

export const newCall = (local: LocalView): CallState => ({
  phase: "connecting",
  line: "connecting",
  roster: emptyRoster,
  me: null,
  remotes: [],
  speaking: null,
  paused: [],
  local,
  soundOnly: false,
  outgoing: [],
  hold: null,
  refusal: null,
  ending: null,
  exchange: null,
});

const withRoster = (state: CallState, roster: Roster, me: string): CallState => {
  const phase = step(state.phase, { on: "place", place: placeOf(roster, me) });
  const waits = phase === "waiting";
  return { ...state, roster, phase, me: participantOf(roster, me) ?? null, hold: waits ? state.hold : null };
};

/** Frames of the ways that sound and picture take: they are not part of what the roster tells. */
export type PathFrame = FrameOf<Pick<Events, "signal" | "offer" | "speaking" | "served">>;

/** The state after a frame. */
export const heard = (state: CallState, frame: Exclude<RoomFrame, PathFrame>, me: string): CallState => {
  if (frame.t === "hold") return { ...state, hold: frame.b };
  if (frame.t === "refused") return { ...state, refusal: frame.b.reason };
  const roster = frame.t === "welcome" ? frame.b.snapshot : apply(state.roster, frame);
  return withRoster(state, roster, me);
};
