/** What undo takes away, and what of a colleague's it leaves. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ySyncPluginKey } from "@tiptap/y-tiptap";
import * as Y from "yjs";
import { ownUndo } from "../src/notes/undoing.ts";

const element = (name: string, ...children: (Y.XmlElement | Y.XmlText)[]): Y.XmlElement => {
  const made = new Y.XmlElement(name);
  made.insert(0, children);
  return made;
};
const paragraph = (text: string): Y.XmlElement => element("paragraph", new Y.XmlText(text));
const item = (...children: Y.XmlElement[]): Y.XmlElement => element("listItem", ...children);
const list = (...items: Y.XmlElement[]): Y.XmlElement => element("bulletList", ...items);

const newNote = () => {
  const mine = new Y.Doc();
  const part = mine.getXmlFragment("plan");
  const undo = ownUndo(part);
  const writes = (change: () => void): void => mine.transact(change, ySyncPluginKey);
  /** A colleague's change arrives as an update from elsewhere. */
  const colleague = (change: (part: Y.XmlFragment) => void): void => {
    const theirs = new Y.Doc();
    Y.applyUpdate(theirs, Y.encodeStateAsUpdate(mine));
    theirs.transact(() => change(theirs.getXmlFragment("plan")));
    Y.applyUpdate(mine, Y.encodeStateAsUpdate(theirs), "socket");
  };
  return { part, undo, writes, colleague };
};

const first = (part: Y.XmlFragment | Y.XmlElement): Y.XmlElement => part.get(0) as Y.XmlElement;

describe("undo [N1]", () => {
  test("what nobody else touched goes altogether", () => {
    const { part, undo, writes } = newNote();
    writes(() => part.insert(0, [list(item(paragraph("Rest"), list(item(paragraph("long")))))]));
    undo.undo();
    assert.equal(part.length, 0);
  });

  test("a colleague's letters, paragraphs and items stay", () => {
    const { part, undo, writes, colleague } = newNote();
    writes(() => part.insert(0, [list(item(paragraph("Rest"))), paragraph("Tablets")]));
    colleague((theirs) => {
      first(theirs).push([item(paragraph("Sleep"))]);
      ((theirs.get(1) as Y.XmlElement).get(0) as Y.XmlText).insert(3, "-");
    });
    undo.undo();
    assert.equal(
      part.toString(),
      "<bulletlist><listitem><paragraph>Sleep</paragraph></listitem></bulletlist><paragraph>-</paragraph>",
    );
  });

  test("an item that a colleague put a list below keeps an empty paragraph, without which no editor could show it", () => {
    const { part, undo, writes, colleague } = newNote();
    writes(() => part.insert(0, [list(item(paragraph("Rest")))]));
    colleague((theirs) => first(first(theirs)).push([list(item(paragraph("eight hours")))]));
    undo.undo();
    const below = "<bulletlist><listitem><paragraph>eight hours</paragraph></listitem></bulletlist>";
    assert.equal(part.toString(), `<bulletlist><listitem><paragraph></paragraph>${below}</listitem></bulletlist>`);
    undo.redo();
    assert.equal(part.toString(), `<bulletlist><listitem><paragraph>Rest</paragraph>${below}</listitem></bulletlist>`);
  });

  test("where the caret once was is told to nobody: the text may have become another", () => {
    const { part, undo, writes } = newNote();
    const told: unknown[] = [];
    undo.on("stack-item-added", ({ stackItem }) => stackItem.meta.set("binding", 13));
    undo.on("stack-item-popped", ({ stackItem }) => told.push(stackItem.meta.get("binding")));
    writes(() => part.insert(0, [paragraph("Rest")]));
    undo.undo();
    undo.redo();
    assert.deepEqual(told, [undefined, undefined]);
  });

  test("what came from elsewhere is not there to be undone", () => {
    const { part, undo, colleague } = newNote();
    colleague((theirs) => theirs.insert(0, [paragraph("Sleep")]));
    assert.equal(undo.undo(), null);
    assert.equal(part.toString(), "<paragraph>Sleep</paragraph>");
  });
});
