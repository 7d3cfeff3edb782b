import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { signal } from "@preact/signals";
import { REPEAT_MS } from "../src/today/alarm.ts";
import { Bell } from "../src/today/bell.ts";
import { Board } from "../src/today/board.ts";
import { NOW, rowOf } from "./today-rows.ts";

const globals = globalThis as Record<string, unknown>;
const shown: string[] = [];

/** A page in the background, with notifications that `show` shows. */
const standIn = (show: (text: string) => void): void => {
  globals.document = { title: "Today", hidden: true };
  globals.Notification = class {
    onclick = null;
    constructor(text: string) {
      show(text);
    }
  };
};

const ring = (): Bell => {
  const board = new Board({ now: NOW, rows: [] }, () => 0);
  const bell = new Bell({ waiting: board.waitingIds });
  bell.notify.value = "on";
  board.apply({ now: NOW, rows: [rowOf("a", { stage: "waiting", waiting_since: NOW, state: "waiting" })] });
  return bell;
};

beforeEach(() => {
  shown.length = 0;
});

afterEach(() => {
  delete globals.document;
  delete globals.Notification;
});

test("a notification tells how many wait, and no name", () => {
  standIn((text) => shown.push(text));
  assert.equal(ring().notify.value, "on");
  assert.deepEqual(shown, ["1 patient is waiting"]);
});

test("a browser that forbids a page to notify by throwing takes nothing else down", () => {
  standIn(() => {
    throw new TypeError("Illegal constructor");
  });
  const bell = ring();
  assert.equal(bell.notify.value, "unsupported");
  assert.equal((globals.document as { title: string }).title, "(1) Today");
});

test("a guest or a colleague rings once even in a call, and again once nobody is talked to", () => {
  standIn((text) => shown.push(text));
  let now = 0;
  const real = performance.now;
  performance.now = () => now;
  let busy = true;
  let rings = 0;
  const callers = signal<string[]>([]);
  const waiting = signal<string[]>([]);
  const bell = new Bell({ waiting, callers, busy: () => busy });
  bell.notify.value = "on";
  bell.chime.play = () => {
    rings += 1;
  };
  waiting.value = ["erin"];
  assert.deepEqual([rings, shown], [0, []]);
  callers.value = ["carla"];
  assert.deepEqual([rings, shown], [1, ["1 person asks for you"]]);
  assert.equal((globals.document as { title: string }).title, "(2) Today");
  now += REPEAT_MS;
  bell.tick();
  assert.equal(rings, 1);
  busy = false;
  waiting.value = [];
  bell.tick();
  assert.equal(rings, 2);
  callers.value = [];
  assert.equal((globals.document as { title: string }).title, "Today");
  performance.now = real;
});

test("it rings until it is silenced", () => {
  standIn(() => undefined);
  const callers = signal(["carla"]);
  const bell = new Bell({ callers });
  assert.equal(bell.rings.value, false);
  bell.chime.state.value = "on";
  assert.equal(bell.rings.value, true);
  bell.silence();
  assert.equal(bell.rings.value, false);
});
