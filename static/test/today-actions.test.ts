import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/lib/api.ts";
import { Actions } from "../src/today/actions.ts";
import { planOf } from "../src/today/new.tsx";
import type { Requests } from "../src/today/requests.ts";
import { FakeTimers, settle } from "./fake-timers.ts";
import { rowOf } from "./today-rows.ts";

const LINK = { link: "http://127.0.0.1/j/x", qr_svg: "<svg></svg>" };
const row = rowOf("a");

const newActions = (changed: Partial<Requests> = {}) => {
  const asked: unknown[][] = [];
  const ask =
    <T>(name: string, answer: T) =>
    (...values: unknown[]): Promise<T> => {
      asked.push([name, ...values]);
      return Promise.resolve(answer);
    };
  const nothing = undefined as undefined;
  const timers = new FakeTimers();
  const actions = new Actions(
    {
      create: ask("create", { ...LINK, id: "new", desk_url: "/desk/new", sent: ["sms" as const] }),
      reissue: ask("reissue", LINK),
      revoke: ask("revoke", nothing),
      send: ask("send", nothing),
      message: ask("message", nothing),
      hold: ask("hold", nothing),
      refuse: ask("refuse", nothing),
      late: ask("late", { id: "d", patients: 2, told_in_s: 10 }),
      takeBackLate: ask("takeBackLate", nothing),
      ...changed,
    },
    timers,
  );
  return { actions, asked, timers };
};

test("a new consultation ends in the dialog with its link", async () => {
  const { actions } = newActions();
  actions.open({ kind: "new" });
  await actions.create({
    patient_name: "Dana Diaz",
    patient_id: null,
    mobile: null,
    email: null,
    team_id: null,
    scheduled_at: null,
    duration_min: 20,
  });
  assert.deepEqual(actions.dialog.value, {
    kind: "link",
    id: "new",
    name: "Dana Diaz",
    link: LINK.link,
    qr: LINK.qr_svg,
    sent: ["sms"],
    deskUrl: "/desk/new",
  });
});

test("a refusal of the server is shown in the dialog, which stays open with what was typed", async () => {
  const { actions } = newActions({
    message: () => Promise.reject(new ApiError("ended", "The consultation has ended.", 409)),
  });
  actions.open({ kind: "message", row });
  await actions.message(row, "Hello");
  assert.equal(actions.error.value, "The consultation has ended.");
  assert.equal(actions.dialog.value?.kind, "message");
  assert.equal(actions.busy.value, false);
});

test("opening another dialog forgets the error", async () => {
  const { actions } = newActions({ message: () => Promise.reject(new Error("x")) });
  actions.open({ kind: "message", row });
  await actions.message(row, "Hello");
  assert.match(actions.error.value ?? "", /went wrong/);
  actions.open({ kind: "hold", row });
  assert.equal(actions.error.value, null);
});

test("a second click while the first is on its way orders nothing", async () => {
  const { actions, asked } = newActions();
  actions.open({ kind: "refuse", row });
  await Promise.all([actions.refuse(row, "Tomorrow"), actions.refuse(row, "Tomorrow")]);
  assert.deepEqual(asked, [["refuse", "a", "Tomorrow"]]);
  assert.equal(actions.dialog.value, null);
});

test("a revoked link can be made good by a new one, also when the dialog is long closed", async () => {
  const { actions, asked } = newActions();
  actions.open({ kind: "revoke", row });
  await actions.revoke(row);
  assert.equal(actions.dialog.value, null);
  const undo = actions.notice.value?.undo;
  assert.ok(undo);
  undo.run();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(
    asked.map(([name]) => name),
    ["revoke", "reissue"],
  );
  assert.equal((actions.dialog.value as { kind: string } | null)?.kind, "link");
  assert.equal(actions.notice.value, null);
});

test("a failed undo has no dialog to speak in, so it speaks aloud", async () => {
  const { actions } = newActions({ reissue: () => Promise.reject(new ApiError("offline", "No server.", 0)) });
  await actions.reissue(row);
  assert.equal(actions.notice.value?.text, "No server.");
});

test("the form says the plan as the server wants it", () => {
  const values = new FormData();
  values.set("patient_name", "  Dana Diaz ");
  values.set("mobile", "");
  values.set("email", "dana@example.org");
  values.set("team_id", "");
  values.set("when", "later");
  values.set("scheduled_at", "2026-11-23T14:05");
  values.set("duration_min", "30");
  assert.deepEqual(planOf(values), {
    patient_name: "Dana Diaz",
    patient_id: null,
    mobile: null,
    email: "dana@example.org",
    team_id: null,
    scheduled_at: new Date(2026, 10, 23, 14, 5).toISOString(),
    duration_min: 30,
  });
  values.set("when", "now");
  assert.equal(planOf(values).scheduled_at, null);
});

test("that one runs late can be undone for some seconds, and then it is said that it went", async () => {
  const { actions, asked, timers } = newActions();
  await actions.late(15);
  const words = "2 patients will be told in a few seconds that you are about 15 minutes late.";
  assert.equal(actions.notice.value?.text, words);
  actions.notice.value?.undo?.run();
  await settle();
  assert.deepEqual(asked, [
    ["late", 15],
    ["takeBackLate", "d"],
  ]);
  assert.equal(actions.notice.value?.text, "Nobody was told.");
  await timers.pass(10_000);
  assert.equal(actions.notice.value?.text, "Nobody was told.");
  await actions.late(30);
  await timers.pass(10_000);
  assert.equal(actions.notice.value?.text, "2 patients have been told that you are about 30 minutes late.");
  assert.equal(actions.notice.value?.undo, null);
});
