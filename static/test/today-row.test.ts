import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesOf, durationWords, linkWords, ownerWords, type Stage, stateWords, toneOf } from "../src/today/row.ts";
import { NOW, rowOf, waitingRow } from "./today-rows.ts";

const now = Date.parse(NOW);

test("a duration says only whole minutes that have passed", () => {
  assert.equal(durationWords(-5_000), "under 1 min");
  assert.equal(durationWords(59_999), "under 1 min");
  assert.equal(durationWords(60_000), "1 min");
  assert.equal(durationWords(4 * 60_000 + 59_000), "4 min");
  assert.equal(durationWords(65 * 60_000), "1 h 5 min");
});

test("each stage is told in words", () => {
  const words = (stage: Stage): string => stateWords(rowOf("a", { stage }), now);
  assert.equal(words("not_arrived"), "Not arrived");
  assert.equal(words("welcome"), "Has opened the link");
  assert.equal(words("checking"), "Checking camera");
  assert.equal(words("declined"), "Did not agree to video");
  assert.equal(words("in_call"), "In call");
  assert.equal(words("left"), "Left");
  assert.equal(words("refused"), "Refused");
  assert.equal(words("done"), "Done");
});

test("waiting is counted from the server's own time", () => {
  assert.equal(stateWords(waitingRow("a", "2026-11-23T09:55:50Z"), now), "Waiting 4 min");
  assert.equal(stateWords(rowOf("a", { stage: "waiting" }), now), "Waiting");
  const away = { ...waitingRow("a", "2026-11-23T09:55:50Z"), present: false };
  assert.equal(stateWords(away, now), "Waiting 4 min, page not open now");
});

test("what is over is done, whatever stage the patient was in", () => {
  assert.equal(stateWords(rowOf("a", { state: "ended", stage: "in_call" }), now), "Done");
  assert.equal(stateWords(rowOf("a", { state: "abandoned" }), now), "Did not come");
  assert.equal(toneOf(rowOf("a", { state: "ended", stage: "waiting" })), "quiet");
});

test("a link that does not work is told, also with a consultation that has not begun", () => {
  assert.equal(linkWords(rowOf("a")), null);
  assert.equal(linkWords(rowOf("a", { link: { state: "revoked" } })), "The link was revoked");
  assert.equal(linkWords(rowOf("a", { link: { state: "expired" }, state: "ended" })), null);
});

test("a waiting patient can be admitted first of all", () => {
  assert.deepEqual(choicesOf(waitingRow("a", NOW)), [
    "admit",
    "desk",
    "message",
    "hold",
    "refuse",
    "send",
    "reissue",
    "revoke",
  ]);
});

test("nothing is offered that the server would refuse", () => {
  assert.deepEqual(choicesOf(rowOf("a", { state: "ended" })), ["desk"]);
  assert.deepEqual(choicesOf(rowOf("a", { stage: "in_call" })), ["desk"]);
  assert.deepEqual(choicesOf(rowOf("a", { link: { state: "revoked" } })), ["desk", "message", "reissue"]);
  assert.deepEqual(choicesOf(rowOf("a", { phone: null, sms_to: null })), ["desk", "message", "reissue", "revoke"]);
  assert.ok(
    choicesOf(rowOf("a", { phone: null, sms_to: null, email_to: "to her" })).includes("send"),
    "to whoever acts for a child",
  );
  assert.ok(choicesOf(rowOf("a", { stage: "refused" })).includes("admit"), "a refusal can be undone");
});

test("the owner is told by team and name", () => {
  assert.equal(ownerWords(rowOf("a")), "North · Yours");
  assert.equal(ownerWords(rowOf("a", { team_name: null, mine: false, professional_name: "Nurse Bob" })), "Nurse Bob");
});
