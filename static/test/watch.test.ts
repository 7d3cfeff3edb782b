import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OURSELVES } from "../src/call/arrange.ts";
import { looksOf } from "../src/call/layout.ts";
import type { Looks } from "../src/call/paths.ts";
import { wishesOf } from "../src/call/watch.ts";
import type { Participant } from "../src/lib/wire.ts";
import { person } from "./fake-call.ts";

const layers = (people: Participant[], more: { looks?: Looks; speaking?: string } = {}): (string | null)[] =>
  wishesOf(people, { looks: more.looks ?? new Map(), speaking: more.speaking ?? null, soundOnly: false }).map(
    ({ layer }) => layer,
  );

const crowd = (count: number) => Array.from({ length: count }, (_, index) => person(`p${index}`, "in_call"));

const arrangement = {
  kind: "large",
  main: null,
  tiles: [],
  side: "below",
  columns: 1,
  rows: 1,
  tile: { inline: 1, block: 1 },
  page: 0,
  pages: 1,
} as const;

describe("what is wished for where the page has not said how it shows somebody [V7]", () => {
  test("follows from how many there are, who speaks and who shares", () => {
    assert.deepEqual(layers(crowd(1)), ["h"]);
    assert.deepEqual(layers(crowd(3)), ["m", "m", "m"]);
    assert.deepEqual(layers(crowd(4), { speaking: "p2" }), ["l", "l", "m", "l"]);
    assert.deepEqual(layers([person("a", "in_call", { screen: true }), ...crowd(4)])[0], "h");
  });

  test("leaves out whose browser is not there", () => {
    assert.deepEqual(layers([person("a", "in_call", { peer: null })]), []);
  });
});

describe("what the layout needs of a picture [V7]", () => {
  test("the large one in full, small ones little, those on another page nothing", () => {
    const looks = looksOf({ ...arrangement, main: "a", tiles: ["b", OURSELVES] }, "a", ["a", "b", "c"]);
    assert.deepEqual(
      [...looks],
      [
        ["a", { layer: "h", pinned: true }],
        ["b", { layer: "l", pinned: false }],
        ["c", { layer: null, pinned: false }],
      ],
    );
  });

  test("those of a grid more, as long as they are few", () => {
    const grid = (count: number) => {
      const tiles = crowd(count).map(({ id }) => id);
      return looksOf({ ...arrangement, kind: "grid", tiles }, null, tiles).get("p0")?.layer;
    };
    assert.equal(grid(4), "m");
    assert.equal(grid(5), "l");
  });
});
