/** A WebSocket whose other end is the test. */
import type { WireSocket } from "../src/lib/socket.ts";

export interface Up {
  t: string;
  id: number;
  b: Record<string, unknown>;
}

export class FakeSocket implements WireSocket {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: Up[] = [];
  closed = false;
  readyState = 1;
  #seq = 0;

  send(text: string): void {
    if (this.readyState !== 1) throw new Error("a browser complains of that");
    this.sent.push(JSON.parse(text) as Up);
  }

  close(): void {
    this.closed = true;
  }

  opens(): void {
    this.onopen?.({} as Event);
  }

  says(t: string, b: object, re?: number): void {
    this.#seq += 1;
    this.onmessage?.({
      data: JSON.stringify({ t, seq: this.#seq, b, ...(re === undefined ? {} : { re }) }),
    } as MessageEvent);
  }

  ends(code: number): void {
    this.onclose?.({ code } as CloseEvent);
  }

  /** The newest frame of a type. */
  last(t: string): Up {
    const found = this.sent.findLast((frame) => frame.t === t);
    if (!found) throw new Error(`no ${t} was sent`);
    return found;
  }

  count(t: string): number {
    return this.sent.filter((frame) => frame.t === t).length;
  }
}

/** Hands out sockets and keeps them for the test. */
export class Exchange {
  readonly sockets: FakeSocket[] = [];

  readonly open = (): FakeSocket => {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  };

  get newest(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }
}
