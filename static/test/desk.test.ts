import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import { type CallState, newCall } from "../src/call/model.ts";
import { emptyRoster } from "../src/call/roster.ts";
import { Desk } from "../src/desk/desk.ts";
import { clockWords, hasRoom, sceneOf, waitingGuests } from "../src/desk/scene.ts";
import { type DeskTab, tabByKey } from "../src/desk/tabs.ts";
import { CommandError } from "../src/lib/socket.ts";
import type { ConsultationState, Participant, Stage } from "../src/lib/wire.ts";
import type { LocalView } from "../src/media/local.ts";
import type { Trouble } from "../src/media/trouble.ts";
import { LOCAL } from "./fake-call.ts";

const local: LocalView = { ...LOCAL, mic: false, camera: false };

const person = (id: string, changed: Partial<Participant>): Participant => ({
  id,
  name: id,
  role: "professional",
  relation: null,
  companion: null,
  stage: "away",
  present: true,
  peer: null,
  mic: false,
  camera: false,
  screen: false,
  hand: false,
  quiet: false,
  since: null,
  devices: null,
  booked_as: null,
  ...changed,
});

const ME = person("alice", {});
const STARTED = "2026-11-23T10:00:00Z";

const stateOf = (
  patient: Stage,
  changed: Partial<CallState> = {},
  state: ConsultationState = "waiting",
): CallState => ({
  ...newCall(local),
  phase: "waiting",
  line: "open",
  me: ME,
  roster: {
    consultation: { id: "c", state, started_at: STARTED, outcome: null },
    participants: [person("dana", { role: "patient", stage: patient }), ME],
    messages: [],
    route: { path: "p2p", epoch: 0, settled: true },
    recording: emptyRoster.recording,
  },
  ...changed,
});

interface Given {
  mine?: boolean;
  admitAtOnce?: boolean;
  obstacle?: Trouble | null;
  fail?: Error | null;
  /** No answer ever comes. */
  silent?: boolean;
}

const newDesk = (
  first: CallState,
  { mine = true, admitAtOnce = false, obstacle = null, fail = null, silent = false }: Given = {},
) => {
  const done: string[] = [];
  const said: string[] = [];
  const state = signal(first);
  const act = (name: string) => (): Promise<void> => {
    done.push(name);
    if (silent) return new Promise(() => undefined);
    return fail ? Promise.reject(fail) : Promise.resolve();
  };
  const leave = (): Promise<void> => {
    done.push("leave");
    return Promise.resolve();
  };
  const call = {
    admit: act("admit"),
    enter: act("enter"),
    leave,
    again: act("again"),
    prepare: ({ camera }: { camera: boolean }) => {
      done.push(camera ? "prepare" : "prepare without camera");
      return Promise.resolve();
    },
    media: { stop: () => done.push("stop") },
    command: (type: string, body: object) => act(`${type} ${JSON.stringify(body)}`)(),
  };
  const now = () => Date.parse(STARTED) + 12 * 60_000;
  const desk = new Desk({ call, state, now, mine, obstacle, admitAtOnce, say: (text) => said.push(text) });
  desk.start();
  return { desk, state, done, said };
};

test("the scene follows the patient while we are not in the call", () => {
  const scenes = (["away", "waiting", "refused", "left", "in_call"] as const).map((stage) => sceneOf(stateOf(stage)));
  assert.deepEqual(scenes, ["early", "waiting", "refused", "gone", "outside"]);
});

test("in the call and behind it the scene is the phase's own", () => {
  const scenes = (["called", "live", "recovering", "left", "ended", "replaced", "failed", "connecting"] as const).map(
    (phase) => sceneOf(stateOf("in_call", { phase })),
  );
  assert.deepEqual(scenes, ["call", "call", "call", "left", "ended", "replaced", "failed", "connecting"]);
});

const withPeople = (state: CallState, participants: Participant[]): CallState => ({
  ...state,
  roster: { ...state.roster, participants },
});

test("there is room for eight, and always for whoever is in", () => {
  const inCall = (count: number) =>
    Array.from({ length: count }, (_, index) => person(`p${index}`, { stage: "in_call" }));
  const state = stateOf("in_call");
  assert.equal(hasRoom(withPeople(state, inCall(7))), true);
  assert.equal(hasRoom(withPeople(state, inCall(8))), false);
  assert.equal(hasRoom({ ...withPeople(state, inCall(8)), me: person("p3", {}) }), true);
});

test("guests who wait are listed, the longest first, and nobody else is", () => {
  const guest = (id: string, stage: Stage, since: string): Participant => person(id, { role: "guest", stage, since });
  const people = [
    guest("late", "waiting", "2026-11-28T10:02:00Z"),
    guest("early", "waiting", "2026-11-28T10:01:00Z"),
    guest("in", "in_call", "2026-11-28T10:00:00Z"),
    person("dana", { role: "patient", stage: "waiting", since: "2026-11-28T09:00:00Z" }),
  ];
  const ids = waitingGuests(withPeople(stateOf("waiting"), people)).map(({ id }) => id);
  assert.deepEqual(ids, ["early", "late"]);
});

test("the clock of a call shows hours only when there are some, and never runs backwards", () => {
  assert.equal(clockWords(-1), "00:00");
  assert.equal(clockWords(751_999), "12:31");
  assert.equal(clockWords(3_751_000), "1:02:31");
});

test("'Admit' on the Today page admits once the patient is seen here, and only once", async () => {
  const { done, state } = newDesk(stateOf("waiting", { me: null, line: "connecting" }), { admitAtOnce: true });
  assert.ok(!done.includes("admit"));
  state.value = stateOf("waiting");
  state.value = stateOf("waiting");
  await Promise.resolve();
  assert.equal(done.filter((each) => each === "admit").length, 1);
});

test("'Admit' for somebody who has gone meanwhile admits nobody and says so", () => {
  const { done, said } = newDesk(stateOf("left"), { admitAtOnce: true });
  assert.ok(!done.includes("admit"));
  assert.deepEqual(said, ["dana is no longer in the waiting room."]);
});

test("the devices are ready when one's own patient waits, once, and again for the next time", () => {
  const { done, state } = newDesk(stateOf("away"));
  assert.deepEqual(done, []);
  state.value = stateOf("waiting");
  state.value = stateOf("in_call", { phase: "called" });
  assert.deepEqual(done, ["prepare"]);
  state.value = stateOf("left", { phase: "ended" }, "ended");
  state.value = stateOf("waiting");
  assert.deepEqual(done, ["prepare", "stop", "prepare"]);
});

test("a colleague's devices stay off until they sit in the call", async () => {
  const { desk, done, state } = newDesk(stateOf("waiting"), { mine: false });
  await desk.join();
  assert.deepEqual(done, ["enter"]);
  state.value = stateOf("in_call", { phase: "called" });
  assert.deepEqual(done, ["enter", "prepare"]);
});

test("camera and microphone go off when the patient has gone", () => {
  const { done, state } = newDesk(stateOf("in_call", { phase: "live" }));
  state.value = stateOf("left");
  assert.deepEqual(done, ["prepare", "stop"]);
});

test("how long it lasted is told only by a page that saw it end", () => {
  const seen = newDesk(stateOf("in_call", { phase: "live" }, "active"));
  seen.state.value = stateOf("left", { phase: "ended" }, "ended");
  assert.equal(seen.desk.lasted.value, 12 * 60_000);
  const late = newDesk(stateOf("left", { phase: "connecting" }, "ended"));
  late.state.value = stateOf("left", { phase: "ended" }, "ended");
  assert.equal(late.desk.lasted.value, null);
});

test("the list hides itself while the screen is shared", () => {
  const { desk, state } = newDesk(stateOf("in_call", { phase: "live" }));
  assert.equal(desk.listHidden.value, false);
  state.value = stateOf("in_call", { phase: "live", local: { ...local, screen: true } });
  assert.equal(desk.listHidden.value, true);
});

test("a dialog closes when its wish is fulfilled", async () => {
  const { desk, done } = newDesk(stateOf("in_call", { phase: "live" }));
  desk.open("unsuitable");
  await desk.end("unsuitable", "No line");
  assert.equal(desk.dialog.value, null);
  assert.ok(done.includes('end {"outcome":"unsuitable","reason":"No line"}'));
});

test("a refusal stays in the dialog; without one it is said aloud", async () => {
  const { desk, said } = newDesk(stateOf("in_call", { phase: "live" }), {
    fail: new CommandError("ended", "The consultation has ended."),
  });
  desk.open("part");
  await desk.end("completed", null);
  assert.equal(desk.error.value, "The consultation has ended.");
  assert.equal(desk.dialog.value, "part");
  desk.close();
  assert.equal(desk.error.value, null);
  await desk.join();
  assert.deepEqual(said, ["The consultation has ended."]);
});

test("a command that was lost on the way has no words of its own", async () => {
  const { desk, said } = newDesk(stateOf("in_call"), { fail: new CommandError("dropped", "") });
  await desk.join();
  assert.deepEqual(said, ["The server did not answer. Please try again."]);
});

test("without a line a wish is refused at once, in words, and is not kept for later", async () => {
  const { desk, done, said, state } = newDesk(stateOf("in_call", { phase: "live", line: "retrying" }));
  desk.open("part");
  await desk.end("completed", null);
  assert.match(desk.error.value ?? "", /server cannot be reached/);
  assert.equal(desk.busy.value, false);
  desk.close();
  await desk.join();
  assert.match(said[0] ?? "", /server cannot be reached/);
  state.value = stateOf("in_call", { phase: "live" });
  assert.deepEqual(done, ["prepare"]);
});

test("leaving waits for nobody: neither for the line nor for another wish", async () => {
  const { desk, done, state } = newDesk(stateOf("in_call", { phase: "live" }), { silent: true });
  desk.open("part");
  void desk.end("completed", null);
  assert.equal(desk.busy.value, true);
  state.value = stateOf("in_call", { phase: "live", line: "retrying" });
  await desk.leave();
  assert.ok(done.includes("leave"));
  assert.equal(desk.dialog.value, null);
});

test("a camera that was switched off stays off for the next patient", () => {
  const on = { ...local, camera: true };
  const { done, state } = newDesk(stateOf("in_call", { phase: "live", local: on }));
  state.value = stateOf("in_call", { phase: "live", local });
  state.value = stateOf("left");
  state.value = stateOf("waiting");
  assert.deepEqual(done, ["prepare", "stop", "prepare without camera"]);
  state.value = stateOf("waiting", { local: on });
  state.value = stateOf("left");
  state.value = stateOf("waiting");
  assert.deepEqual(done.slice(3), ["stop", "prepare"]);
});

test("a camera that is still opening, or that failed, is wanted again", () => {
  const { done, state } = newDesk(stateOf("waiting"));
  state.value = stateOf("waiting", { local: { ...local, camera: true } });
  state.value = stateOf("waiting", { local: { ...local, trouble: { camera: "busy", microphone: null } } });
  state.value = stateOf("left");
  state.value = stateOf("waiting");
  state.value = stateOf("left");
  state.value = stateOf("waiting");
  assert.deepEqual(done, ["prepare", "stop", "prepare", "stop", "prepare"]);
});

test("a browser that cannot make calls opens no device, whoever waits", () => {
  const { desk, done } = newDesk(stateOf("waiting"), { obstacle: "unsupported" });
  assert.equal(desk.scene.value, "unable");
  assert.deepEqual(done, []);
});

test("back to the call sits down again", async () => {
  const { desk, done } = newDesk(stateOf("in_call", { phase: "left" }));
  await desk.rejoin();
  assert.deepEqual(done, ["again", "enter"]);
});

test("arrows lead around the tabs, the other way where people read from right to left", () => {
  const walk = (from: DeskTab, key: string, rtl = false) => tabByKey(from, key, rtl);
  assert.equal(walk("call", "ArrowRight"), "note");
  assert.equal(walk("call", "ArrowLeft"), "list");
  assert.equal(walk("list", "ArrowRight"), "call");
  assert.equal(walk("call", "ArrowRight", true), "list");
  assert.equal(walk("note", "Home"), "call");
  assert.equal(walk("note", "End"), "list");
  assert.equal(walk("note", "a"), null);
});
