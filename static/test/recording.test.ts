import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { awaitingWords, mayTakeBack, recordingNews, signWords, unseenWords } from "../src/call/consenting.ts";
import { emptyRoster } from "../src/call/roster.ts";
import type { Participant, Recording } from "../src/lib/wire.ts";
import { clockOf, isOff, lengthOf, placeIn, playedOf, within } from "../src/pages/timeline.ts";

const person = (id: string, name: string, stage = "in_call") => ({ id, name, stage }) as Participant;
const alice = person("a", "Dr Alice Ahmed");
const dana = person("d", "Dana Diaz");
const imran = person("i", "Imran Iqbal");
const question = { version: "1", sentence: "I agree", more: "" };

const seen = (me: Participant, part: Partial<Recording>) => ({
  me,
  roster: {
    ...emptyRoster,
    participants: [alice, dana, imran, person("b", "Bob", "away")],
    recording: { ...emptyRoster.recording, by: "a", ...part },
  },
});

describe("what is said of a recording [V8]", () => {
  test("nothing stands there while it is off or only asked for", () => {
    assert.equal(signWords(seen(dana, { state: "off" })), null);
    assert.equal(signWords(seen(dana, { state: "asking", question })), null);
  });

  test("the sign names whom it waits for, and nobody who is not in the call", () => {
    assert.equal(signWords(seen(alice, { state: "on" })), "Being recorded");
    const paused: Partial<Recording> = { state: "paused", agreed: ["a", "d"] };
    assert.equal(signWords(seen(alice, paused)), "Recording paused until Imran Iqbal has agreed");
    assert.equal(signWords(seen(imran, { ...paused, question })), "Recording paused until you have agreed");
    assert.equal(
      awaitingWords(seen(alice, { state: "asking", agreed: ["a"] })),
      "Waiting until Dana Diaz, Imran Iqbal has agreed to be recorded",
    );
  });

  test("every change is read aloud once", () => {
    const off = seen(dana, {});
    const asked = seen(dana, { state: "asking", agreed: ["a"], question });
    assert.match(recordingNews(off, asked), /^Dr Alice Ahmed asks to record this call/);
    assert.equal(recordingNews(asked, asked), "");
    assert.equal(recordingNews(asked, seen(dana, { state: "on" })), "Being recorded");
    assert.equal(recordingNews(asked, off), "Nothing is recorded.");
    assert.equal(recordingNews(seen(dana, { state: "on" }), off), "The recording has ended.");
  });

  test("an interruption is said as one, unless an answer is awaited, and so is its end", () => {
    const on = seen(dana, { state: "on", agreed: ["a", "d", "i"] });
    const broken = seen(dana, { state: "paused", interrupted: true, agreed: ["a", "d", "i"] });
    assert.match(recordingNews(on, broken), /^Nothing is recorded at the moment/);
    assert.equal(recordingNews(broken, on), "Being recorded");
    assert.equal(
      signWords(seen(dana, { state: "paused", interrupted: true, question })),
      "Recording paused until you have agreed",
    );
  });

  test("whose picture is missing is said once", () => {
    const on = seen(dana, { state: "on" });
    const missing = seen(dana, { state: "on", unseen: ["i"] });
    assert.equal(unseenWords(on), null);
    assert.equal(recordingNews(on, missing), "The picture of Imran Iqbal is not recorded");
    assert.equal(recordingNews(missing, missing), "");
    assert.equal(recordingNews(missing, seen(dana, {})), "The recording has ended.");
  });

  test("whoever agreed may take it back once it runs", () => {
    assert.equal(mayTakeBack(seen(dana, { state: "on", agreed: ["a", "d"] })), true);
    assert.equal(mayTakeBack(seen(imran, { state: "paused", agreed: ["a", "d"] })), false);
    assert.equal(mayTakeBack(seen(dana, { state: "asking", agreed: ["d"] })), false);
  });
});

describe("several files on one time line [V8]", () => {
  const late = { begins: 10, ends: 70 };

  test("each is where it was in the call", () => {
    assert.equal(lengthOf([{ begins: 0, ends: 30 }, late]), 70);
    assert.equal(lengthOf([]), 0);
    assert.equal(placeIn(late, 9.9), null);
    assert.equal(placeIn(late, 10), 0);
    assert.equal(placeIn(late, 65), 55);
    assert.equal(placeIn(late, 70), null);
  });

  test("a file is moved only when that would be heard", () => {
    assert.equal(isOff(55, 55.1), false);
    assert.equal(isOff(55, 55.3), true);
    assert.equal(within(-3, 70), 0);
    assert.equal(within(99, 70), 70);
  });

  test("times are written as people write them", () => {
    assert.deepEqual([0, 65, 3605].map(clockOf), ["0:00", "1:05", "1:00:05"]);
  });
});

describe("what two recorders made while the call changed rooms [V8]", () => {
  const take = (recorder: number, begins: number, ends: number) => ({ recorder, begins, ends });
  const shown = (takes: ReturnType<typeof take>[], at: number) => playedOf(takes, at).map((one) => takes.indexOf(one));

  test("the later one is played where both have something", () => {
    const takes = [take(0, 0, 12), take(1, 10, 60)];
    assert.deepEqual(
      [5, 11, 30, 60].map((at) => shown(takes, at)),
      [[0], [1], [1], []],
    );
  });

  test("a stretch that the earlier one began later ends nothing of the later one", () => {
    const takes = [take(0, 0, 30), take(1, 25, 90), take(0, 28, 35)];
    assert.deepEqual(
      [26, 29, 40].map((at) => shown(takes, at)),
      [[1], [1], [1]],
    );
  });

  test("where the later one broke off, the earlier one goes on", () => {
    const takes = [take(0, 0, 30), take(1, 10, 15), take(2, 20, 60)];
    assert.deepEqual(
      [9, 12, 17, 25].map((at) => shown(takes, at)),
      [[0], [1], [0], [2]],
    );
  });

  test("camera and screen of one recorder are both played", () => {
    assert.deepEqual(shown([take(0, 0, 60), take(0, 20, 40)], 30), [0, 1]);
  });
});
