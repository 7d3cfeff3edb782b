import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { offers, Pair, stable } from "./fake-pair.ts";
import { settle } from "./fake-timers.ts";

describe("glare: both renegotiate at once [V6]", () => {
  const atOnce = async (pair: Pair): Promise<void> => {
    pair.held = [];
    for (const { peer } of pair.sides) peer.networkChanged();
    await settle();
    pair.release();
    await settle();
  };
  const takenBack = (pair: Pair): number[] => pair.both.map(({ takenBack }) => takenBack);

  test("the offer of whoever made the lines is taken back, and both end stable", async () => {
    const pair = new Pair();
    await pair.connect();
    await atOnce(pair);
    assert.ok(offers(pair.impolite) === 2 && offers(pair.polite) > 0, "both have offered");
    stable(pair);
    assert.deepEqual(takenBack(pair), [1, 0]);
  });

  test("also where the polite one made them anew", async () => {
    const pair = new Pair();
    await pair.connect();
    pair.newest(pair.polite).becomes("failed");
    await pair.flow(12_000);
    assert.deepEqual([pair.impolite.connections.length, pair.polite.connections.length], [2, 2]);
    for (const connection of pair.both) connection.becomes("connected");
    await pair.flow(2_000);
    await atOnce(pair);
    stable(pair);
    assert.deepEqual(takenBack(pair), [0, 1]);
  });

  test("an offer that was lost on its way is said again to who offers next", async () => {
    const pair = new Pair();
    await pair.connect();
    pair.cut = true;
    pair.polite.peer.networkChanged();
    await settle();
    pair.cut = false;
    pair.impolite.peer.networkChanged();
    await settle();
    stable(pair);
    assert.deepEqual(takenBack(pair), [1, 0]);
  });
});
