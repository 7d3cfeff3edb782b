import assert from "node:assert/strict";
import { test } from "node:test";
import { Alarm, badgeTitle, REPEAT_MS } from "../src/today/alarm.ts";

const newAlarm = () => {
  const rung: string[] = [];
  const alarm = new Alarm({ chime: () => rung.push("chime"), notify: (count) => rung.push(`notify ${count}`) });
  return { alarm, rung };
};

test("rings at once for a new patient, and tells outside how many wait", () => {
  const { alarm, rung } = newAlarm();
  alarm.update([], 0);
  assert.deepEqual(rung, []);
  alarm.update(["a"], 10);
  assert.deepEqual(rung, ["chime", "notify 1"]);
});

test("repeats gently, and not before it is time", () => {
  const { alarm, rung } = newAlarm();
  alarm.update(["a"], 0);
  alarm.tick(REPEAT_MS - 1);
  assert.equal(rung.length, 2);
  alarm.tick(REPEAT_MS);
  assert.deepEqual(rung, ["chime", "notify 1", "chime"]);
});

test("silence lasts until somebody new comes", () => {
  const { alarm, rung } = newAlarm();
  alarm.update(["a"], 0);
  alarm.silence();
  alarm.tick(REPEAT_MS * 3);
  assert.equal(rung.length, 2);
  alarm.update(["a", "b"], REPEAT_MS * 3);
  assert.deepEqual(rung.slice(2), ["chime", "notify 2"]);
  assert.equal(alarm.silenced.value, false);
});

test("the same patients again do not ring again; nobody waiting rings for nobody", () => {
  const { alarm, rung } = newAlarm();
  alarm.update(["a"], 0);
  alarm.update(["a"], 5);
  assert.equal(rung.length, 2);
  alarm.update([], 10);
  alarm.tick(REPEAT_MS * 5);
  assert.equal(rung.length, 2);
  alarm.silence();
  assert.equal(alarm.silenced.value, false, "there is nobody to be silenced");
});

test("the title carries a badge", () => {
  assert.equal(badgeTitle("Today", 0), "Today");
  assert.equal(badgeTitle("Today", 2), "(2) Today");
});
