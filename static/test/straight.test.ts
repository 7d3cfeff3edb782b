import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as Y from "yjs";
import { keepStraight } from "../src/notes/straight.ts";

const paragraph = (words: string): Y.XmlElement => {
  const element = new Y.XmlElement("paragraph");
  element.insert(0, [new Y.XmlText(words)]);
  return element;
};

/** The living letters of the first paragraph. */
const lettersOf = (doc: Y.Doc): Y.XmlText => (doc.getXmlFragment("plan").get(0) as Y.XmlElement).get(0) as Y.XmlText;

/** Deletes a letter, then the paragraph, brings that back, writes where the letter was, and brings the letter back. */
const play = (straight: boolean): { doc: Y.Doc; last: Y.Item } => {
  const doc = new Y.Doc();
  doc.clientID = 7;
  if (straight) keepStraight(doc);
  const plan = doc.getXmlFragment("plan");
  const undo = new Y.UndoManager(plan, { trackedOrigins: new Set(["me"]), captureTimeout: 0 });
  doc.transact(() => plan.insert(0, [paragraph("abc"), paragraph("other")]), "opening");
  doc.transact(() => lettersOf(doc).delete(1, 1), "me");
  doc.transact(() => plan.delete(0, 1), "me");
  undo.undo();
  doc.transact(() => lettersOf(doc).insert(1, "x"), "me");
  undo.undo();
  undo.undo();
  const own = doc.store.clients.get(7) ?? [];
  return { doc, last: own[own.length - 1] as Y.Item };
};

const same = (one: Y.ID | null, other: Y.ID | null): boolean => Y.compareIDs(one, other);

describe("what an undo brings back [N1]", () => {
  test("says what it stands between", () => {
    const { last } = play(true);
    assert.ok(same(last.origin, last.left?.lastId ?? null));
    assert.ok(same(last.rightOrigin, last.right?.id ?? null));
  });

  test("would say otherwise as Yjs writes it", () => {
    const { last } = play(false);
    const left = same(last.origin, last.left?.lastId ?? null);
    const right = same(last.rightOrigin, last.right?.id ?? null);
    assert.equal(left && right, false);
  });

  test("is the same text in every copy, also in one that reads it later", () => {
    const { doc } = play(true);
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
    assert.equal(copy.getXmlFragment("plan").toString(), doc.getXmlFragment("plan").toString());
    assert.match(doc.getXmlFragment("plan").toString(), /^<paragraph>abc<\/paragraph>/);
  });

  test("points at nothing newer, however much comes back at once", () => {
    const doc = new Y.Doc();
    keepStraight(doc);
    const plan = doc.getXmlFragment("plan");
    const undo = new Y.UndoManager(plan, { trackedOrigins: new Set(["me"]), captureTimeout: 0 });
    doc.transact(() => plan.insert(0, ["one", "two", "three"].map(paragraph)), "opening");
    doc.transact(() => plan.delete(0, 3), "me");
    const updates: Uint8Array[] = [];
    doc.on("update", (update: Uint8Array) => updates.push(update));
    const before = Y.encodeStateAsUpdate(doc);
    undo.undo();
    const copy = new Y.Doc();
    for (const update of [before, ...updates]) Y.applyUpdate(copy, update);
    assert.equal(copy.getXmlFragment("plan").toString(), plan.toString());
    assert.equal(plan.length, 3);
  });
});
