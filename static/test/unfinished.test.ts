import assert from "node:assert/strict";
import { test } from "node:test";
import { isUnsigned } from "../src/desk/unfinished.tsx";
import type { Listed } from "../src/notes/listed.ts";

const note = (changed: Partial<Listed> = {}): Listed => ({
  id: "n",
  kind: "shared",
  purpose: "original",
  number: 1,
  amends: null,
  reason: null,
  state: "draft",
  author: "Dr Alice Ahmed",
  mine: true,
  writable: true,
  may: ["sign"],
  signatures: [],
  released: false,
  ...changed,
});
const signature = (current: boolean) => ({
  name: "Dr Alice Ahmed",
  at: "2026-11-23T10:00:00Z",
  kind: "signed" as const,
  current,
});

test("a clinical note that one may sign waits for it until what it says now is signed [V10]", () => {
  assert.equal(isUnsigned([note()]), true);
  assert.equal(isUnsigned([note({ signatures: [signature(true)] })]), false);
  assert.equal(isUnsigned([note({ signatures: [signature(false)] })]), true);
});

test("jottings, amendments and what a colleague must sign are nobody's reminder here", () => {
  assert.equal(isUnsigned([note({ kind: "jottings" }), note({ amends: "x" }), note({ may: [] })]), false);
  assert.equal(isUnsigned([]), false);
});
