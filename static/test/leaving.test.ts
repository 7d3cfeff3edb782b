import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallState, newCall } from "../src/call/model.ts";
import { endsWords, staysWords } from "../src/desk/leaving.ts";
import { useStrings } from "../src/lib/i18n.ts";
import type { Participant } from "../src/lib/wire.ts";
import { person, snapshot } from "./fake-call.ts";

useStrings({}, "en-GB");

const local = {
  mic: true,
  camera: true,
  screen: false,
  trouble: { camera: null, microphone: null },
  track: { camera: null, microphone: null },
  device: { camera: null, microphone: null },
  screenTrack: null,
};

const alice = person("alice", "in_call", { name: "Dr Alice" });
const dana = person("dana", "in_call", { name: "Dana", role: "patient" });
const guest = (number: number) => person(`guest-${number}`, "in_call", { name: `Guest ${number}`, role: "guest" });

const call = (...others: Participant[]): CallState => ({
  ...newCall(local),
  phase: "live",
  me: alice,
  roster: snapshot([alice, ...others]),
});

const guests = (count: number): Participant[] => Array.from({ length: count }, (_, index) => guest(index + 1));

test("whoever stays is named, from two to four people in the call", () => {
  assert.equal(staysWords(call(dana)), "Only you go. Dana stays in the call and waits; you or a colleague can join.");
  assert.equal(
    staysWords(call(guest(1), dana)),
    "Only you go. Dana and Guest 1 stay in the call and wait; you or a colleague can join.",
  );
  assert.equal(
    staysWords(call(guest(1), dana, guest(2))),
    "Only you go. Dana, Guest 1 and Guest 2 stay in the call and wait; you or a colleague can join.",
  );
});

for (const others of [4, 5, 6, 7])
  test(`in a call of ${others + 1} two are named and the rest counted`, () => {
    const said = staysWords(call(dana, ...guests(others - 1)));
    const words = `Dana, Guest 1 and ${others - 2} others stay in the call and wait`;
    assert.equal(said, `Only you go. ${words}; you or a colleague can join.`);
  });

test("with a colleague nobody waits", () => {
  const bob = person("bob", "in_call", { name: "Nurse Bob" });
  assert.equal(staysWords(call(bob)), "Only you go. Nurse Bob stays in the call.");
  assert.equal(staysWords(call(bob, dana)), "Only you go. Dana and Nurse Bob stay in the call.");
});

test("somebody who is not in the call does not stay in it", () => {
  const away = person("dana", "left", { name: "Dana", role: "patient" });
  assert.equal(staysWords(call(away)), "Only you go. You or a colleague can join again.");
});

test("the end is seen by the one other, or by everybody", () => {
  assert.equal(endsWords(call(dana), "Dana"), "The consultation is completed. Dana sees that it has ended.");
  assert.match(endsWords(call(dana, guest(1)), "Dana"), /Everybody in the call sees/);
});
