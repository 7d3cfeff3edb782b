import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type KnownPatient, PAUSE_MS, Seeker } from "../src/today/known.ts";
import { FakeTimers, settle } from "./fake-timers.ts";

const dana = { id: "1", name: "Dana Diaz", newest_at: "2026-03-02T10:05:00Z" };
const dan = { id: "2", name: "Dan Dunn", newest_at: "2026-03-01T10:05:00Z" };

const setUp = (answer: (letters: string) => Promise<KnownPatient[]> = async () => [dana, dan]) => {
  const timers = new FakeTimers();
  const asked: string[] = [];
  const seeker = new Seeker((letters) => {
    asked.push(letters);
    return answer(letters);
  }, timers);
  return { seeker, timers, asked };
};

describe("known patients while a name is written [N7]", () => {
  test("are looked for after a pause and from two letters on", async () => {
    const { seeker, timers, asked } = setUp();
    seeker.typed("D");
    await timers.pass(PAUSE_MS);
    for (const words of ["Da", "Dan", "Dan "]) seeker.typed(words);
    await timers.pass(PAUSE_MS - 1);
    assert.deepEqual(asked, []);
    await timers.pass(1);
    assert.deepEqual(asked, ["Dan"]);
    assert.deepEqual(seeker.found.value, [dana, dan]);
  });

  test("an answer that comes late is dropped", async () => {
    let say: (found: KnownPatient[]) => void = () => {};
    const { seeker, timers } = setUp(
      () =>
        new Promise((resolve) => {
          say = resolve;
        }),
    );
    seeker.typed("Da");
    await timers.pass(PAUSE_MS);
    seeker.typed("Erin");
    say([dana]);
    await settle();
    assert.deepEqual(seeker.found.value, []);
  });

  test("without an answer a new name is just a new name", async () => {
    const { seeker, timers } = setUp(async () => Promise.reject(new Error("offline")));
    seeker.typed("Dana");
    await timers.pass(PAUSE_MS);
    assert.deepEqual([seeker.found.value, seeker.chosen.value, seeker.words.value], [[], null, "Dana"]);
  });

  test("arrows mark, Enter chooses, Escape hides; other keys are the field's own", async () => {
    const { seeker, timers } = setUp();
    assert.equal(seeker.key("ArrowDown"), false);
    seeker.typed("Da");
    await timers.pass(PAUSE_MS);
    assert.equal(seeker.key("Enter"), false, "nobody is marked: the form is sent");
    assert.equal(seeker.key("a"), false);
    seeker.key("ArrowUp");
    assert.equal(seeker.active.value, 1);
    seeker.key("ArrowDown");
    assert.equal(seeker.active.value, 0);
    assert.equal(seeker.key("Enter"), true);
    assert.deepEqual([seeker.chosen.value, seeker.words.value, seeker.found.value], [dana, "Dana Diaz", []]);
    seeker.typed("Da");
    await timers.pass(PAUSE_MS);
    assert.equal(seeker.key("Escape"), true);
    assert.deepEqual(seeker.found.value, []);
  });

  test("whoever edits the name of a chosen patient means somebody else", async () => {
    const { seeker } = setUp();
    seeker.choose(dana);
    seeker.typed("Dana Diazz");
    assert.equal(seeker.chosen.value, null);
  });
});
