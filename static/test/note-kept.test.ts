/** A link in a tab that comes after one that is gone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as Y from "yjs";
import { Keep } from "../src/notes/keep.ts";
import * as wire from "../src/notes/wire.ts";
import { FakeBoxes, SECRET } from "./fake-boxes.ts";
import { ME, setUp, textOf, type } from "./fake-note.ts";
import { settle } from "./fake-timers.ts";

/** What is sealed and written takes turns of the loop that nobody counts. */
const until = async (check: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 500 && !check(); turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(check(), true);
};

type Opened = ReturnType<typeof setUp>;

const tabOf = (boxes: FakeBoxes): Opened => setUp(new Keep(boxes, "n"));

const begun = async (boxes: FakeBoxes, hello: Partial<wire.Hello> = {}, text = new Y.Doc()): Promise<Opened> => {
  const tab = tabOf(boxes);
  tab.link.start();
  await until(() => tab.servers.length > 0);
  tab.newest().greets(text, hello.rights ?? "write", { keep: SECRET, ...hello });
  await tab.link.ready;
  return tab;
};

/** A tab that typed this and went away before anything of it was stored. */
const crashed = async (boxes: FakeBoxes, words: string): Promise<void> => {
  const { link } = await begun(boxes);
  type(link, words);
  await until(() => link.status.value.kept === "yes" && boxes.kept.length > 0);
  link.stop();
  await settle();
};

describe("a tab after one that is gone [N2]", () => {
  test("goes on under the same client id, sends what was kept, and drops it once it is stored", async () => {
    const boxes = new FakeBoxes();
    await crashed(boxes, "zebrafish");
    const { link, newest } = await begun(boxes);
    assert.equal(newest().hellos[0]?.client_id, ME);
    assert.match(textOf(link.doc), /zebrafish/);
    assert.equal(newest().edits().at(-1)?.step, wire.STEP2, "an edit may not be as long as what was kept");
    assert.equal(link.status.value.saved, false);
    assert.equal(link.status.value.left, null);
    newest().acks(newest().edits().length);
    assert.equal(link.status.value.saved, true);
    await until(() => boxes.kept.length === 0);
    link.stop();
  });

  test("has nothing to send when all of it had arrived, and drops it at once", async () => {
    const boxes = new FakeBoxes();
    const { link, newest } = await begun(boxes);
    type(link, "zebrafish");
    await until(() => link.status.value.kept === "yes" && boxes.kept.length > 0);
    const text = new Y.Doc();
    newest().takes(text);
    link.stop();
    await settle();
    const next = await begun(boxes, {}, text);
    assert.equal(next.link.status.value.saved, true);
    await until(() => boxes.kept.length === 0);
    next.link.stop();
  });

  test("in a note that was locked meanwhile holds it as words that came too late", async () => {
    const boxes = new FakeBoxes();
    await crashed(boxes, "zebrafish");
    const { link, newest } = await begun(boxes, { rights: "read", state: "locked" });
    const { locked, saved, left } = link.status.value;
    assert.deepEqual({ locked, saved, left }, { locked: true, saved: false, left: null });
    assert.match(textOf(link.doc), /zebrafish/);
    assert.deepEqual(newest().edits(), []);
    assert.equal(boxes.kept.length, 1);
    link.forgetUnsaved();
    await until(() => boxes.kept.length === 0);
    link.stop();
  });

  test("that may only read shows the words and leaves the note as it is", async () => {
    const boxes = new FakeBoxes();
    await crashed(boxes, "zebrafish");
    const { link } = await begun(boxes, { rights: "read" });
    assert.equal(link.status.value.left, "zebrafish");
    assert.equal(textOf(link.doc), "");
    link.forgetLeft();
    await until(() => boxes.kept.length === 0);
    assert.equal(link.status.value.left, null);
    link.stop();
  });

  test("as which the server does not let it go on opens as a new one and shows the words", async () => {
    const boxes = new FakeBoxes();
    await crashed(boxes, "zebrafish");
    const tab = tabOf(boxes);
    tab.link.start();
    await until(() => tab.servers.length === 1);
    tab.newest().onopen?.({} as Event);
    tab.newest().ends(4409, "outdated");
    await until(() => tab.servers.length === 2);
    tab.newest().greets(new Y.Doc(), "write", { client_id: 8, keep: SECRET });
    await tab.link.ready;
    assert.equal(tab.newest().hellos[0]?.client_id, undefined);
    assert.equal(tab.link.status.value.left, "zebrafish");
    tab.link.stop();
  });

  test("shows the words where the text that they rest on is gone from the server", async () => {
    const boxes = new FakeBoxes();
    const { link, newest } = await begun(boxes);
    type(link, "stored, ");
    newest().acks(newest().edits().length);
    await until(() => boxes.kept.length === 0);
    type(link, "zebrafish");
    await until(() => boxes.kept.length > 0);
    link.stop();
    await settle();
    const next = await begun(boxes);
    assert.equal(next.link.status.value.left, "zebrafish");
    assert.equal(textOf(next.link.doc), "");
    next.link.stop();
  });

  test("shows what the server refused for good instead of sending it again", async () => {
    const boxes = new FakeBoxes();
    const { link, newest } = await begun(boxes);
    type(link, "zebrafish");
    await until(() => boxes.kept.length > 0);
    newest().ends(4400, "malformed");
    await until(() => boxes.kept[0]?.schema === 0);
    link.stop();
    await settle();
    const next = await begun(boxes);
    assert.equal(next.link.status.value.left, "zebrafish");
    assert.equal(next.newest().hellos[0]?.client_id, undefined);
    next.link.stop();
  });
});
