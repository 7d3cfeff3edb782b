import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cleanHtml, MAX_PASTE, MAX_PASTE_LINES, tooMuch } from "../src/notes/paste.ts";
import { othersIn } from "../src/notes/presence.ts";
import type { NoteStatus } from "../src/notes/provider.ts";
import { doing, doingHere, SLOW_MS, spokenOf, stateWords } from "../src/notes/words.ts";

const OPEN: NoteStatus = {
  line: "open",
  saved: true,
  unsavedSince: null,
  savedAt: null,
  writable: true,
  locked: false,
  full: false,
  ending: null,
  kept: "no",
  left: null,
};

const AT = new Date(2026, 2, 2, 10, 41, 7);

describe("what is shown of saving [N2]", () => {
  const cases: [string, Partial<NoteStatus>, number, string, string][] = [
    ["at first", {}, 0, "calm", "Everything is saved"],
    ["after the first save", { savedAt: AT }, 0, "calm", "Saved 10:41:07"],
    ["while the answer is on its way", { saved: false, unsavedSince: 1_000 }, 1_500, "busy", "Saving…"],
    [
      "when it takes long",
      { saved: false, unsavedSince: 1_000 },
      1_000 + SLOW_MS,
      "alarm",
      "NOT saved – keep this tab open",
    ],
    [
      "over a broken line",
      { saved: false, unsavedSince: 1_000, line: "lost" },
      1_001,
      "alarm",
      "NOT saved – keep this tab open",
    ],
    [
      "over a broken line on one's own computer, at once",
      { saved: false, unsavedSince: 1_000, line: "lost", kept: "soon" },
      1_001,
      "busy",
      "Keeping it on this computer…",
    ],
    [
      "and once it is on the disk",
      { saved: false, unsavedSince: 1_000, line: "lost", kept: "yes" },
      1_001,
      "busy",
      "Kept on this computer until it is sent",
    ],
    [
      "when the note is full, whatever is kept",
      { saved: false, unsavedSince: 1_000, full: true, kept: "yes" },
      1_001,
      "alarm",
      "NOT saved – keep this tab open",
    ],
    [
      "without the right to write",
      { saved: false, unsavedSince: 1_000, writable: false },
      1_001,
      "alarm",
      "NOT saved – keep this tab open",
    ],
    [
      "a broken line with nothing to lose",
      { line: "lost" },
      0,
      "busy",
      "No connection. Everything you wrote is saved.",
    ],
    ["who may only read", { writable: false }, 0, "calm", "You can read this note, not change it."],
    ["before the first text", { line: "connecting" }, 0, "busy", "Opening the note…"],
  ];
  for (const [name, status, now, mood, shown] of cases)
    test(name, () => {
      const words = stateWords({ ...OPEN, ...status }, now);
      assert.deepEqual([words.mood, words.shown], [mood, shown]);
    });

  test("a screen reader hears 'Saved' without the second hand, and nothing of every key", () => {
    assert.equal(stateWords({ ...OPEN, savedAt: AT }, 0).said, "Saved");
    assert.equal(stateWords({ ...OPEN, savedAt: AT, saved: false, unsavedSince: 0 }, 1).said, null);
  });
});

describe("who is here [N1]", () => {
  const state = (id: string, name: string, more: object = {}) => ({
    user: { id, name },
    section: null,
    writing: false,
    ...more,
  });

  test("each person once, in the tab where they write, never oneself", () => {
    const states = new Map<number, unknown>([
      [1, state("me", "Dr Alice Ahmed")],
      [2, state("bob", "Nurse Bob Brown")],
      [3, state("bob", "Nurse Bob Brown", { section: "plan", writing: true })],
      [4, state("ann", "Ann")],
      [5, {}],
      [6, null],
    ]);
    const others = othersIn(states, "me");
    assert.deepEqual(others.map(doing), ["Ann is reading", "Nurse Bob Brown is writing in Plan"]);
  });

  test("beside a heading the section goes without saying", () => {
    const bob = { id: "b", name: "Bob", section: "plan", writing: true } as const;
    assert.deepEqual([doingHere(bob), doingHere({ ...bob, writing: false })], ["Bob is writing", "Bob is here"]);
  });

  test("a screen reader hears who comes and where they write, and no pauses", () => {
    const bob = { id: "b", name: "Bob", section: null, writing: false } as const;
    const heard = (before: ReadonlyMap<string, string>, ...others: Parameters<typeof doing>[0][]) =>
      spokenOf(before, others);
    const came = heard(new Map(), bob);
    assert.equal(came.get("b"), "Bob is reading");
    const writes = heard(came, { ...bob, section: "plan", writing: true });
    assert.equal(writes.get("b"), "Bob is writing in Plan");
    assert.equal(heard(writes, { ...bob, section: "plan" }).get("b"), "Bob is writing in Plan");
    assert.equal(
      heard(writes, { ...bob, section: "objective", writing: true }).get("b"),
      "Bob is writing in Objective",
    );
    assert.equal(heard(writes).size, 0);
  });

  test("an unknown section is none", () => {
    const [other] = othersIn(new Map([[1, state("bob", "Bob", { section: "elsewhere" })]]), "me");
    assert.equal(other?.section, null);
  });
});

test("too much at once is refused by length and by lines", () => {
  assert.equal(tooMuch("x".repeat(MAX_PASTE)), false);
  assert.equal(tooMuch("x".repeat(MAX_PASTE + 1)), true);
  assert.equal(tooMuch("x\n".repeat(MAX_PASTE_LINES - 1)), false);
  assert.equal(tooMuch("x\n".repeat(MAX_PASTE_LINES)), true);
});

describe("pasted HTML", () => {
  const cases: [string, string][] = [
    ['<p style="color:red" class="x">a</p>', '<p class="x">a</p>'],
    ["<p onclick=alert(1)>a</p>", "<p>a</p>"],
    ["<b onmouseover='x()' STYLE=color:red>a</b>", "<b>a</b>"],
    ["<style>p{}</style><p>a</p><script>x()</script>", "<p>a</p>"],
    ['<meta charset="utf-8"><p>a</p>', "<p>a</p>"],
    ["<p>style = none, one = two</p>", "<p>style = none, one = two</p>"],
  ];
  for (const [html, clean] of cases) test(html, () => assert.equal(cleanHtml(html), clean));
});
