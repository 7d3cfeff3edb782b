import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inOrder, type Listed, type Signature } from "../src/notes/listed.ts";
import { Shelf } from "../src/notes/shelf.ts";
import { NOTE } from "./fake-listed.ts";

const JOTTINGS: Listed = { ...NOTE, id: "jottings", kind: "jottings" };
const AMENDMENT: Listed = { ...NOTE, id: "amendment", purpose: "amendment", number: 2, amends: "note" };

const SIGNATURE: Signature = { name: "Bob", at: "2026-03-02T10:41:07Z", kind: "signed", current: true };

const setUp = async (...answers: Listed[][]) => {
  const shelf = new Shelf({
    list: async () => answers.shift() ?? Promise.reject(new Error("no")),
    one: async () => ({ ...NOTE, state: "locked" }),
  });
  await shelf.load();
  return shelf;
};
const ids = (shelf: Shelf): unknown =>
  Array.isArray(shelf.listed.value) ? shelf.listed.value.map(({ id }) => id) : null;
const current = (shelf: Shelf): boolean | undefined => (shelf.listed.value as Listed[])[0]?.signatures[0]?.current;

describe("the notes beside each other [N3]", () => {
  test("stand by kind, one's own first, with amendments at the end", () => {
    const theirs = { ...JOTTINGS, id: "theirs", mine: false };
    const found = inOrder([AMENDMENT, theirs, JOTTINGS, NOTE]);
    assert.deepEqual(
      found.map(({ id }) => id),
      ["note", "jottings", "theirs", "amendment"],
    );
  });

  test("open one by one and stay open", async () => {
    const shelf = await setUp([JOTTINGS, NOTE]);
    assert.equal(shelf.chosen.value, "note");
    shelf.choose("jottings");
    assert.deepEqual([...shelf.opened.value], ["note", "jottings"]);
  });

  test("are listed anew after a right was withdrawn, and begin afresh", async () => {
    const shelf = await setUp([NOTE, JOTTINGS], [JOTTINGS]);
    assert.equal(await shelf.again(), true);
    assert.deepEqual(ids(shelf), ["jottings"]);
    assert.equal(shelf.chosen.value, "jottings");
    assert.equal(shelf.rounds.value.get("jottings"), 1);
  });

  test("are never taken away with words that are not saved", async () => {
    const shelf = await setUp([NOTE, JOTTINGS], [JOTTINGS]);
    shelf.mark("note", false);
    await shelf.again();
    assert.deepEqual(ids(shelf), ["note", "jottings"]);
    assert.equal(shelf.rounds.value.has("note"), false);
  });

  test("stay as they are when there is nothing else to open", async () => {
    const shelf = await setUp([NOTE], []);
    assert.equal(await shelf.again(), false);
    assert.equal(await shelf.again(), false);
    assert.deepEqual(ids(shelf), ["note"]);
  });

  test("take in what is new, and keep what is not listed any more with what it holds", async () => {
    const signed = { ...NOTE, state: "locked" } as const;
    const shelf = await setUp([NOTE, JOTTINGS], [signed, AMENDMENT]);
    await shelf.look();
    assert.deepEqual(ids(shelf), ["note", "jottings", "amendment"]);
    assert.equal((shelf.listed.value as Listed[])[0]?.state, "locked");
    assert.equal(shelf.rounds.value.size, 0);
    await shelf.look();
    assert.deepEqual(ids(shelf), ["note", "jottings", "amendment"]);
  });

  test("carry the server's latest word", async () => {
    const shelf = await setUp([NOTE]);
    shelf.told(AMENDMENT);
    await shelf.refresh("note");
    assert.deepEqual(ids(shelf), ["note", "amendment"]);
    assert.equal((shelf.listed.value as Listed[])[0]?.state, "locked");
  });

  test("are no longer what was signed once they change", async () => {
    const shelf = await setUp([{ ...NOTE, signatures: [SIGNATURE] }]);
    shelf.changed("note");
    assert.equal(current(shelf), false);
  });

  test("show where something is unsaved, until it is saved or dropped", async () => {
    const shelf = await setUp([NOTE]);
    shelf.mark("note", false);
    assert.equal(shelf.unsaved.value.has("note"), true);
    shelf.mark("note", true);
    assert.equal(shelf.unsaved.value.size, 0);
    shelf.mark("note", false);
    shelf.reopen("note");
    assert.deepEqual([shelf.unsaved.value.size, shelf.rounds.value.get("note")], [0, 1]);
  });

  test("stay outdated when the answer was asked for before the last letter", async () => {
    const signed: Listed = { ...NOTE, signatures: [SIGNATURE] };
    let reply: (note: Listed) => void = () => undefined;
    const shelf = new Shelf({
      list: async () => [signed],
      one: () => new Promise((resolve) => (reply = resolve)),
    });
    await shelf.load();
    const asked = shelf.refresh(NOTE.id);
    shelf.changed(NOTE.id);
    reply(signed);
    await asked;
    assert.equal(current(shelf), false);
    shelf.mark(NOTE.id, false);
    await shelf.look();
    assert.equal(current(shelf), false);
    shelf.mark(NOTE.id, true);
    await shelf.look();
    assert.equal(current(shelf), true);
  });
});
