/** One RTCPeerConnection with perfect negotiation: trickled candidates, glare, one audio and one video line for its whole life. */
import type { Candidate, Description, SignalBody } from "../lib/wire.ts";

export type Kind = "audio" | "video";
export const KINDS: readonly Kind[] = ["audio", "video"];

export interface LinkOptions {
  pc: RTCPeerConnection;
  gen: number;
  polite: boolean;
  /** The side that makes the lines and the first offer; the other takes over the lines of that offer. */
  offers: boolean;
  /** Groups our audio and video, so that the other browser keeps lips and voice together. */
  label: MediaStream;
  send: (body: SignalBody) => void;
  onTrack: (track: MediaStreamTrack) => void;
  /** The two lines exist: tracks can be put on them. */
  onLines: () => void;
  onState: () => void;
}

export class Link {
  readonly pc: RTCPeerConnection;
  readonly gen: number;
  readonly #options: LinkOptions;
  #early: RTCIceCandidateInit[] = [];
  #chain: Promise<void> = Promise.resolve();
  /** The other side has taken over the lines that this one made. */
  #answered = false;
  /** Our present offer was said again to a side that offered meanwhile. */
  #insisted = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.pc = options.pc;
    this.gen = options.gen;
    this.#listen();
  }

  /** The side that offers makes its lines now; the other waits for the offer. */
  begin(): void {
    if (!this.#options.offers) return;
    for (const kind of KINDS) this.pc.addTransceiver(kind, { direction: "sendrecv", streams: [this.#options.label] });
    this.#options.onLines();
  }

  line(kind: Kind): RTCRtpTransceiver | undefined {
    return this.pc.getTransceivers().find((each) => each.receiver.track.kind === kind);
  }

  /** Both sides began a connection at once, and this one has to give way with lines of its own that no offer can use. */
  mustYieldTo(description: Description): boolean {
    const { offers, polite } = this.#options;
    return offers && polite && description.type === "offer" && !this.#answered;
  }

  /**
   * Of two offers at once, that of whoever made the lines is taken back: where Chromium takes back an offer about lines that it took over,
   * it shows nothing more of what comes in on them.
   */
  get #takesOffers(): boolean {
    return this.#options.offers ? this.#answered : this.pc.signalingState === "stable";
  }

  receive(body: SignalBody): Promise<void> {
    if ("description" in body && body.description.type === "answer") this.#answered = true;
    return this.#inTurn(() =>
      "description" in body ? this.#describe(body.description) : this.#candidate(body.candidate),
    );
  }

  /** Says again what the other side may have missed while somebody had no connection to the server. */
  repeat(): void {
    const pending = this.pc.signalingState === "have-local-offer";
    const unheard = this.pc.localDescription?.type === "answer" && this.pc.connectionState !== "connected";
    if (pending || unheard) this.#sendDescription();
  }

  close(): void {
    this.pc.onnegotiationneeded = null;
    this.pc.onicecandidate = null;
    this.pc.ontrack = null;
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  #listen(): void {
    this.pc.onnegotiationneeded = () => void this.#inTurn(() => this.#offer());
    this.pc.onicecandidate = ({ candidate }) => candidate && this.#sendCandidate(candidate);
    this.pc.ontrack = ({ track }) => this.#options.onTrack(track);
    this.pc.onconnectionstatechange = () => this.#options.onState();
  }

  /** Steps of negotiation run one after the other. One that fails leaves its mark in the state of the connection, which the recovery watches. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#chain = this.#chain.then(step).catch(() => {});
    return this.#chain;
  }

  async #offer(): Promise<void> {
    if (this.pc.signalingState !== "stable") return;
    this.#insisted = false;
    await this.pc.setLocalDescription();
    this.#sendDescription();
  }

  /** They may never have had our offer; once, because they may insist as well. */
  #insist(): void {
    if (!this.#insisted) this.#sendDescription();
    this.#insisted = true;
  }

  async #describe(description: Description): Promise<void> {
    const offered = description.type === "offer";
    if (offered && !this.#takesOffers) return this.#insist();
    if (!offered && this.pc.signalingState !== "have-local-offer") return;
    await this.pc.setRemoteDescription(description);
    await this.#takeEarly();
    if (offered) await this.#answer();
  }

  async #answer(): Promise<void> {
    this.#takeLines();
    await this.pc.setLocalDescription();
    this.#sendDescription();
  }

  #takeLines(): void {
    const fresh = this.pc.getTransceivers().filter((each) => each.currentDirection === null);
    for (const each of fresh) {
      each.direction = "sendrecv";
      each.sender.setStreams?.(this.#options.label);
    }
    if (fresh.length > 0) this.#options.onLines();
  }

  async #candidate(candidate: Candidate | null): Promise<void> {
    if (candidate === null) return;
    if (this.pc.remoteDescription === null) {
      this.#early.push(candidate);
      return;
    }
    await this.pc.addIceCandidate(candidate);
  }

  async #takeEarly(): Promise<void> {
    const early = this.#early;
    this.#early = [];
    for (const candidate of early) await this.pc.addIceCandidate(candidate).catch(() => {});
  }

  #sendDescription(): void {
    const description = this.pc.localDescription;
    if (description)
      this.#options.send({ description: { type: description.type, sdp: description.sdp, gen: this.gen } });
  }

  #sendCandidate(candidate: RTCIceCandidate): void {
    this.#options.send({ candidate: { ...candidate.toJSON(), gen: this.gen } });
  }
}
