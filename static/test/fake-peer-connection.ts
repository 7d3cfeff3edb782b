/** As much of RTCPeerConnection as negotiation needs: signalling states, rollback, lines, and a network that the test switches. */

type Kind = "audio" | "video";

interface Track {
  kind: Kind;
  onunmute: (() => void) | null;
}

class Sender {
  track: object | null = null;
  parameters = { encodings: [{}] as Record<string, unknown>[] };

  replaceTrack(track: object | null): Promise<void> {
    this.track = track;
    return Promise.resolve();
  }

  getParameters() {
    return structuredClone(this.parameters);
  }

  setParameters(parameters: { encodings: Record<string, unknown>[] }): Promise<void> {
    this.parameters = parameters;
    return Promise.resolve();
  }

  setStreams(): void {}
}

class Transceiver {
  readonly sender = new Sender();
  readonly receiver: { track: Track };
  currentDirection: string | null = null;
  /** Whether this line is part of a description already. */
  mid: string | null = null;
  #direction: string;
  readonly #changed: () => void;

  constructor(kind: Kind, direction: string, changed: () => void) {
    this.receiver = { track: { kind, onunmute: null } };
    this.#direction = direction;
    this.#changed = changed;
  }

  get direction(): string {
    return this.#direction;
  }

  set direction(direction: string) {
    this.#direction = direction;
    this.#changed();
  }
}

interface Sdp {
  lines: { kind: Kind; mid: string; direction: string }[];
  ufrag: string;
}

const sends = (direction: string) => direction === "sendrecv" || direction === "sendonly";
const receives = (direction: string) => direction === "sendrecv" || direction === "recvonly";

const meet = (mine: string, theirs: string): string => {
  const out = sends(mine) && receives(theirs);
  const into = receives(mine) && sends(theirs);
  if (out && into) return "sendrecv";
  if (out) return "sendonly";
  return into ? "recvonly" : "inactive";
};

let count = 0;

export class FakePeerConnection {
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: { toJSON: () => object } | null }) => void) | null = null;
  ontrack: ((event: { track: Track }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  signalingState = "stable";
  connectionState = "new";
  localDescription: { type: string; sdp: string } | null = null;
  remoteDescription: { type: string; sdp: string } | null = null;
  readonly candidates: object[] = [];
  restarts = 0;
  bytes = 0;
  takenBack = 0;
  #lines: Transceiver[] = [];
  #before: { type: string; sdp: string } | null = null;
  #needed = false;
  #ufrag = "";

  getTransceivers(): Transceiver[] {
    return this.#lines;
  }

  addTransceiver(kind: Kind, { direction }: { direction: string }): void {
    this.#lines.push(new Transceiver(kind, direction, () => this.#need()));
    this.#need();
  }

  configuration: RTCConfiguration = {};

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  restartIce(): void {
    this.restarts += 1;
    this.#ufrag = "";
    this.#need();
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    this.#alive();
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    if (this.#ufrag === "") {
      count += 1;
      this.#ufrag = `u${count}`;
    }
    this.#lines.forEach((line, index) => {
      line.mid ??= String(index);
    });
    this.#before = this.localDescription;
    this.localDescription = { type, sdp: this.#sdp(type) };
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
    queueMicrotask(() => this.#gather());
  }

  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    await Promise.resolve();
    this.#alive();
    if (description.type === "offer") this.#rollBack();
    else if (this.signalingState !== "have-local-offer") throw new Error(`answer in ${this.signalingState}`);
    this.#takeLines(JSON.parse(description.sdp) as Sdp, description.type);
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }

  async addIceCandidate(candidate: object): Promise<void> {
    await Promise.resolve();
    if (!this.remoteDescription) throw new Error("no remote description");
    this.candidates.push(candidate);
  }

  getStats(): Promise<Map<string, object>> {
    return Promise.resolve(new Map([["in", { type: "inbound-rtp", kind: "video", bytesReceived: this.bytes }]]));
  }

  close(): void {
    this.connectionState = "closed";
    this.signalingState = "closed";
  }

  /** The network, as the test wants it. */
  becomes(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  #alive(): void {
    if (this.signalingState === "closed") throw new Error("closed");
  }

  #rollBack(): void {
    if (this.signalingState === "have-local-offer") {
      this.takenBack += 1;
      this.localDescription = this.#before;
      for (const line of this.#lines) if (line.currentDirection === null) line.mid = null;
    }
    this.signalingState = "stable";
  }

  #takeLines({ lines }: Sdp, type: string): void {
    for (const { kind, mid, direction } of lines) {
      let line = this.#lines.find((each) => each.mid === mid);
      if (!line) {
        line = new Transceiver(kind, "recvonly", () => this.#need());
        line.mid = mid;
        this.#lines.push(line);
        this.ontrack?.({ track: line.receiver.track });
      } else if (line.currentDirection === null) this.ontrack?.({ track: line.receiver.track });
      if (type === "answer") line.currentDirection = meet(line.direction, direction);
      else line.receiver.track.onunmute ??= null;
    }
  }

  /** The answerer's lines are agreed once it answers. */
  #sdp(type: string): string {
    const offered = type === "answer" ? (JSON.parse(this.remoteDescription?.sdp ?? "{}") as Sdp).lines : [];
    const lines = this.#lines
      .filter(({ mid }) => mid !== null)
      .map((line) => {
        const theirs = offered.find(({ mid }) => mid === line.mid)?.direction;
        const direction = theirs === undefined ? line.direction : meet(line.direction, theirs);
        if (theirs !== undefined) line.currentDirection = direction;
        return { kind: line.receiver.track.kind, mid: line.mid ?? "", direction };
      });
    return JSON.stringify({ lines, ufrag: this.#ufrag });
  }

  #gather(): void {
    for (const part of [1, 2])
      this.onicecandidate?.({ candidate: { toJSON: () => ({ candidate: `candidate:${this.#ufrag}-${part}` }) } });
    this.onicecandidate?.({ candidate: null });
  }

  /** `negotiationneeded` comes later, and only once however often it was needed. */
  #need(): void {
    if (this.#needed) return;
    this.#needed = true;
    queueMicrotask(() => {
      this.#needed = false;
      if (this.signalingState === "stable") this.onnegotiationneeded?.();
    });
  }
}
