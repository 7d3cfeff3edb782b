/** A note link whose server is the test. */
import { test } from "node:test";
import * as Y from "yjs";
import type { Keep } from "../src/notes/keep.ts";
import type { NoteWire } from "../src/notes/line.ts";
import { NoteLink } from "../src/notes/provider.ts";
import * as wire from "../src/notes/wire.ts";
import { FakeTimers, settle } from "./fake-timers.ts";

export const ME = 4711;
export const AT = new Date("2026-03-02T10:41:07Z");

/** The server's side of one socket: keeps what it got and holds the text that it is told to hold. */
export class FakeServer implements NoteWire {
  binaryType: BinaryType = "blob";
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly hellos: Record<string, unknown>[] = [];
  readonly heard: wire.Heard[] = [];
  readonly readyState = 1;
  closed = false;

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data === "string") this.hellos.push(JSON.parse(data) as Record<string, unknown>);
    else this.heard.push(wire.read(data));
  }

  close(): void {
    this.closed = true;
  }

  says(frame: Uint8Array): void {
    this.onmessage?.({ data: new Uint8Array(frame).buffer } as unknown as MessageEvent);
  }

  saysJson(kind: number, body: object): void {
    this.says(new Uint8Array([kind, ...new TextEncoder().encode(JSON.stringify(body))]));
  }

  acks(count: number): void {
    this.says(new Uint8Array([wire.ACK, count]));
  }

  /** Hello, and a complete exchange with the server's own text. */
  greets(text: Y.Doc, rights: wire.Rights = "write", more: Partial<wire.Hello> = {}): void {
    this.onopen?.({} as Event);
    this.saysJson(wire.HELLO, { client_id: ME, schema: wire.SCHEMA, rights, ...more });
    if (rights === "write") this.says(wire.syncFrame(wire.STEP1, Y.encodeStateVector(text)));
    this.says(wire.syncFrame(wire.STEP2, Y.encodeStateAsUpdate(text)));
  }

  ends(code: number, reason = ""): void {
    this.onclose?.({ code, reason } as CloseEvent);
  }

  /** Applies everything that came in to the server's own text. */
  takes(text: Y.Doc): void {
    for (const each of this.edits()) Y.applyUpdate(text, each.payload);
  }

  edits(): { step: number; payload: Uint8Array }[] {
    return this.heard.flatMap((each) => (each.kind === wire.SYNC && each.step !== wire.STEP1 ? [each] : []));
  }
}

export const setUp = (keep: Keep | null = null) => {
  const timers = new FakeTimers();
  const servers: FakeServer[] = [];
  const tickets = { asked: 0, refuse: 0 };
  const link = new NoteLink({
    url: "wss://here/ws/note",
    keep,
    ticket: async () => {
      await keep?.find();
      tickets.asked += 1;
      if (tickets.refuse > 0) throw Object.assign(new Error("no"), { status: tickets.refuse });
      return `ticket-${tickets.asked}`;
    },
    writable: true,
    open: () => {
      const server = new FakeServer();
      servers.push(server);
      return server;
    },
    timers,
    clock: () => AT,
  });
  const newest = (): FakeServer => {
    const server = servers.at(-1);
    if (!server) throw new Error("no socket was opened");
    return server;
  };
  return { timers, servers, tickets, link, newest, text: new Y.Doc(), type: (words: string) => type(link, words) };
};

export const type = (link: NoteLink, words: string): void => {
  const fragment = link.doc.getXmlFragment("plan");
  if (fragment.length === 0) fragment.insert(0, [new Y.XmlText()]);
  (fragment.get(0) as Y.XmlText).insert(0, words);
};

export const textOf = (doc: Y.Doc): string => doc.getXmlFragment("plan").toString();

const opened = async () => {
  const all = setUp();
  all.link.start();
  await settle();
  all.newest().greets(all.text);
  all.newest().acks(1);
  return all;
};

export const withLink = (name: string, body: (all: Awaited<ReturnType<typeof opened>>) => Promise<void> | void) =>
  test(name, async () => {
    const all = await opened();
    try {
      await body(all);
    } finally {
      all.link.stop();
    }
  });
