import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Look, look, reportOf } from "../src/call/reporter.ts";
import { Grader } from "../src/media/grader.ts";
import { count, type Rates } from "../src/media/quality.ts";
import { joined, only, person, setUp, talking, waiting } from "./fake-call.ts";

const calm: Rates = { kbitIn: 900, kbitOut: 700, lossIn: 0, fpsIn: 25, jitter: 4, rtt: 40, lossOut: 0, roomOut: 0 };
const seen = (change: Partial<Rates> = {}): Look => ({ rates: [{ ...calm, ...change }], frozen: false });

describe("what is told of a call's quality [V6]", () => {
  test("is the mean of losses and bitrates, and the worst of delays", () => {
    const looks = [seen({ lossIn: 0.1, rtt: 300 }), seen({ lossOut: 0.02, kbitIn: 1_100, jitter: 80 })];
    assert.deepEqual(reportOf(looks, false), {
      lost_in: 50,
      lost_out: 10,
      delay_ms: 300,
      jitter_ms: 80,
      in_kbps: 1_000,
      out_kbps: 700,
      frozen_ms: 0,
      sound_only: false,
    });
  });

  test("takes of several people the worst, and what comes from all of them", () => {
    const report = reportOf([{ rates: [calm, { ...calm, lossIn: 0.2, rtt: 500 }], frozen: false }], false);
    assert.deepEqual([report.lost_in, report.delay_ms, report.in_kbps, report.out_kbps], [200, 500, 1_800, 700]);
  });

  test("stays within the bounds that the server keeps, whatever a browser says", () => {
    const wild = {
      lossIn: 7,
      lossOut: Number.NaN,
      rtt: 1e12,
      jitter: -5,
      kbitIn: Number.POSITIVE_INFINITY,
      kbitOut: -1,
    };
    const report = reportOf(
      Array.from({ length: 30 }, () => ({ ...seen(wild), frozen: true })),
      true,
    );
    assert.deepEqual(report, {
      lost_in: 1_000,
      lost_out: 0,
      delay_ms: 60_000,
      jitter_ms: 0,
      in_kbps: 1_000_000,
      out_kbps: 0,
      frozen_ms: 10_000,
      sound_only: true,
    });
    for (const value of Object.values(report)) assert.ok(typeof value === "boolean" || Number.isInteger(value));
  });

  test("knows a picture that stands still from one that is off, shared or unwanted", () => {
    const rates = { ...calm, fpsIn: 0 };
    const view = { troubled: false, soundOnlyThere: false, measured: () => rates };
    const of = (camera: boolean, screen: boolean, soundOnly = false) => {
      const participant = person("alice", "in_call", { camera, screen });
      return look({ remotes: [{ participant, returned: false, view: view as never }], soundOnly }).frozen;
    };
    assert.equal(of(true, false), true);
    assert.equal(of(false, false), false);
    assert.equal(of(true, true), false);
    assert.equal(of(true, false, true), false);
  });

  test("goes out every ten seconds while they talk, and not while somebody waits", async () => {
    const rig = setUp();
    const socket = await joined(rig, waiting);
    const beat = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        socket.says("beat", { n: second });
        await rig.timers.pass(1_000);
      }
    };
    await beat(25);
    assert.equal(socket.count("quality"), 0);
    socket.says("participant", person("dana", "in_call"));
    only(rig.peers).becomes({ connected: true, measured: () => calm });
    await beat(31);
    assert.equal(socket.count("quality"), 3);
    assert.equal(socket.last("quality").b.in_kbps, 900);
  });

  test("tells of a line that is broken as of a picture that stands still", async () => {
    const rig = setUp();
    const socket = await joined(rig, talking);
    const peer = only(rig.peers);
    peer.becomes({ connected: true, measured: () => null });
    peer.becomes({ connected: false, troubled: true });
    for (let second = 0; second < 11; second += 1) {
      socket.says("beat", { n: second });
      await rig.timers.pass(1_000);
    }
    assert.equal(socket.last("quality").b.frozen_ms, 10_000);
  });

  test("is what the grader measured last, and nothing after trouble", () => {
    const grader = new Grader(0);
    const at = (seconds: number, bytes: number) =>
      count(new Map([["out", { type: "outbound-rtp", bytesSent: bytes }]]) as never, seconds * 1_000);
    const measured = (): Rates | null => grader.measured;
    assert.equal(measured(), null);
    grader.count(at(1, 0), { in: true, out: true, camera: true });
    grader.count(at(2, 12_500), { in: true, out: true, camera: true });
    assert.equal(measured()?.kbitOut, 100);
    grader.forget();
    assert.equal(measured(), null);
  });
});
