/** A call that only looks like one: its state is set by hand and its pictures are painted on canvases. */

import type { Call } from "../../src/call/client.ts";
import { type CallState, newCall } from "../../src/call/model.ts";
import type { Remote } from "../../src/call/peers.ts";
import { emptyRoster } from "../../src/call/roster.ts";
import type { Participant } from "../../src/lib/wire.ts";
import type { LocalView } from "../../src/media/local.ts";

const NAMES = [
  "Dana Diaz",
  "Dr Alice Ahmed",
  "Nurse Bob Brown",
  "Carla Diaz-Montgomery-Fotheringhay",
  "Ivo Novák",
  "Prof Erin Okonkwo",
  "Farah Khan",
  "Gil",
];
/** Screenshots are compared: then the picture is painted anew all the time, and always the same. */
const STILL = matchMedia("(prefers-reduced-motion)").matches;
const HUES = [200, 20, 120, 280, 60, 330, 160, 240];

/** A picture that moves: a face on a colour, with the name of whose it is. */
const paint = (name: string, hue: number, width: number, height: number): MediaStreamTrack => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  const draw = (time: number): void => {
    pen.fillStyle = `hsl(${hue} 35% 45%)`;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = `hsl(${hue} 40% 75%)`;
    pen.beginPath();
    pen.arc(width / 2 + (STILL ? 0 : Math.sin(time / 400) * 8), height * 0.42, height * 0.2, 0, 7);
    pen.ellipse(width / 2, height * 1.02, height * 0.4, height * 0.36, 0, 0, 7);
    pen.fill();
    pen.fillStyle = "#000";
    pen.font = "28px sans-serif";
    pen.fillText(name, 24, 40);
    requestAnimationFrame(draw);
  };
  draw(0);
  return canvas.captureStream(15).getVideoTracks()[0] as MediaStreamTrack;
};

const person = (index: number, changed: Partial<Participant>): Participant => ({
  id: `p${index}`,
  name: NAMES[index] ?? `Person ${index}`,
  role: index === 0 ? "patient" : "professional",

  relation: null,
  companion: null,
  stage: "in_call",
  present: true,
  peer: `peer-${index}`,
  mic: true,
  camera: true,
  screen: false,
  hand: false,
  quiet: false,

  since: new Date(Date.UTC(2026, 10, 28, 10, index)).toISOString(),
  devices: null,
  booked_as: null,
  ...changed,
});

const local = (picture: MediaStreamTrack | null): LocalView => ({
  mic: true,
  camera: picture !== null,
  screen: false,
  trouble: { camera: null, microphone: null },
  track: { camera: picture, microphone: null },
  device: { camera: null, microphone: null },
  screenTrack: null,
});

const streamOf = (index: number, { screen }: Participant): MediaStream => {
  const stream = new MediaStream();
  const [width, height] = screen ? [1280, 720] : index % 3 === 2 ? [360, 640] : [640, 480];
  stream.addTrack(paint(NAMES[index] ?? "", HUES[index] ?? 0, width, height));
  return stream;
};

const remoteOf = (participant: Participant, index: number): Remote => ({
  participant,
  returned: false,
  view: {
    stream: streamOf(index, participant),
    connected: true,
    troubled: false,
    fresh: false,
    phone: false,
    missingSince: null,
    mine: "good",
    theirs: "good",
    unseen: false,
    soundOnlyThere: false,
    measured: () => null,
  },
});

export interface LabWish {
  /** How many remotes. */
  n: number;
  /** Which of them we are; the others follow in the order of joining. */
  me: number;
  changed: Record<string, Partial<Participant>>;
}

export const labState = ({ n, me, changed }: LabWish): CallState => {
  const everybody = Array.from({ length: n + 1 }, (_, index) => person(index, changed[`p${index}`] ?? {}));
  const own = everybody[me] as Participant;
  const others = everybody.filter((each) => each !== own);
  return {
    ...newCall(local(own.camera ? paint("You", 100, 640, 480) : null)),
    phase: "live",
    line: "open",
    me: own,
    remotes: others.filter(({ stage }) => stage === "in_call").map((each) => remoteOf(each, everybody.indexOf(each))),
    roster: {
      consultation: { id: "c", state: "active", started_at: null, outcome: null },
      participants: everybody,
      route: { path: "engine", epoch: 1, settled: true },
      recording: emptyRoster.recording,
      messages: [],
    },
  };
};

export type LabCall = Call & { set: (change: Partial<CallState>) => void; said: [string, unknown][] };

/** Only what the views ask of a call. */
export const labCall = (first: CallState): LabCall => {
  let state = first;
  const listeners = new Set<(state: CallState) => void>();
  const nothing = async (): Promise<void> => {};
  const said: [string, unknown][] = [];
  return {
    get state() {
      return state;
    },
    said,
    look: () => undefined,
    subscribe: (listener: (state: CallState) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set: (change: Partial<CallState>) => {
      state = { ...state, ...change };
      for (const listener of listeners) listener(state);
    },
    command: async (type: string, body: unknown) => void said.push([type, body]),
    media: {
      setMic: nothing,
      setCamera: nothing,
      choose: nothing,
      retry: nothing,
      stopSharing: nothing,
      stop: nothing,
    },
    outbox: { say: nothing, retry: nothing },
    setCamera: nothing,
    setSoundOnly: nothing,
    share: nothing,
    leave: nothing,
    dismissExchange: nothing,
    undoExchange: nothing,
  } as unknown as LabCall;
};
