import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type BlockNode, inFlow, lettersOf, tooLong } from "../src/notes/inserting.ts";
import { itemByKey } from "../src/notes/menu.ts";
import { byShortcut, shortcutIn } from "../src/notes/snippets.ts";
import { filledSections } from "../src/notes/texts.ts";

const says = (text: string): BlockNode => ({ type: "paragraph", content: [{ type: "text", text }] });
const known = byShortcut([
  { shortcut: "bp", nodes: [says("Blood pressure:")] },
  { shortcut: "größe", nodes: [says("Height:")] },
]);

describe("a shortcut [N7]", () => {
  test("is found at the end, after a space, a bracket or nothing", () => {
    for (const before of ["", "Today ", "(", "a\n", "\u00a0"]) {
      const found = shortcutIn(`${before};bp `, known);
      assert.equal(found?.index, before.length, JSON.stringify(before));
      assert.equal(found?.text, ";bp ");
    }
    assert.equal(shortcutIn(";größe ", known)?.text, ";größe ");
  });

  test("is none without its space, inside of a word, or where it stands for nothing", () => {
    for (const text of [";bp", "x;bp ", "bp ", ";bp  ", ";BP ", ";rr ", "; ", ";bp.", ";bp x ", `;${"x".repeat(21)} `])
      assert.equal(shortcutIn(text, known), null, JSON.stringify(text));
  });
});

describe("what is inserted [N7]", () => {
  test("flows on if it is a single paragraph, and stands alone otherwise", () => {
    assert.deepEqual(inFlow([says("one")]), [{ type: "text", text: "one" }]);
    assert.deepEqual(inFlow([says("one"), says("two")]), [says("one"), says("two")]);
    assert.deepEqual(inFlow([{ type: "paragraph" }]), [{ type: "paragraph" }]);
    const list: BlockNode = { type: "bulletList", content: [{ type: "listItem", content: [says("item")] }] };
    assert.deepEqual(inFlow([list]), [list]);
    assert.equal(lettersOf([list]), "item\n\n\n");
  });

  test("is refused where it is longer than a paste may be", () => {
    assert.equal(tooLong([says("x".repeat(39_999))]), false);
    assert.equal(tooLong([says("x".repeat(20_000)), says("x".repeat(20_000))]), true);
  });

  test("comes by section, in the order of the note and without empty ones", () => {
    const names = filledSections({ plan: [says("p")], subjective: [says("s")], objective: [] }).map(({ name }) => name);
    assert.deepEqual(names, ["subjective", "plan"]);
  });
});

describe("keys in the menu [N7]", () => {
  const labels = ["SOAP", "Review", ";bp", "Rehab", "Earlier notes"];

  test("arrows go round, Home and End to the ends", () => {
    assert.equal(itemByKey(labels, 0, "ArrowDown"), 1);
    assert.equal(itemByKey(labels, 4, "ArrowDown"), 0);
    assert.equal(itemByKey(labels, 0, "ArrowUp"), 4);
    assert.equal(itemByKey(labels, -1, "ArrowUp"), 4);
    assert.equal(itemByKey(labels, -1, "ArrowDown"), 0);
    assert.equal(itemByKey(labels, 3, "Home"), 0);
    assert.equal(itemByKey(labels, 0, "End"), 4);
  });

  test("a letter leads to the next item that begins with it", () => {
    assert.equal(itemByKey(labels, 0, "r"), 1);
    assert.equal(itemByKey(labels, 1, "R"), 3);
    assert.equal(itemByKey(labels, 3, "r"), 1);
    assert.equal(itemByKey(labels, 0, ";"), 2);
    assert.equal(itemByKey(labels, 0, "q"), null);
  });

  test("others lead nowhere", () => {
    for (const key of ["Enter", " ", "Shift", "F1"]) assert.equal(itemByKey(labels, 0, key), null, key);
    assert.equal(itemByKey([], -1, "ArrowDown"), null);
  });
});
