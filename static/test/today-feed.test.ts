import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireSocket } from "../src/lib/socket.ts";
import type { Timers } from "../src/lib/timers.ts";
import { Board } from "../src/today/board.ts";
import { Feed } from "../src/today/feed.ts";
import { NOW, rowOf } from "./today-rows.ts";

class FakeSocket implements WireSocket {
  readonly readyState = 1;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {}
  hear(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  }
  drop(code: number): void {
    this.onclose?.({ code } as CloseEvent);
  }
}

const stillTimers: Timers = { now: () => 0, after: () => () => undefined, random: () => 0 };
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

const newFeed = async (ticket = (): Promise<string> => Promise.resolve("secret")) => {
  const board = new Board({ now: NOW, rows: [] }, () => 0);
  const socket = new FakeSocket();
  const feed = new Feed(board, { url: "ws://here/ws/today", ticket, timers: stillTimers, open: () => socket });
  feed.start();
  await turn();
  socket.onopen?.({} as Event);
  return { board, feed, socket };
};

test("says hello with its ticket and shows what it hears", async () => {
  const { board, feed, socket } = await newFeed();
  assert.deepEqual(JSON.parse(socket.sent[0] ?? ""), { t: "hello", id: 1, b: { ticket: "secret" } });
  assert.equal(feed.line.value, "starting");
  socket.hear({ t: "today", seq: 1, b: { now: NOW, rows: [rowOf("a")] } });
  assert.equal(feed.line.value, "live");
  assert.deepEqual(
    board.rows.value.map(({ id }) => id),
    ["a"],
  );
});

test("a lost line is told, and the list stays", async () => {
  const { board, feed, socket } = await newFeed();
  socket.hear({ t: "today", seq: 1, b: { now: NOW, rows: [rowOf("a")] } });
  socket.drop(1006);
  assert.equal(feed.line.value, "lost");
  assert.equal(board.rows.value.length, 1);
});

test("a line that never stood is told as well", async () => {
  const { feed } = await newFeed(() => Promise.reject(new Error("no network")));
  assert.equal(feed.line.value, "lost");
});

test("a login that has ended is told as such", async () => {
  const { feed } = await newFeed(() => Promise.reject(Object.assign(new Error("no"), { status: 401 })));
  assert.equal(feed.line.value, "signed_out");
});
