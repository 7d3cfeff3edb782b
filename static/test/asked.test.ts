import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { signal } from "@preact/signals";
import { Asked } from "../src/today/asked.ts";
import { rowOf } from "./today-rows.ts";

const store = new Map<string, string>();

beforeEach(() => {
  store.clear();
  (globalThis as Record<string, unknown>).localStorage = {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => store.set(key, value),
  };
});

const asks = (id: string, at: string) => rowOf(id, { invited_by: "Dr Alice", invited_at: at });

test("who asks is told until they are put aside, and again when they ask again", () => {
  const rows = signal([rowOf("a", {}), asks("b", "10:00")]);
  const asked = new Asked(rows);
  const [first] = asked.asks.value;
  assert.deepEqual([first?.name, asked.asks.value.length], ["Dr Alice", 1]);
  if (first) asked.putAside(first);
  assert.deepEqual(asked.asks.value, []);
  rows.value = [asks("b", "10:05")];
  assert.equal(asked.asks.value.length, 1);
  rows.value = [rowOf("b", {})];
  assert.deepEqual(asked.asks.value, []);
});

test("what is put aside on one page is so on the others, and stays so", () => {
  const rows = signal([asks("b", "10:00"), asks("c", "10:00")]);
  const [here, there] = [new Asked(rows), new Asked(rows)];
  const [first] = here.asks.value;
  if (first) here.putAside(first);
  assert.equal(there.asks.value.length, 2);
  there.recall();
  assert.equal(there.asks.value.length, 1);
  assert.equal(new Asked(rows).asks.value.length, 1);
});

test("nothing is said on the desk of that very consultation", () => {
  assert.deepEqual(new Asked(signal([asks("b", "10:00")]), "b").asks.value, []);
});
