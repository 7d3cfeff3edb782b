import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallState, newCall } from "../src/call/model.ts";
import type { Remote } from "../src/call/peers.ts";
import { briefWords, hasPicture, isCovered, pictureWords } from "../src/call/seen.ts";
import type { Participant } from "../src/lib/wire.ts";
import { CALM, LOCAL, person, talking } from "./fake-call.ts";

const streamOf = (videos: number): MediaStream =>
  ({ getVideoTracks: () => Array.from({ length: videos }) }) as unknown as MediaStream;

const remote = (switches: Partial<Participant>, videos: number): Remote => ({
  participant: person("alice", "in_call", switches),
  returned: false,
  view: { ...CALM, stream: streamOf(videos) },
});

const call = (change: Partial<CallState> = {}): CallState => ({
  ...newCall(LOCAL),
  phase: "live",
  line: "open",
  me: person("dana", "in_call"),
  roster: talking,
  ...change,
});

describe("where there is no picture [V7]", () => {
  test("its camera is only called off by whom it belongs to", () => {
    const off = remote({ camera: false }, 1);
    assert.equal(hasPicture(call(), off), false);
    assert.deepEqual([pictureWords(call(), off), briefWords(call(), off)], ["Dr Alice's camera is off.", "Camera off"]);
  });

  test("and one that is on and has not come yet is waited for", () => {
    for (const sends of [{ camera: true }, { camera: false, screen: true }]) {
      const coming = remote(sends, 0);
      assert.equal(hasPicture(call(), coming), false);
      assert.deepEqual(
        [pictureWords(call(), coming), briefWords(call(), coming)],
        ["Connecting you with Dr Alice…", "Connecting…"],
      );
      assert.equal(hasPicture(call(), remote(sends, 1)), true);
    }
  });

  test("whoever wants sound alone is told so, not that something is missing", () => {
    const state = call({ soundOnly: true });
    assert.deepEqual(
      [pictureWords(state, remote({}, 0)), briefWords(state, remote({}, 0))],
      ["You hear each other without a picture.", "Sound only"],
    );
  });

  test("the last picture of whoever is away stands under words that say so, in a call of two as well", () => {
    const away = (change: Partial<Participant>, phase: CallState["phase"]) => {
      const other = remote(change, 1);
      const state = call({ phase, remotes: [other] });
      return [isCovered(state, other), pictureWords(state, other)];
    };
    assert.deepEqual(away({ present: false }, "recovering"), [true, "Dr Alice is reconnecting."]);
    assert.equal(away({ present: true }, "recovering")[0], false);
    assert.equal(away({ present: false }, "live")[0], false, "the server began anew, and the picture goes on");
  });
});
