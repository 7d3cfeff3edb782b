import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallState, newCall } from "../src/call/model.ts";
import type { Remote } from "../src/call/peers.ts";
import { Steady } from "../src/call/steady.ts";
import { lineWords, spoken } from "../src/call/voice.ts";
import { deviceWords, noticeOf } from "../src/call/words.ts";
import type { PeerView } from "../src/media/peer.ts";
import { CALM, LOCAL, person, talking } from "./fake-call.ts";
import { FakeTimers } from "./fake-timers.ts";

const remote = (view: Partial<PeerView> = {}): Remote => ({
  participant: person("alice", "in_call"),
  returned: false,
  view: { ...CALM, ...view },
});

const call = (change: Partial<CallState>): CallState => ({
  ...newCall(LOCAL),
  phase: "live",
  line: "open",
  me: person("dana", "in_call"),
  roster: talking,
  remotes: [remote()],
  ...change,
});

const NAME = "Dr Alice";
const said = (before: Partial<CallState>, after: Partial<CallState>, chatInSight = false): string[] =>
  spoken(call(before), call(after), NAME, chatInSight);

describe("the phone [V6]", () => {
  const offer = { tone: "warn", text: "Still trying. You can also call 0123.", action: "phone" };

  test("is offered where a first connection does not come about, as where one broke", () => {
    const remotes = [remote({ phone: true, connected: false })];
    assert.deepEqual(noticeOf(call({ phase: "called", remotes }), "0123", null), offer);
    assert.deepEqual(noticeOf(call({ phase: "recovering", remotes }), "0123", null), offer);
  });

  test("is not offered before, nor where there is none", () => {
    assert.equal(noticeOf(call({ phase: "called" }), "0123", null), null);
    assert.equal(noticeOf(call({ phase: "called", remotes: [remote({ phone: true })] }), null, null), null);
    assert.equal(noticeOf(call({ phase: "called", remotes: [] }), "0123", null), null);
  });
});

describe("aloud [V11]", () => {
  test("who is let in hears with whom they are being connected, or that nobody is there", () => {
    assert.deepEqual(said({ phase: "waiting" }, { phase: "called" }), ["Connecting you with Dr Alice."]);
    assert.deepEqual(said({ phase: "waiting", remotes: [] }, { phase: "called", remotes: [] }), [
      "Connecting you with Dr Alice.",
    ]);
    const alone = { ...talking, participants: [person("dana", "in_call"), person("alice", "away")] };
    assert.deepEqual(
      said({ phase: "waiting", roster: alone, remotes: [] }, { phase: "called", roster: alone, remotes: [] }),
      ["Dr Alice is not in the call at the moment. Please stay on this page."],
    );
  });

  test("an interruption and its end are left to what is said of the line", () => {
    assert.deepEqual(said({}, { phase: "recovering" }), []);
    assert.deepEqual(said({ phase: "recovering" }, {}), []);
    assert.equal(lineWords(call({ phase: "recovering" }), null), "Reconnecting… stay on this page.");
    assert.equal(lineWords(call({}), null), "");
  });

  test("a weak line is told with what can be done about it", () => {
    const weak = call({ remotes: [remote({ mine: "weak" })] });
    assert.equal(lineWords(weak, null), "Your connection is weak. You can switch to sound only.");
    assert.equal(lineWords({ ...weak, soundOnly: true }, null), "Your connection is weak.");
  });

  test("a message is read by the log where that is in sight, else announced", () => {
    const message = { id: 1, from: "alice", name: NAME, body: "Hello", at: "2026-11-23T10:00:00Z" };
    const after = { roster: { ...talking, messages: [message] } };
    assert.deepEqual(said({}, after), ["Message from Dr Alice: Hello"]);
    assert.deepEqual(said({}, after, true), []);
  });
});

describe("what is said of the line [V11]", () => {
  const listen = () => {
    const timers = new FakeTimers();
    const words: [number, string][] = [];
    const steady = new Steady((sentence) => words.push([timers.now(), sentence]), timers);
    return { timers, steady, words };
  };

  test("has lasted for three seconds", async () => {
    const { timers, steady, words } = listen();
    steady.hear("weak");
    await timers.pass(2_000);
    steady.hear("");
    await timers.pass(60_000);
    assert.deepEqual(words, []);
    steady.hear("weak");
    steady.hear("weak");
    await timers.pass(3_000);
    assert.deepEqual(words, [[65_000, "weak"]]);
  });

  test("comes once in ten seconds at most, and its end too", async () => {
    const { timers, steady, words } = listen();
    steady.hear("weak");
    await timers.pass(4_000);
    steady.hear("");
    await timers.pass(60_000);
    assert.deepEqual(words, [
      [3_000, "weak"],
      [13_000, ""],
    ]);
  });
});

test("every trouble with a device has its sentence and its next step", () => {
  const words = (["blocked", "system", "missing", "busy", "other"] as const).flatMap((trouble) =>
    (["camera", "microphone"] as const).map((source) =>
      deviceWords({ ...LOCAL, trouble: { camera: null, microphone: null, [source]: trouble } }),
    ),
  );
  assert.equal(new Set(words).size, 10);
  for (const sentence of words) assert.match(sentence ?? "", /try again|Try again/);
});
