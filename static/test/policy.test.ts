import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  arrives,
  examine,
  type Health,
  interrupted,
  missing,
  phoneOffered,
  reborn,
  remedy,
  stand,
  unborn,
} from "../src/media/health.ts";
import { climb, ladderTop, offersSoundOnly, type Quality, RUNGS, tell, toldStart } from "../src/media/policy.ts";
import { count, gradeIn, gradeOut, rates } from "../src/media/quality.ts";

const SAMPLE = 500;

/** Samples every 500 ms from `from` to `to`; `rate` bytes each time. */
const sample = (health: Health, from: number, to: number, rate: number, expected = true): Health => {
  let now = health;
  for (let at = from; at <= to; at += SAMPLE) now = examine(now, now.bytes + rate, expected, at);
  return now;
};

const talking = (): Health => sample(stand(unborn(0), true, 200), 500, 10_000, 1000);

describe("a stall [V6]", () => {
  test("is told within two seconds after the last byte", () => {
    const flowing = talking();
    assert.equal(interrupted(flowing), false);
    // the last byte came right after the sample at 10 s, and counts in the one at 10.5 s
    const after = sample(flowing, 10_500, 10_500, 1);
    const told = [11_000, 11_500, 12_000].find((at) => interrupted(sample(after, 11_000, at, 0)));
    assert.ok(told !== undefined && told - 10_000 <= 2_000, String(told));
  });

  test("is over with the next bytes", () => {
    const stalled = sample(talking(), 10_500, 15_000, 0);
    assert.equal(interrupted(stalled), true);
    assert.equal(interrupted(sample(stalled, 15_500, 15_500, 1000)), false);
  });

  test("is none where bytes are counted from the beginning again", () => {
    const flowing = talking();
    const fewer = examine(flowing, 100, true, 10_500);
    assert.equal(interrupted(examine(fewer, 100, true, 11_000)), false);
  });

  test("is not over with a fresh connection over which nothing came yet", () => {
    const stalled = sample(talking(), 10_500, 15_000, 0);
    assert.equal(interrupted(examine(stalled, 0, true, 15_500)), true);
  });

  test("is no stall when the other side has turned everything off", () => {
    const off = sample(talking(), 10_500, 20_000, 0, false);
    assert.equal(interrupted(off), false);
    assert.ok(arrives(off));
  });

  test("is noticed also while the other is muted, when the muted microphone had been sending silence", () => {
    const silent = sample(talking(), 10_500, 12_000, 50, false);
    assert.equal(interrupted(sample(silent, 12_500, 14_000, 0, false)), true);
  });

  test("a first byte may take a little longer than the next one", () => {
    const standing = examine(stand(unborn(0), true, 200), 0, true, 500);
    assert.equal(interrupted(sample(standing, 1_000, 5_000, 0)), false);
    assert.equal(interrupted(sample(standing, 1_000, 5_500, 0)), true);
    assert.equal(arrives(standing), false);
  });
});

describe("the timeline of an interruption [V6]", () => {
  const broken = (): Health => stand(talking(), false, 10_000);
  const doneAt = (health: Health, at: number) => remedy(health, at);

  test("new paths at 2.5 s and twice more, a fresh connection at 10 s, the phone at 20 s", () => {
    const health = broken();
    assert.equal(doneAt(health, 12_499), null);
    assert.equal(doneAt(health, 12_500), "restart");
    const once = { ...health, restarts: 1 };
    assert.equal(doneAt(once, 14_999), null);
    assert.equal(doneAt(once, 15_000), "restart");
    const restarted = { ...health, restarts: 3 };
    assert.equal(doneAt(restarted, 19_999), null);
    assert.equal(doneAt(restarted, 20_000), "rebuild");
    assert.equal(phoneOffered(missing(restarted, 0), 29_999), false);
    assert.equal(phoneOffered(missing(restarted, 0), 30_000), true);
  });

  test("a fresh connection is not restarted, and tried again ten seconds later", () => {
    const fresh = reborn(broken(), 20_000);
    assert.equal(fresh.troubleSince, 10_000);
    assert.equal(doneAt(fresh, 29_999), null);
    assert.equal(doneAt(fresh, 30_000), "rebuild");
  });

  test("a connection that stands and only brings nothing is not thrown away", () => {
    const stalled = { ...sample(talking(), 10_500, 40_000, 0), restarts: 3 };
    assert.equal(stalled.standing, true);
    assert.equal(doneAt(stalled, 60_000), null);
  });

  test("the polite side waits a little longer before it begins anew", () => {
    const health = { ...broken(), restarts: 3 };
    assert.equal(remedy(health, 20_500, 1_500), null);
    assert.equal(remedy(health, 21_500, 1_500), "rebuild");
  });

  test("all is forgotten when media flow again", () => {
    const healed = sample(stand(broken(), true, 13_000), 13_500, 14_000, 1000);
    assert.equal(healed.troubleSince, null);
    assert.equal(doneAt(healed, 60_000), null);
    assert.equal(doneAt(stand(healed, false, 61_000), 63_500), "restart");
  });

  test("a connection that does not come about is begun anew after 7 s and after 14 s, and nobody is told of an interruption", () => {
    const health = unborn(0);
    assert.equal(remedy(health, 6_999), null);
    assert.equal(remedy(health, 7_000), "rebuild");
    assert.equal(remedy(reborn(health, 7_000), 13_999), null);
    assert.equal(remedy(reborn(health, 7_000), 14_000), "rebuild");
    assert.equal(interrupted(health), false);
  });

  test("a connection that never came about offers the phone too, 20 s after there was something to hear", () => {
    assert.equal(phoneOffered(missing(unborn(0), 0), 20_000), true);
    assert.equal(phoneOffered(missing(unborn(0), 300_000), 319_999), false);
    assert.equal(phoneOffered(missing(unborn(0), 300_000), 320_000), true);
  });
});

describe("what people are told of the quality [V7]", () => {
  const hear = (qualities: [number, Quality][]) => {
    const said: [number, Quality][] = [];
    let told = toldStart(0);
    for (const [at, quality] of qualities) {
      const next = tell(told, quality, at);
      if (next.said !== told.said) said.push([at, next.said]);
      told = next;
    }
    return said;
  };
  const seconds = (qualities: Quality[]): [number, Quality][] =>
    qualities.map((quality, index) => [index * 1000, quality]);

  test("is nothing of changes shorter than three seconds", () => {
    assert.deepEqual(hear(seconds(["good", "weak", "weak", "weak", "good", "weak", "good"])), []);
  });

  test("is a change that lasts", () => {
    assert.deepEqual(hear(seconds(Array.from({ length: 8 }, () => "weak"))), [[4000, "weak"]]);
  });

  test("is at most one change in ten seconds", () => {
    const line: Quality[] = [...Array(5).fill("weak"), ...Array(20).fill("good")];
    assert.deepEqual(hear(seconds(line)), [
      [4000, "weak"],
      [14_000, "good"],
    ]);
  });
});

describe("the ladder of the picture [V7]", () => {
  test("goes one rung down after three seconds of a weak line, and never below the last", () => {
    let ladder = ladderTop(0);
    for (let at = 0; at <= 3_000; at += 1_000) ladder = climb(ladder, "weak", at);
    assert.equal(ladder.rung, RUNGS.length - 2);
    for (let at = 4_000; at <= 60_000; at += 1_000) ladder = climb(ladder, "weak", at);
    assert.equal(ladder.rung, 0);
  });

  test("goes up again after ten good seconds, and not on a fair line", () => {
    const bottom = { rung: 0, heard: "weak" as const, since: 0 };
    let fair = climb(bottom, "fair", 1_000);
    for (let at = 2_000; at <= 60_000; at += 1_000) fair = climb(fair, "fair", at);
    assert.equal(fair.rung, 0);
    let good = climb(bottom, "good", 1_000);
    good = climb(good, "good", 10_999);
    assert.equal(good.rung, 0);
    assert.equal(climb(good, "good", 11_000).rung, 1);
  });
});

test("sound only is offered on a weak line while there is a picture, and not twice", () => {
  assert.equal(offersSoundOnly("weak", "good", true, false), true);
  assert.equal(offersSoundOnly("good", "weak", true, false), true);
  assert.equal(offersSoundOnly("fair", "fair", true, false), false);
  assert.equal(offersSoundOnly("weak", "weak", false, false), false);
  assert.equal(offersSoundOnly("weak", "weak", true, true), false);
});

describe("statistics [V7]", () => {
  const report = (entries: object[]) => new Map(entries.map((entry, index) => [String(index), entry])) as never;
  const at = (seconds: number, packets: number, lost: number, frames: number) =>
    count(
      report([
        {
          type: "inbound-rtp",
          bytesReceived: packets * 1000,
          packetsReceived: packets,
          packetsLost: lost,
          framesDecoded: frames,
          jitter: 0.01,
        },
        { type: "remote-inbound-rtp", fractionLost: 0.02, roundTripTime: 0.08 },
        { type: "candidate-pair", nominated: true, availableOutgoingBitrate: 900_000 },
      ]),
      seconds * 1000,
    );

  test("become rates", () => {
    assert.deepEqual(rates(at(1, 100, 0, 30), at(2, 190, 10, 55)), {
      kbitIn: 720,
      kbitOut: 0,
      lossIn: 0.1,
      fpsIn: 25,
      jitter: 10,
      rtt: 80,
      lossOut: 0.02,
      roomOut: 900_000,
    });
  });

  test("are never below nothing, where a browser counts from the beginning again", () => {
    const { kbitIn, fpsIn, lossIn } = rates(at(1, 100, 10, 30), at(2, 10, 0, 5));
    assert.deepEqual([kbitIn, fpsIn, lossIn], [0, 0, 0]);
  });

  test("grade as measured on real bad lines: clean, 15 % dropped, 600 kbit/s", () => {
    const line = { kbitIn: 700, kbitOut: 0, lossIn: 0, fpsIn: 30, jitter: 3, rtt: 3, lossOut: 0, roomOut: 2_000_000 };
    assert.equal(gradeIn(line, true), "good");
    assert.equal(gradeIn({ ...line, lossIn: 0.107, fpsIn: 24 }, true), "weak");
    assert.equal(gradeIn({ ...line, fpsIn: 6, jitter: 290 }, true), "weak");
    assert.equal(gradeIn({ ...line, fpsIn: 0 }, false), "good");
    assert.equal(gradeOut({ ...line, lossOut: 0.05 }, true), "fair");
    assert.equal(gradeOut({ ...line, roomOut: 100_000 }, true), "weak");
    assert.equal(gradeOut({ ...line, roomOut: 100_000 }, false), "good");
  });

  test("of a browser that leaves things out are no error", () => {
    assert.deepEqual(count(report([{ type: "inbound-rtp" }, { type: "codec" }]), 5), {
      at: 5,
      bytesIn: 0,
      bytesOut: 0,
      packetsIn: 0,
      lostIn: 0,
      framesIn: 0,
      jitter: 0,
      rtt: 0,
      lossOut: 0,
      roomOut: 0,
      framesOut: null,
    });
  });
});
