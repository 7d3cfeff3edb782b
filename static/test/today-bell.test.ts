import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
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
  const bell = new Bell(board);
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
