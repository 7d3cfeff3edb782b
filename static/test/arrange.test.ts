import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Arrangement, arrange, OURSELVES, type Size, type Wish } from "../src/call/arrange.ts";
import { HOLD_MS, SpeakerHold } from "../src/call/hold.ts";
import { FakeTimers } from "./fake-timers.ts";

/** The stage in the windows that people have, in rem. */
const STAGES: Record<string, Size> = {
  "phone upright": { inline: 23.4, block: 42 },
  "phone on its side": { inline: 51.7, block: 15.6 },
  laptop: { inline: 84, block: 38 },
  "pane of the desk": { inline: 41, block: 33 },
  "laptop at 200 %": { inline: 41.7, block: 14 },
  "desk at 200 %": { inline: 41.7, block: 9.5 },
  "a slit between the keyboard and the list": { inline: 22.6, block: 6.2 },
  "phone of 320 px": { inline: 19, block: 29 },
};
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 7];
const GAP = 0.375;

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);

const wish = (count: number, more: Partial<Wish> = {}): Wish => ({
  people: ids(count),
  ourselves: true,
  speaker: null,
  pinned: null,
  screen: null,
  grid: false,
  size: { inline: 41, block: 33 },
  page: 0,
  ...more,
});

const everyPage = (asked: Wish): Arrangement[] =>
  Array.from({ length: arrange(asked).pages }, (_, page) => arrange({ ...asked, page }));

const extent = (tile: number, count: number): number => count * tile + (count - 1) * GAP;

/** Every window, with every number of others, in both ways. */
const CASES = Object.entries(STAGES).flatMap(([name, size]) =>
  COUNTS.flatMap((count) =>
    [false, true].map((grid) => ({
      name: `${name}, ${count} others, ${grid ? "grid" : "large"}`,
      count,
      size,
      pages: everyPage(wish(count, { size, grid })),
    })),
  ),
);

const fitsInto = ({ inline, block }: Size, { tiles, columns, rows, tile, pages }: Arrangement): void => {
  assert.ok(tiles.length + (pages > 1 ? 1 : 0) <= columns * rows, "a place for each tile and the buttons");
  assert.ok(extent(tile.inline, columns) <= inline + 0.001, `${columns} × ${tile.inline} rem`);
  assert.ok(extent(tile.block, rows) <= block + 0.001, `${rows} × ${tile.block} rem`);
};

describe("arrange", () => {
  for (const { name, count, size, pages } of CASES) {
    test(`${name}: everybody is on one page and on no other`, () => {
      const main = pages[0]?.main ?? null;
      const shown = [...pages.flatMap(({ tiles }) => tiles), ...(main === null ? [] : [main])];
      assert.deepEqual(shown.sort(), [...ids(count), OURSELVES].sort());
    });

    test(`${name}: the tiles fit into the stage`, () => {
      for (const page of pages) if (count > 1) fitsInto(size, page);
    });
  }

  test("a call of two has the other alone, and ourselves over it", () => {
    const { kind, main, tiles } = arrange(wish(1, { grid: true, pinned: "p0" }));
    assert.deepEqual([kind, main, tiles], ["one", "p0", [OURSELVES]]);
  });

  test("nobody there", () => {
    assert.deepEqual([arrange(wish(0)).kind, arrange(wish(0)).main], ["nobody", null]);
  });

  test("whoever only listens has no tile of their own", () => {
    assert.deepEqual(arrange(wish(3, { ourselves: false })).tiles, ["p1", "p2"]);
  });

  test("who is large: the pinned, else a screen, else the speaker, else the first who joined", () => {
    const all = { pinned: "p3", screen: "p2", speaker: "p1" };
    const main = (more: Partial<Wish>) => arrange(wish(4, more)).main;
    assert.equal(main(all), "p3");
    assert.equal(main({ ...all, pinned: null }), "p2");
    assert.equal(main({ speaker: "p1" }), "p1");
    assert.equal(main({}), "p0");
    assert.equal(main({ pinned: "gone", screen: "gone", speaker: "gone" }), "p0");
  });

  test("a pinned picture and a shared screen are large in the grid too, somebody who left is not", () => {
    assert.equal(arrange(wish(4, { grid: true })).kind, "grid");
    assert.equal(arrange(wish(4, { grid: true, pinned: "p1" })).kind, "large");
    assert.equal(arrange(wish(4, { grid: true, screen: "p1" })).kind, "large");
    assert.equal(arrange(wish(4, { grid: true, pinned: "gone" })).kind, "grid");
  });

  test("small tiles stay in the order of joining, whoever speaks, and we come last", () => {
    assert.deepEqual(arrange(wish(4, { speaker: "p2" })).tiles, ["p0", "p1", "p3", OURSELVES]);
  });

  test("the strip lies below on an upright phone and beside on all that is wide", () => {
    for (const [name, size] of Object.entries(STAGES)) {
      if (name === "pane of the desk") continue;
      const upright = size.block > size.inline;
      assert.equal(arrange(wish(3, { size })).side, upright ? "below" : "beside", name);
    }
  });

  test("eight fit on an upright phone and on a laptop without turning pages", () => {
    for (const name of ["phone upright", "phone on its side", "laptop", "pane of the desk"])
      assert.equal(arrange(wish(7, { size: STAGES[name] as Size })).pages, 1, name);
  });

  test("a page that is no longer there is the last one", () => {
    const tight = wish(7, { size: STAGES["desk at 200 %"] as Size, page: 99 });
    const { page, pages, tiles } = arrange(tight);
    assert.ok(pages > 1);
    assert.equal(page, pages - 1);
    assert.equal(tiles.at(-1), OURSELVES);
  });
});

describe("the one who speaks", () => {
  const rig = () => {
    const timers = new FakeTimers();
    const shown: (string | null)[] = [];
    return { timers, shown, hold: new SpeakerHold((id) => shown.push(id), timers) };
  };

  test("is large at once after a silence, and stays so through the next one", () => {
    const { hold, shown } = rig();
    hold.hear("a");
    hold.hear(null);
    assert.deepEqual(shown, ["a"]);
  });

  test("is not taken over for a word in between", async () => {
    const { hold, shown, timers } = rig();
    hold.hear("a");
    hold.hear("b");
    await timers.pass(HOLD_MS / 2);
    hold.hear("a");
    await timers.pass(HOLD_MS * 2);
    assert.deepEqual(shown, ["a"]);
  });

  test("is taken over by whoever goes on speaking", async () => {
    const { hold, shown, timers } = rig();
    hold.hear("a");
    hold.hear("b");
    await timers.pass(HOLD_MS - 1);
    assert.deepEqual(shown, ["a"]);
    await timers.pass(1);
    assert.deepEqual(shown, ["a", "b"]);
  });

  test("a word that is over before its turn is not shown", async () => {
    const { hold, shown, timers } = rig();
    hold.hear("a");
    hold.hear("b");
    hold.hear(null);
    await timers.pass(HOLD_MS * 2);
    assert.deepEqual(shown, ["a"]);
  });
});
