import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallEvent, isOver, isTalking, type Phase, step } from "../src/call/machine.ts";

const run = (start: Phase, ...events: CallEvent[]): Phase => events.reduce(step, start);
const place = (where: "waiting" | "in_call" | "refused" | "ended"): CallEvent => ({ on: "place", place: where });
const media = (what: "none" | "broken" | "pending" | "flowing"): CallEvent => ({ on: "media", media: what });

const PHASES: Phase[] = [
  "connecting",
  "waiting",
  "called",
  "live",
  "recovering",
  "left",
  "ended",
  "refused",
  "replaced",
  "failed",
];

describe("the way through a consultation [V4]", () => {
  test("goes from the waiting room into the call", () => {
    assert.equal(run("connecting", place("waiting")), "waiting");
    assert.equal(run("waiting", place("in_call")), "called");
    assert.equal(run("called", media("flowing")), "live");
  });

  test("stays live whatever else happens in the room", () => {
    assert.equal(run("live", place("in_call"), media("pending"), media("flowing")), "live");
  });

  test("recovers and comes back", () => {
    assert.equal(run("live", media("broken")), "recovering");
    assert.equal(run("live", media("broken"), media("pending")), "recovering");
    assert.equal(run("live", media("broken"), media("flowing")), "live");
  });

  test("waits for somebody to come back when nobody is there", () => {
    assert.equal(run("live", media("none")), "called");
    assert.equal(run("recovering", media("none"), media("flowing")), "live");
  });

  test("before the call, media are nobody's business", () => {
    for (const phase of PHASES.filter((each) => !isTalking(each)))
      assert.equal(step(phase, media("flowing")), phase, phase);
  });

  test("who is refused can still be let in", () => {
    assert.equal(run("waiting", place("refused"), place("in_call")), "called");
  });

  test("who is asked back into the waiting room waits", () => {
    assert.equal(run("live", place("waiting")), "waiting");
  });

  test("an ended consultation can be opened again by the server", () => {
    assert.equal(run("live", place("ended")), "ended");
    assert.equal(run("ended", place("waiting")), "waiting");
  });
});

describe("the end [V4]", () => {
  test("close codes lead to it", () => {
    assert.equal(run("live", { on: "closed", code: 1000 }), "left");
    assert.equal(run("live", { on: "closed", code: 4409 }), "replaced");
    for (const code of [4400, 4401, 4403, 4404]) assert.equal(run("live", { on: "closed", code }), "failed");
  });

  test("an ended consultation stays ended when the server then closes", () => {
    assert.equal(run("live", place("ended"), { on: "closed", code: 1000 }), "ended");
  });

  test("nothing but the person's own wish leads out of left, replaced and failed", () => {
    const events: CallEvent[] = [place("waiting"), place("in_call"), media("flowing"), { on: "closed", code: 1000 }];
    for (const phase of ["left", "replaced", "failed"] as const) {
      for (const event of events) assert.equal(step(phase, event), phase);
      assert.equal(step(phase, { on: "again" }), "connecting");
    }
  });

  test("every phase is over, talking, or waiting for something", () => {
    for (const phase of PHASES) assert.ok(!(isOver(phase) && isTalking(phase)), phase);
  });
});
