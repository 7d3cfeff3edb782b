import assert from "node:assert/strict";
import { test } from "node:test";
import { Board } from "../src/today/board.ts";
import { NOW, rowOf, waitingRow } from "./today-rows.ts";

const two = [rowOf("a"), rowOf("b", { scheduled_at: "2026-11-23T11:00:00Z" })];
const bWaits = { now: NOW, rows: [rowOf("a"), waitingRow("b", NOW)] };

const newBoard = () => {
  const clock = { ms: 1_000_000 };
  const board = new Board({ now: NOW, rows: two }, () => clock.ms);
  const waiting = (): string[] => board.sections.value.waiting.map(({ id }) => id);
  return { board, clock, waiting };
};

test("time is the server's, moved on by the differences of our own clock", () => {
  const { board, clock } = newBoard();
  clock.ms += 90_000;
  board.tick();
  assert.equal(board.now.value, Date.parse(NOW) + 90_000);
  board.apply({ now: "2026-11-23T10:05:00Z", rows: two });
  assert.equal(board.now.value, Date.parse("2026-11-23T10:05:00Z"));
});

test("what an author must be told comes and goes with the list", () => {
  const { board } = newBoard();
  const notice = { id: "n", patient_id: "p", patient_name: "Dana", name: "Dr Cole", reason: "r", at: NOW, until: NOW };
  assert.deepEqual(board.notices.value, []);
  board.apply({ now: NOW, rows: two, notices: [notice] });
  assert.deepEqual(board.notices.value, [notice]);
  board.apply({ now: NOW, rows: two });
  assert.deepEqual(board.notices.value, []);
});

test("a patient who comes to wait rises to the top at once", () => {
  const { board, waiting } = newBoard();
  board.apply(bWaits);
  assert.deepEqual(waiting(), ["b"]);
});

test("while a menu is open the rows stay, but the count is right; they move when the last one closes", () => {
  const { board, waiting } = newBoard();
  board.hold("menu");
  board.hold("dialog");
  board.apply(bWaits);
  assert.deepEqual(waiting(), []);
  assert.equal(board.waiting.value.length, 1);
  board.release("menu");
  assert.deepEqual(waiting(), []);
  board.release("dialog");
  assert.deepEqual(waiting(), ["b"]);
});

test("rows do not move under a moving pointer, and do once it rests", () => {
  const { board, clock, waiting } = newBoard();
  board.pointerMoved();
  board.apply(bWaits);
  assert.deepEqual(waiting(), []);
  clock.ms += 1_499;
  board.tick();
  assert.deepEqual(waiting(), []);
  clock.ms += 1;
  board.tick();
  assert.deepEqual(waiting(), ["b"]);
});

test("a pointer that has left holds nothing", () => {
  const { board, waiting } = newBoard();
  board.pointerMoved();
  board.apply(bWaits);
  board.pointerLeft();
  assert.deepEqual(waiting(), ["b"]);
});

test("only mine leaves out the colleague's patients, in the list and in the count", () => {
  const { board, waiting } = newBoard();
  board.apply({ now: NOW, rows: [waitingRow("a", NOW), { ...waitingRow("b", NOW), mine: false }] });
  board.onlyMine.value = true;
  assert.deepEqual(waiting(), ["a"]);
  assert.equal(board.waiting.value.length, 1);
});
