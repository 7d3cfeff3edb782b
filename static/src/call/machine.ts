/** Where a person is on the way through a consultation: a pure reducer. */

/** `waiting`: not (yet) let in; `called`: let in, no picture yet; `failed`: closed for good, with a sentence. */
export type Phase =
  | "connecting"
  | "waiting"
  | "called"
  | "live"
  | "recovering"
  | "left"
  | "ended"
  | "refused"
  | "replaced"
  | "failed";

/** What the roster says of this person. */
export type Place = "waiting" | "in_call" | "refused" | "ended";

/** `none`: nobody to talk to; `broken`: somebody, but no connection; `pending`: a connection, the first sound or picture is on its way. */
export type Media = "none" | "broken" | "pending" | "flowing";

export type CallEvent =
  | { on: "place"; place: Place }
  | { on: "media"; media: Media }
  | { on: "left" }
  | { on: "closed"; code: number }
  | { on: "again" };

const TALKING: ReadonlySet<Phase> = new Set(["called", "live", "recovering"]);
/** Only this person's own wish leads out of these. */
const SHUT: ReadonlySet<Phase> = new Set(["left", "replaced", "failed"]);

export const isTalking = (phase: Phase): boolean => TALKING.has(phase);

/** Devices and connections have no business here; an ended consultation may be opened again by the server. */
export const isOver = (phase: Phase): boolean => SHUT.has(phase) || phase === "ended";

const placed = (phase: Phase, place: Place): Phase => {
  if (place !== "in_call") return place;
  return isTalking(phase) ? phase : "called";
};

const heard = (phase: Phase, media: Media): Phase => {
  if (!isTalking(phase) || media === "pending") return phase;
  if (media === "flowing") return "live";
  if (media === "none" || phase === "called") return "called";
  return "recovering";
};

const closed = (phase: Phase, code: number): Phase => {
  if (isOver(phase)) return phase;
  if (code === 1000) return "left";
  return code === 4409 ? "replaced" : "failed";
};

export const step = (phase: Phase, event: CallEvent): Phase => {
  if (event.on === "again") return "connecting";
  if (event.on === "closed") return closed(phase, event.code);
  if (SHUT.has(phase)) return phase;
  if (event.on === "left") return "left";
  return event.on === "place" ? placed(phase, event.place) : heard(phase, event.media);
};
