/** A page with the real client of a call; the other end of its line is the test (tests/browser/call_lab.py), which plays the server. */
import { Call } from "../../src/call/client.ts";
import { EnginePath } from "../../src/call/engine.ts";
import type { Remote } from "../../src/call/peers.ts";
import type { WireSocket } from "../../src/lib/socket.ts";

/** How a person's picture is shown: how many so far, and the longest time in milliseconds between two since the last mark. */
class Watcher {
  readonly video = document.createElement("video");
  readonly audio = document.createElement("audio");
  frames = 0;
  longest = 0;
  mostVoices = 0;
  #shownAt = performance.now();
  #presented = 0;

  constructor(stream: MediaStream) {
    Object.assign(this.video, { autoplay: true, muted: true, srcObject: stream });
    Object.assign(this.audio, { autoplay: true, srcObject: stream });
    document.body.append(this.video, this.audio);
    this.#next();
  }

  is(stream: MediaStream): boolean {
    this.mostVoices = Math.max(this.mostVoices, stream.getAudioTracks().length);
    return this.video.srcObject === stream;
  }

  mark(): void {
    this.longest = 0;
    this.#shownAt = performance.now();
  }

  /** The time since the last picture counts, too. */
  told(): { frames: number; height: number; longest: number; voices: number } {
    const longest = Math.max(this.longest, performance.now() - this.#shownAt);
    return { frames: this.frames, height: this.video.videoHeight, longest, voices: this.mostVoices };
  }

  #next(): void {
    this.video.requestVideoFrameCallback((_, { presentationTime, presentedFrames }) => {
      this.#shown(presentationTime, presentedFrames);
      this.#next();
    });
  }

  /** A page that is busy is not called for each picture that was shown. */
  #shown(at: number, presented: number): void {
    const pictures = Math.max(1, presented - this.#presented);
    this.frames += pictures;
    this.longest = Math.max(this.longest, (at - this.#shownAt) / pictures);
    this.#shownAt = at;
    this.#presented = presented;
  }
}

const watchers = new Map<string, Watcher>();
/** Frames for the server, in their order. */
const up: string[] = [];
let line: WireSocket | null = null;
let renewed = 0;
/** Those to the engine. */
const connections: RTCPeerConnection[] = [];

const watch = ({ participant, view }: Remote): void => {
  const known = watchers.get(participant.id);
  if (known?.is(view.stream)) return;
  if (known) renewed += 1;
  watchers.set(participant.id, new Watcher(view.stream));
};

const open = (): WireSocket => {
  const socket: WireSocket = {
    readyState: WebSocket.OPEN,
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => up.push(text),
    close: () => {},
  };
  line = socket;
  queueMicrotask(() => socket.onopen?.(new Event("open")));
  return socket;
};

const connect = (configuration: RTCConfiguration): RTCPeerConnection => {
  const connection = new RTCPeerConnection(configuration);
  connections.push(connection);
  return connection;
};

/** What the browser counts of what comes in, on all lines together. */
const sum = async (name: string): Promise<number> => {
  const reports = await Promise.all(connections.map((connection) => connection.getStats()));
  const counted = reports.flatMap((report) => [...report.values()] as Record<string, unknown>[]);
  return counted.filter(({ type }) => type === "inbound-rtp").reduce((all, each) => all + Number(each[name] ?? 0), 0);
};
const freezes = (): Promise<number> => sum("freezeCount");
/** Samples of sound that were played, and those of them that were made up because nothing had come. */
const sound = async () => ({
  played: await sum("totalSamplesReceived"),
  missed: (await sum("concealedSamples")) - (await sum("silentConcealedSamples")),
});

const begin = async (me: string, height: number): Promise<void> => {
  const devices = (video: boolean): Promise<MediaStream> =>
    navigator.mediaDevices.getUserMedia(video ? { video: { width: (height * 16) / 9, height } } : { audio: true });
  const call = new Call({
    url: "",
    ticket: async () => "ticket",
    me,
    openers: {
      camera: () => devices(true),
      microphone: () => devices(false),
      screen: () => devices(true),
      trouble: () => "other",
    },
    chosen: { camera: null, microphone: null },
    off: { camera: false, microphone: false },
    onOff: () => {},
    open,
    paths: { load: async () => EnginePath, connect },
  });
  call.subscribe(({ remotes }) => remotes.forEach(watch));
  Object.assign(globalThis, { call });
  call.start();
  await call.prepare({ camera: true, microphone: true });
};

const seen = () => Object.fromEntries([...watchers].map(([id, watcher]) => [id, watcher.told()]));
const mark = (): void => {
  for (const watcher of watchers.values()) watcher.mark();
};

/** The server's line breaks: the client dials again by itself. */
const cut = (): void => line?.onclose?.(new CloseEvent("close", { code: 1006 }));

Object.assign(globalThis, {
  begin,
  cut,
  freezes,
  seen,
  sound,
  mark,
  drain: () => up.splice(0),
  down: (frames: string[]) => {
    for (const data of frames) line?.onmessage?.(new MessageEvent("message", { data }));
  },
  state: () => {
    const { phase, remotes, speaking } = (globalThis as unknown as { call: Call }).call.state;
    const told = remotes.map(({ participant, view }) => [participant.id, view.connected] as const);
    return { phase, speaking, renewed, connected: Object.fromEntries(told) };
  },
});
