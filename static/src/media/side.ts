/** One of the two connections to the forwarding engine: it answers the engine's offers, heals its paths, and tells what it counts. It knows no DOM. */
import type { EngineAnswer, EngineOffer } from "../lib/wire.ts";
import { examine, type Health, remedy, stand, unborn } from "./health.ts";
import type { Entry } from "./quality.ts";

export interface SideOptions {
  pc: RTCPeerConnection;
  /** Between the offer and its answer: what is to be sent goes onto its lines. */
  onLines: (side: Side) => Promise<void>;
  /** The answer to an offer, for the engine. */
  onAnswer: (answer: EngineAnswer) => void;
  onState: () => void;
  now: () => number;
}

/** Names a connection of the engine for good: another one is of another placement of the room. */
const sessionOf = (sdp: string): string => /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? "";

export class Side {
  readonly pc: RTCPeerConnection;
  readonly session: string;
  /** The newest counters of the browser. */
  counted: Entry[] = [];
  readonly #options: SideOptions;
  #health: Health;
  #chain: Promise<void> = Promise.resolve();

  constructor(options: SideOptions, offer: EngineOffer) {
    this.pc = options.pc;
    this.session = sessionOf(offer.sdp);
    this.#options = options;
    this.#health = unborn(options.now());
    this.pc.onconnectionstatechange = () => this.#stateChanged();
  }

  get stands(): boolean {
    return this.pc.connectionState === "connected";
  }

  isOf({ sdp }: EngineOffer): boolean {
    return this.session === sessionOf(sdp);
  }

  line(mid: string): RTCRtpTransceiver | undefined {
    return this.pc.getTransceivers().find((each) => each.mid === mid);
  }

  /** Offers are answered one after the other. One that fails is offered again when the paths are looked for anew. */
  take(offer: EngineOffer): Promise<void> {
    this.#chain = this.#chain.then(() => this.#answer(offer)).catch(() => {});
    return this.#chain;
  }

  /** `expected`: something should come in. The answer says whether new paths are to be looked for now. */
  async examine(expected: boolean): Promise<boolean> {
    const report = await this.pc.getStats().catch(() => null);
    if (report === null || this.pc.connectionState === "closed") return false;
    this.counted = [...report.values()] as Entry[];
    const bytes = this.counted.reduce(
      (sum, { bytesReceived, type }) => sum + (type === "inbound-rtp" ? Number(bytesReceived ?? 0) : 0),
      0,
    );
    this.#health = examine(this.#health, bytes, expected, this.#options.now());
    return this.#isDue();
  }

  close(): void {
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  async #answer({ epoch, side, number, sdp }: EngineOffer): Promise<void> {
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    await this.#options.onLines(this);
    await this.pc.setLocalDescription();
    this.#options.onAnswer({ epoch, side, number, sdp: this.pc.localDescription?.sdp ?? "" });
  }

  #stateChanged(): void {
    this.#health = stand(this.#health, this.stands, this.#options.now());
    this.#options.onState();
  }

  /** Where a fresh connection would be the remedy between two browsers, here too new paths are: the engine begins afresh by itself. */
  #isDue(): boolean {
    const step = remedy(this.#health, this.#options.now());
    if (step === "restart") this.#health = { ...this.#health, restarts: this.#health.restarts + 1 };
    if (step === "rebuild") this.#health = { ...this.#health, rebuilds: this.#health.rebuilds + 1 };
    return step !== null;
  }
}
