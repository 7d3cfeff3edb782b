import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signal } from "@preact/signals";
import { layoutOf } from "../src/call/layout.ts";
import { type CallState, newCall } from "../src/call/model.ts";
import type { Remote } from "../src/call/peers.ts";
import { CALM, LOCAL, person, talking } from "./fake-call.ts";

const remote = (id: string, videos: number): Remote => ({
  participant: person(id, "in_call"),
  returned: false,
  view: { ...CALM, stream: { getVideoTracks: () => Array.from({ length: videos }) } as unknown as MediaStream },
});

const call = (speaking: string | null, videos: number, change: Partial<CallState> = {}): CallState => ({
  ...newCall(LOCAL),
  phase: "live",
  me: person("dana", "in_call"),
  roster: talking,
  remotes: [remote("alice", 1), remote("bob", videos)],
  speaking,
  ...change,
});

describe("whoever speaks is shown large [V7]", () => {
  test("as soon as there is something to be seen of them", () => {
    const state = signal(call(null, 0));
    const { arranged } = layoutOf(state);
    state.value = call("bob", 0);
    assert.equal(arranged.value.main, "alice", "his voice came before his picture");
    state.value = call("bob", 1);
    assert.equal(arranged.value.main, "bob");
  });

  test("and at once where no picture is waited for", () => {
    const state = signal(call(null, 0, { soundOnly: true }));
    const { arranged } = layoutOf(state);
    state.value = call("bob", 0, { soundOnly: true });
    assert.equal(arranged.value.main, "bob");
  });

  test("and our own voice makes nobody small", () => {
    const state = signal(call("bob", 1));
    const { arranged } = layoutOf(state);
    state.value = call("dana", 1);
    assert.equal(arranged.value.main, "bob");
  });
});
