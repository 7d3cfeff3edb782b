/** The arrow keys in the week's grid. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { goTo } from "../src/today/walk.ts";

const UP = { row: -1, column: 0 };
const DOWN = { row: 1, column: 0 };
const BACK = { row: 0, column: -1 };
const ON = { row: 0, column: 1 };

/** In the order of the page, line by line: two at nine on Monday, one on Wednesday; then one at eleven on Monday and one on Friday. */
const PLACES = [
  { row: 1, column: 1 },
  { row: 1, column: 1 },
  { row: 1, column: 3 },
  { row: 3, column: 1 },
  { row: 3, column: 5 },
];

test("up and down stay in the day, also within one hour", () => {
  assert.equal(goTo(PLACES, 0, DOWN), 1);
  assert.equal(goTo(PLACES, 1, DOWN), 3);
  assert.equal(goTo(PLACES, 3, UP), 1);
  assert.equal(goTo(PLACES, 0, UP), null);
  assert.equal(goTo(PLACES, 2, DOWN), null);
});

test("sideways go to the next day that has something, and there to what is nearest", () => {
  assert.equal(goTo(PLACES, 3, ON), 2);
  assert.equal(goTo(PLACES, 2, ON), 4);
  assert.equal(goTo(PLACES, 4, BACK), 2);
  assert.equal(goTo(PLACES, 2, BACK), 0);
  assert.equal(goTo(PLACES, 4, ON), null);
});

test("what is not in the grid goes nowhere", () => {
  assert.equal(goTo(PLACES, 9, DOWN), null);
});
