import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, daysOf, localDate, nextOf, orderOf } from "../src/today/order.ts";
import { rowOf, waitingRow } from "./today-rows.ts";

test("who has waited longest stands first, what is done stands last", () => {
  const rows = [
    rowOf("done", { state: "ended", scheduled_at: "2026-11-23T08:00:00Z" }),
    rowOf("late", { scheduled_at: "2026-11-23T12:00:00Z" }),
    rowOf("early", { scheduled_at: "2026-11-23T09:00:00Z", stage: "in_call" }),
    waitingRow("short", "2026-11-23T09:58:00Z"),
    waitingRow("long", "2026-11-23T09:51:00Z"),
  ];
  assert.deepEqual(orderOf(rows), { waiting: ["long", "short"], day: ["early", "late"], done: ["done"] });
});

test("two at the same time keep one order, however the server lists them", () => {
  const rows = [rowOf("b"), rowOf("a")];
  assert.deepEqual(orderOf(rows), orderOf([...rows].reverse()));
});

test("an order that was kept shows newer facts in the old places", () => {
  const order = orderOf([rowOf("a"), rowOf("b", { scheduled_at: "2026-11-23T11:00:00Z" })]);
  const { day, waiting } = arrange([waitingRow("b", "2026-11-23T09:59:00Z"), rowOf("new")], order);
  assert.equal(waiting.length, 0);
  assert.deepEqual(
    day.map(({ id, stage }) => [id, stage]),
    [["b", "waiting"]],
  );
});

test("rows are told apart by the calendar day of this browser", () => {
  const evening = new Date(2026, 10, 23, 23, 30).toISOString();
  const night = new Date(2026, 10, 24, 0, 15).toISOString();
  const days = daysOf([rowOf("a", { scheduled_at: evening }), rowOf("b", { scheduled_at: night })]);
  assert.deepEqual(
    days.map(({ date, rows }) => [date, rows.length]),
    [
      ["2026-11-23", 1],
      ["2026-11-24", 1],
    ],
  );
  assert.equal(localDate(new Date(2026, 0, 5)), "2026-01-05");
});

test("next is whoever has waited longest, then the first of one's own day that has not begun", () => {
  const today = localDate(new Date("2026-11-23T10:00:00Z"));
  const rows = [
    rowOf("over", { state: "ended", scheduled_at: "2026-11-23T08:00:00Z" }),
    rowOf("talking", { stage: "in_call", scheduled_at: "2026-11-23T09:30:00Z" }),
    rowOf("colleague", { mine: false, scheduled_at: "2026-11-23T09:40:00Z" }),
    rowOf("second", { scheduled_at: "2026-11-23T11:00:00Z" }),
    rowOf("first", { scheduled_at: "2026-11-23T10:20:00Z" }),
    rowOf("tomorrow", { scheduled_at: "2026-11-24T10:20:00Z" }),
  ];
  assert.equal(nextOf(rows, today)?.id, "first");
  assert.equal(nextOf(rows, today, "first")?.id, "second");
  assert.equal(nextOf([...rows, waitingRow("waits", "2026-11-23T09:58:00Z")], today)?.id, "waits");
  assert.equal(nextOf([rowOf("tomorrow", { scheduled_at: "2026-11-24T10:20:00Z" })], today), null);
});
