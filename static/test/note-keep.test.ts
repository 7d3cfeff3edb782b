import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as Y from "yjs";
import { AGAIN_MS, KEPT_BYTES, KEPT_MS, KEPT_RECORDS, Keep } from "../src/notes/keep.ts";
import { fits, wordsIn } from "../src/notes/unsent.ts";
import { SCHEMA } from "../src/notes/wire.ts";
import { FakeBoxes, OTHER_SECRET, SECRET } from "./fake-boxes.ts";
import { FakeTimers, settle } from "./fake-timers.ts";

const updateOf = (words: string): Uint8Array => {
  const doc = new Y.Doc();
  doc.getText("plan").insert(0, words);
  return Y.encodeStateAsUpdate(doc);
};

interface Typing {
  at?: number;
  client?: number;
  note?: string;
}

/** Whether the next write succeeds. */
const outcome = (keep: Keep): Promise<boolean> =>
  new Promise((resolve) => {
    keep.onKept = (kept) => kept !== "soon" && resolve(kept === "yes");
  });

/** A tab that typed these words; resolves once they are kept, or could not be. */
const typedBy = async (
  boxes: FakeBoxes,
  words: string,
  typing: Typing = {},
): Promise<{ keep: Keep; kept: boolean; timers: FakeTimers }> => {
  const { at = 0, client = 7, note = "n" } = typing;
  const timers = new FakeTimers();
  const keep = new Keep(boxes, note, () => at, timers);
  await keep.open(SECRET, client);
  const kept = outcome(keep);
  keep.typed(updateOf(words));
  return { keep, kept: await kept, timers };
};

/** The same, and then it is gone. */
const leftBy = async (boxes: FakeBoxes, words: string, typing: Typing = {}): Promise<void> => {
  (await typedBy(boxes, words, typing)).keep.release();
  await settle();
};

const later = async (boxes: FakeBoxes, at = 0, note = "n"): Promise<Keep> => {
  const keep = new Keep(boxes, note, () => at);
  await keep.find();
  return keep;
};

const wordsOf = (updates: Uint8Array[]): string[] => updates.map(wordsIn);

describe("what is kept on a computer [N2]", () => {
  test("is given back to the next tab of the same login, and holds no plain word", async () => {
    const boxes = new FakeBoxes();
    await leftBy(boxes, "zebrafish");
    const raw = new TextDecoder("latin1").decode(boxes.kept[0]?.sealed);
    assert.equal(raw.includes("zebrafish"), false);
    const keep = await later(boxes);
    assert.equal(keep.resumes, 7);
    const found = await keep.open(SECRET, 7);
    assert.equal(found && wordsIn(found), "zebrafish");
  });

  test("is not called so before the last letter is on the disk", async () => {
    const boxes = new FakeBoxes();
    const keep = new Keep(boxes, "n", () => 0);
    const written: number[] = [];
    boxes.put = async (box) => {
      if (written.push(box.sealed.byteLength) === 1) keep.typed(updateOf("second"));
    };
    await keep.open(SECRET, 7);
    const kept = outcome(keep);
    keep.typed(updateOf("first"));
    assert.equal(await kept, true);
    assert.equal(written.length, 2);
  });

  test("is dropped once it is stored", async () => {
    const boxes = new FakeBoxes();
    const { keep } = await typedBy(boxes, "x");
    keep.stored();
    await boxes.changed();
    assert.deepEqual(boxes.kept, []);
  });

  test("is noise to another login, and dropped", async () => {
    const boxes = new FakeBoxes();
    await leftBy(boxes, "x");
    assert.equal(await (await later(boxes)).open(OTHER_SECRET, 7), null);
    assert.deepEqual(boxes.kept, []);
  });

  test("goes away as a whole where nothing may be kept", async () => {
    const boxes = new FakeBoxes();
    await leftBy(boxes, "x");
    await (await later(boxes, 0, "another")).open(null, 8);
    assert.deepEqual(boxes.kept, []);
  });

  test("is not called so any more once nothing may be kept", async () => {
    const boxes = new FakeBoxes();
    const { keep } = await typedBy(boxes, "x");
    const told: string[] = [];
    keep.onKept = (kept) => told.push(kept);
    keep.stored();
    await keep.open(null, 7);
    keep.typed(updateOf("y"));
    await settle();
    assert.equal(told.at(-1), "no");
    assert.deepEqual(boxes.kept, []);
  });

  test("is sealed anew when somebody signed in again while the tab was open", async () => {
    const boxes = new FakeBoxes();
    const { keep } = await typedBy(boxes, "zebrafish");
    await keep.open(OTHER_SECRET, 7);
    await boxes.changed();
    keep.release();
    await settle();
    const found = await (await later(boxes)).open(OTHER_SECRET, 7);
    assert.equal(found && wordsIn(found), "zebrafish");
  });

  test("is left to the tab that is still there", async () => {
    const boxes = new FakeBoxes();
    await typedBy(boxes, "x");
    assert.equal((await later(boxes)).resumes, null);
  });

  test("of several tabs that are gone: one goes on, the others are offered, oldest first", async () => {
    const boxes = new FakeBoxes();
    for (const [client, words] of ["first", "second", "third"].entries()) {
      await leftBy(boxes, words, { client: 7 + client, at: client });
    }
    const keep = await later(boxes);
    assert.equal(keep.resumes, 9);
    await keep.open(SECRET, 9);
    assert.deepEqual(wordsOf(await keep.left()), ["first", "second"]);
    await keep.forgetStrays();
    assert.deepEqual(await keep.left(), []);
    assert.deepEqual(
      boxes.kept.map(({ client }) => client),
      [9],
    );
  });

  test("is offered where the server does not know its client id", async () => {
    const boxes = new FakeBoxes();
    await leftBy(boxes, "x");
    const keep = await later(boxes);
    keep.refused();
    await keep.open(SECRET, 8);
    assert.deepEqual([keep.resumes, wordsOf(await keep.left())], [null, ["x"]]);
  });

  test("by an editor of another schema, or refused for good, is offered and never sent", async () => {
    const boxes = new FakeBoxes();
    const { keep } = await typedBy(boxes, "x");
    assert.equal(boxes.kept[0]?.schema, SCHEMA);
    keep.spoil();
    await boxes.changed();
    keep.release();
    await settle();
    const next = await later(boxes);
    await next.open(SECRET, 8);
    assert.deepEqual([next.resumes, wordsOf(await next.left())], [null, ["x"]]);
  });
});

describe("bounds of what is kept [N2]", () => {
  test("it is gone after twelve hours", async () => {
    const boxes = new FakeBoxes();
    await leftBy(boxes, "x");
    const keep = await later(boxes, KEPT_MS);
    assert.equal(keep.resumes, 7);
    keep.release();
    await settle();
    assert.equal((await later(boxes, KEPT_MS + 1)).resumes, null);
    assert.deepEqual(boxes.kept, []);
  });

  test("more than one note may keep is not called kept, and what was there before stays", async () => {
    const boxes = new FakeBoxes();
    const { keep, kept } = await typedBy(boxes, "x");
    assert.equal(kept, true);
    const told = outcome(keep);
    keep.typed(updateOf("y".repeat(KEPT_BYTES)));
    assert.equal(await told, false);
    assert.equal(boxes.kept.length, 1);
  });

  test("no more notes than so many, of which those that are too old do not count", async () => {
    const boxes = new FakeBoxes();
    for (let number = 1; number <= KEPT_RECORDS; number++) {
      assert.equal((await typedBy(boxes, "x", { client: number })).kept, true);
    }
    assert.equal((await typedBy(boxes, "x", { client: 99 })).kept, false);
    assert.equal((await typedBy(boxes, "x", { client: 99, at: KEPT_MS + 1 })).kept, true);
  });

  test("where the storage is full it is not called kept, and is again once there is room", async () => {
    const boxes = new FakeBoxes();
    boxes.full = true;
    const { keep, kept } = await typedBy(boxes, "x");
    assert.equal(kept, false);
    boxes.full = false;
    keep.typed(updateOf("y"));
    await boxes.changed();
    await settle();
    assert.equal(boxes.kept.length, 1);
  });

  test("where a write failed it is tried again without a further letter, until the tab goes", async () => {
    const boxes = new FakeBoxes();
    boxes.full = true;
    const { keep, kept, timers } = await typedBy(boxes, "x");
    assert.equal(kept, false);
    const again = outcome(keep);
    await timers.pass(AGAIN_MS);
    assert.equal(await again, false);
    boxes.full = false;
    const third = outcome(keep);
    await timers.pass(AGAIN_MS);
    assert.deepEqual([await third, boxes.kept.length], [true, 1]);
    boxes.full = true;
    const last = outcome(keep);
    keep.typed(updateOf("y"));
    await last;
    keep.release();
    boxes.full = false;
    const before = boxes.kept[0]?.sealed;
    await timers.pass(2 * AGAIN_MS);
    await typedBy(boxes, "of another tab, which takes as long as a write would", { client: 8 });
    assert.equal(boxes.kept.find(({ client }) => client === 7)?.sealed, before);
  });

  test("a storage that fails finds nothing and breaks nothing", async () => {
    const boxes = new FakeBoxes();
    boxes.all = () => Promise.reject(new Error("private window"));
    const keep = await later(boxes);
    assert.deepEqual([keep.resumes, await keep.open(SECRET, 7), await keep.left()], [null, null, []]);
  });
});

describe("what an update says and rests on [N2]", () => {
  test("a new paragraph begins a new line", () => {
    const doc = new Y.Doc();
    for (const words of ["one", "two"]) {
      const paragraph = new Y.XmlElement("paragraph");
      doc.getXmlFragment("plan").push([paragraph]);
      paragraph.insert(0, [new Y.XmlText(words)]);
    }
    assert.equal(wordsIn(Y.encodeStateAsUpdate(doc)), "one\ntwo");
  });

  test("what rests on text that is not there does not fit", () => {
    const doc = new Y.Doc();
    doc.getText("plan").insert(0, "a");
    const before = Y.encodeStateVector(doc);
    doc.getText("plan").insert(1, "b");
    const update = Y.encodeStateAsUpdate(doc, before);
    assert.equal(fits(doc, update), true);
    assert.equal(fits(new Y.Doc(), update), false);
  });
});
