/** The note's socket: a ticket, a hello, and again after a break, quickly at first. What the frames mean is not its business. */
import { carries } from "../lib/carries.ts";
import { Retries } from "../lib/retries.ts";
import { realTimers, type Timers } from "../lib/timers.ts";

/** Why the note stays closed. The text remains in the page. */
export type Ending = "withdrawn" | "signed_out" | "outdated" | "replaced" | "refused" | "crossed";

/** The part of a WebSocket that is used here. */
export interface NoteWire {
  readonly readyState: number;
  binaryType: BinaryType;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export interface LineOptions {
  url: string;
  /** Fetches a single-use ticket; throws an error with a `status` when it is refused. */
  ticket: () => Promise<string>;
  open?: (url: string) => NoteWire;
  timers?: Timers;
}

export interface LineListener {
  /** What goes into the first frame beside the ticket. */
  hello(): object;
  heard(frame: Uint8Array): void;
  /** Nothing was heard for long: send something that is answered. */
  quiet(): void;
  /** The line in hand is gone, and everything that was on its way with it. */
  dropped(): void;
  retrying(): void;
  ended(ending: Ending): void;
}

const WELCOME_MS = 8_000;
/** Without a frame for so long the other side is asked for a sign of life, which must come within ANSWER_MS. */
const QUIET_MS = 15_000;
const ANSWER_MS = 8_000;

const ENDINGS: Readonly<Record<number, Ending>> = {
  4400: "refused",
  4403: "withdrawn",
  4404: "withdrawn",
  4413: "refused",
};
const TICKET_ENDINGS: Readonly<Record<number, Ending>> = { 401: "signed_out", 403: "withdrawn", 404: "withdrawn" };

const endingOf = (code: number, reason: string): Ending | undefined => {
  if (code === 4409) return reason === "replaced" ? "replaced" : "outdated";
  return ENDINGS[code];
};

export class Line {
  readonly #options: LineOptions;
  readonly #listener: LineListener;
  readonly #timers: Timers;
  #socket: NoteWire | null = null;
  #round = 0;
  readonly #retries: Retries;
  #cancelWatch = (): void => {};

  constructor(options: LineOptions, listener: LineListener) {
    this.#options = options;
    this.#listener = listener;
    this.#timers = options.timers ?? realTimers;
    this.#retries = new Retries(this.#timers, () => void this.#connect());
  }

  /** Begins, or begins again after it has ended. */
  start(): void {
    this.#retries.reset();
    void this.#connect();
  }

  /** Closes for good, without a word to the listener. */
  stop(): void {
    this.#round += 1;
    this.#retries.cancel();
    this.#cancelWatch();
    this.#socket?.close();
    this.#socket = null;
  }

  /** Closes for a reason that was told over the line itself. */
  end(ending: Ending): void {
    this.#release();
    this.#listener.ended(ending);
  }

  /** The connection has proved itself: the next break is a new one. */
  proved(): void {
    this.#retries.reset();
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    if (carries(this.#socket)) this.#socket.send(frame);
  }

  /** Something was sent that must be answered soon. */
  expectAnswer(): void {
    this.#watch(ANSWER_MS);
  }

  /** Do not wait for the next attempt. */
  retryNow(): void {
    this.#retries.in(0);
  }

  async #connect(): Promise<void> {
    this.#release();
    const round = this.#round;
    this.#watch(WELCOME_MS);
    try {
      const ticket = await this.#options.ticket();
      if (round === this.#round) this.#dial(ticket, round);
    } catch (error) {
      if (round === this.#round) this.#ticketFailed((error as { status?: number }).status ?? 0);
    }
  }

  #dial(ticket: string, round: number): void {
    const open = this.#options.open ?? ((url: string): NoteWire => new WebSocket(url));
    const socket = open(this.#options.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#watch(WELCOME_MS);
    socket.onopen = () => socket.send(JSON.stringify({ ticket, ...this.#listener.hello() }));
    socket.onmessage = (event) => round === this.#round && this.#heard(new Uint8Array(event.data as ArrayBuffer));
    socket.onclose = (event) => round === this.#round && this.#lost(event.code, event.reason);
  }

  #heard(frame: Uint8Array): void {
    this.#watch(QUIET_MS, () => this.#listener.quiet());
    this.#listener.heard(frame);
  }

  /** Forgets the socket in hand; whatever it still says is not listened to. */
  #release(): void {
    this.stop();
    this.#listener.dropped();
  }

  #watch(ms: number, run = (): void => this.#lost(1006, "")): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#timers.after(ms, run);
  }

  #lost(code: number, reason: string): void {
    this.#release();
    const ending = endingOf(code, reason);
    if (ending) this.#listener.ended(ending);
    else if (this.#retries.exhausted(code)) this.#listener.ended("signed_out");
    else this.#retry(code);
  }

  #ticketFailed(status: number): void {
    const ending = TICKET_ENDINGS[status];
    this.#release();
    if (ending) this.#listener.ended(ending);
    else this.#retry(status === 429 ? 4429 : 1006);
  }

  #retry(code: number): void {
    this.#listener.retrying();
    this.#retries.after(code);
  }
}
