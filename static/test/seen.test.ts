import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Look, Seen } from "../src/media/seen.ts";

const NOTHING: Look = {
  standing: false,
  expected: true,
  counted: [],
  pictures: { in: true, out: true, camera: true },
};

const phoneAt = (seen: Seen, now: number): boolean => seen.view(now).phone;

const COMES: Look = {
  ...NOTHING,
  standing: true,
  counted: [{ id: "a", type: "inbound-rtp", timestamp: 0, kind: "audio", bytesReceived: 100, packetsReceived: 2 }],
};

describe("who comes over the engine [V5]", () => {
  test("has not been interrupted before anything came, although the connection stands", () => {
    const seen = new Seen({} as MediaStream, "p1", 0);
    seen.examine(NOTHING, 100);
    seen.examine({ ...NOTHING, standing: true }, 500);
    assert.deepEqual([seen.view(500).fresh, seen.view(500).troubled], [true, false]);
    seen.examine(COMES, 1_000);
    assert.deepEqual([seen.view(1_000).fresh, seen.view(1_000).connected], [false, true]);
    seen.lose(1_500);
    assert.deepEqual([seen.view(1_500).fresh, seen.view(1_500).troubled], [false, true]);
  });

  test("and came the straight way before is not met for the first time", () => {
    const seen = new Seen({} as MediaStream, "p1", 0);
    seen.follow(null, 0);
    seen.follow(undefined, 500);
    assert.deepEqual([seen.view(500).fresh, seen.view(500).troubled], [false, true]);
  });
});

describe("the telephone [V6]", () => {
  test("is offered 20 s after something was to be heard, although the engine was tried later", () => {
    const seen = new Seen({} as MediaStream, "p1", 14_000);
    seen.expect(true, 14_000);
    seen.follow(1_000, 14_000);
    seen.expect(true, 20_000);
    seen.follow(undefined, 20_000);
    seen.examine(NOTHING, 20_500);
    assert.equal(phoneAt(seen, 20_999), false);
    assert.equal(phoneAt(seen, 21_000), true);
  });

  test("is not offered for the time in which they came the straight way", () => {
    const seen = new Seen({} as MediaStream, "p1", 0);
    seen.expect(true, 0);
    seen.follow(null, 5_000);
    seen.follow(undefined, 600_000);
    seen.examine(NOTHING, 601_000);
    assert.equal(phoneAt(seen, 619_999), false);
    assert.equal(phoneAt(seen, 620_000), true);
  });

  test("waits for whoever has just begun to send", () => {
    const seen = new Seen({} as MediaStream, "p1", 0);
    seen.expect(false, 0);
    seen.expect(true, 30_000);
    assert.equal(phoneAt(seen, 49_999), false);
    assert.equal(phoneAt(seen, 50_000), true);
  });
});
