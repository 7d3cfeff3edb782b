/** A JSON socket that keeps itself open: ticket, hello, commands with replies, backoff with jitter. It knows no DOM. */
import { carries } from "./carries.ts";
import { Retries } from "./retries.ts";
import { realTimers, type Timers } from "./timers.ts";

/** Commands that wait for the connection; when it is full the newest is refused with `queue_full`. */
export const QUEUE_LIMIT = 64;
/** The server beats every 5 s; twice missed and a little means that nobody is there. */
const SILENCE_MS = 12_000;
const STALE_MS = 7_000;
const WELCOME_MS = 8_000;

export type SocketState = "connecting" | "open" | "retrying" | "closed";

/** Why the socket stays closed: a close code of WIRE 2.6 and the server's sentence for people. */
export interface Ending {
  code: number;
  message: string;
}

/** A command that was refused (codes of the server), or that did not get through: `dropped`, `queue_full`, `closed`. */
export class CommandError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "CommandError";
    this.code = code;
  }
}

export type FrameOf<E> = { [T in keyof E & string]: { t: T; b: E[T] } }[keyof E & string];

/** The part of a WebSocket that is used here. */
export interface WireSocket {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface SocketOptions<E> {
  url: string;
  /** Fetches a single-use ticket; throws an error with a `status` when it is refused. */
  ticket: () => Promise<string>;
  /** Body of the `hello` frame. */
  hello: (ticket: string) => object;
  onFrame: (frame: FrameOf<E>) => void;
  onState: (state: SocketState, ending: Ending | null) => void;
  open?: (url: string) => WireSocket;
  timers?: Timers;
}

interface Frame {
  t: string;
  re?: number;
  b: Record<string, unknown>;
}

interface Waiting {
  type: string;
  body: object;
  resolve: (body: Record<string, unknown>) => void;
  reject: (error: CommandError) => void;
}

const FINAL = new Set([1000, 4400, 4403, 4404, 4409]);
const REFUSED_TICKET: Readonly<Record<number, number>> = { 401: 4401, 403: 4403, 404: 4404, 409: 4404, 410: 4404 };

export class JsonSocket<C, E> {
  readonly #options: SocketOptions<E>;
  readonly #timers: Timers;
  #socket: WireSocket | null = null;
  #state: SocketState = "connecting";
  #round = 0;
  #lastId = 0;
  readonly #inFlight = new Map<number, Waiting>();
  #queue: Waiting[] = [];
  readonly #retries: Retries;
  #heardAt = 0;
  #bye: Ending | null = null;
  #cancelWatch = (): void => {};

  constructor(options: SocketOptions<E>) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#retries = new Retries(this.#timers, () => void this.#connect());
  }

  /** Begins, or begins again after the socket was closed for good. */
  start(): void {
    this.#bye = null;
    this.#retries.reset();
    this.#enter("connecting");
    void this.#connect();
  }

  /** Closes for good, without a word to the listener. */
  stop(): void {
    this.#state = "closed";
    this.#release();
    this.#drain("closed", true);
  }

  /** Resolves with the body of the server's `ok`; waits in the queue while there is no connection. */
  command<T extends keyof C & string>(type: T, body: C[T] & object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const waiting = { type, body, resolve, reject };
      if (this.#state === "closed") reject(new CommandError("closed", ""));
      else if (this.#isOpen) this.#transmit(waiting);
      else if (this.#queue.length >= QUEUE_LIMIT) reject(new CommandError("queue_full", ""));
      else this.#queue.push(waiting);
    });
  }

  /** Sends a frame that gets no reply; false when there is no connection to carry it. */
  send<T extends keyof C & string>(type: T, body: C[T] & object): boolean {
    if (!this.#isOpen) return false;
    this.#write(type, body);
    return true;
  }

  /** The network is back or the page is looked at again: do not wait for the next attempt. */
  hurry(): void {
    if (this.#state === "retrying") this.#retries.in(0);
    else if (this.#state === "open" && this.#timers.now() - this.#heardAt > STALE_MS) this.#lost(1006);
  }

  get #isOpen(): boolean {
    return this.#state === "open" && carries(this.#socket);
  }

  #enter(state: SocketState, ending: Ending | null = null): void {
    this.#state = state;
    this.#options.onState(state, ending);
  }

  async #connect(): Promise<void> {
    this.#release();
    this.#watch(WELCOME_MS);
    const round = this.#round;
    try {
      const ticket = await this.#options.ticket();
      if (round === this.#round) this.#dial(ticket, round);
    } catch (error) {
      if (round === this.#round) this.#ticketFailed((error as { status?: number }).status ?? 0, error as Error);
    }
  }

  #dial(ticket: string, round: number): void {
    const open = this.#options.open ?? ((url: string): WireSocket => new WebSocket(url));
    const socket = open(this.#options.url);
    this.#socket = socket;
    this.#watch(WELCOME_MS);
    socket.onopen = () => this.#write("hello", this.#options.hello(ticket));
    socket.onmessage = (event) => round === this.#round && this.#heard(JSON.parse(event.data as string) as Frame);
    socket.onclose = (event) => round === this.#round && this.#lost(event.code);
  }

  /** Forgets the socket in hand; whatever it still says is not listened to. */
  #release(): void {
    this.#round += 1;
    this.#retries.cancel();
    this.#cancelWatch();
    this.#socket?.close();
    this.#socket = null;
  }

  #watch(ms: number): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#timers.after(ms, () => this.#lost(1006));
  }

  #heard(frame: Frame): void {
    this.#heardAt = this.#timers.now();
    if (frame.t === "bye") this.#bye = frame.b as unknown as Ending;
    else if (frame.t === "ok" || frame.t === "error") this.#settle(frame);
    else this.#deliver(frame);
  }

  #deliver(frame: Frame): void {
    this.#watch(SILENCE_MS);
    const first = this.#state !== "open";
    if (first) this.#established();
    if (frame.t === "beat") this.#write("beat", frame.b);
    else this.#options.onFrame(frame as unknown as FrameOf<E>);
    if (first) this.#flush();
  }

  #established(): void {
    this.#retries.reset();
    this.#bye = null;
    this.#enter("open");
  }

  #flush(): void {
    const waiting = this.#queue;
    this.#queue = [];
    for (const each of waiting) this.#transmit(each);
  }

  #settle(frame: Frame): void {
    this.#watch(SILENCE_MS);
    const waiting = this.#inFlight.get(frame.re ?? 0);
    this.#inFlight.delete(frame.re ?? 0);
    if (frame.t === "ok") waiting?.resolve(frame.b);
    else waiting?.reject(new CommandError(String(frame.b.code), String(frame.b.message)));
  }

  #transmit(waiting: Waiting): void {
    this.#inFlight.set(this.#write(waiting.type, waiting.body), waiting);
  }

  #write(type: string, body: object): number {
    this.#lastId += 1;
    if (carries(this.#socket)) this.#socket.send(JSON.stringify({ t: type, id: this.#lastId, b: body }));
    return this.#lastId;
  }

  #drain(code: string, withQueue: boolean): void {
    const failed = [...this.#inFlight.values(), ...(withQueue ? this.#queue : [])];
    this.#inFlight.clear();
    if (withQueue) this.#queue = [];
    for (const each of failed) each.reject(new CommandError(code, ""));
  }

  #lost(code: number): void {
    this.#release();
    this.#drain("dropped", false);
    if (FINAL.has(code) || this.#retries.exhausted(code)) this.#finish(code);
    else this.#retry(code);
  }

  #ticketFailed(status: number, error: Error): void {
    const code = REFUSED_TICKET[status];
    if (code === undefined) this.#retry(status === 429 ? 4429 : 1006);
    else this.#finish(code, error.message);
  }

  #finish(code: number, message = ""): void {
    this.#release();
    this.#state = "closed";
    this.#drain("closed", true);
    this.#enter("closed", { code, message: message || (this.#bye?.message ?? "") });
  }

  #retry(code: number): void {
    this.#enter("retrying");
    this.#retries.after(code);
  }
}
