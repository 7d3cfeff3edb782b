import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isSpeech, shareOf } from "../src/media/meter.ts";
import { grade, type Measured, median } from "../src/pages/grade.ts";

describe("what the measured connection means [V2]", () => {
  const good: Measured = { rttMs: 20, kbitPerS: 20_000, socket: true, packets: true };
  const cases: [Partial<Measured>, string][] = [
    [{}, "good"],
    [{ packets: null }, "good"],
    [{ rttMs: 150, kbitPerS: 2000 }, "good"],
    [{ rttMs: 151 }, "fair"],
    [{ kbitPerS: 1999 }, "fair"],
    [{ rttMs: 401 }, "weak"],
    [{ kbitPerS: 599 }, "weak"],
    [{ kbitPerS: 0 }, "weak"],
    [{ socket: false }, "narrow"],
    [{ packets: false }, "narrow"],
    [{ rttMs: null }, "unknown"],
    [{ kbitPerS: null, socket: false }, "unknown"],
  ];
  for (const [change, expected] of cases) {
    test(`${JSON.stringify(change)} is ${expected}`, () => assert.equal(grade({ ...good, ...change }), expected));
  }

  test("the median leaves a single slow answer out", () => {
    assert.equal(median([900, 20, 30, 25, 22]), 25);
    assert.equal(median([]), null);
  });
});

describe("the bar of the microphone [V2]", () => {
  test("grows with the loudness and never leaves its frame", () => {
    const shares = [0, 0.0001, 0.01, 0.1, 0.5, 1, 2].map(shareOf);
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.equal(shares[0], 0);
    assert.equal(shares.at(-1), 1);
  });

  test("a quiet room is no speech, a voice is", () => {
    assert.equal(isSpeech(shareOf(0.002)), false);
    assert.equal(isSpeech(shareOf(0.05)), true);
  });
});
