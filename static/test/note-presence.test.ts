import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ledger } from "../src/notes/ledger.ts";
import * as wire from "../src/notes/wire.ts";
import { type FakeServer, withLink } from "./fake-note.ts";

describe("presence [N1]", () => {
  const own = (server: FakeServer) => server.heard.filter((each) => each.kind === wire.AWARENESS);

  withLink("goes out ten times a second at most, and the last state always goes", async ({ link, newest, timers }) => {
    await timers.pass(1_000);
    const before = own(newest()).length;
    for (let step = 0; step < 50; step += 1) {
      link.awareness?.setLocalStateField("section", `s${step}`);
      await timers.pass(10);
    }
    await timers.pass(200);
    const sent = own(newest()).slice(before);
    assert.ok(sent.length >= 5 && sent.length <= 7, `${sent.length}`);
    const last = sent.at(-1);
    assert.ok(last && "payload" in last && new TextDecoder().decode(last.payload).includes("s49"));
  });

  withLink(
    "nobody is seen over a broken line, and everybody again when it is back",
    async ({ link, newest, timers, text }) => {
      const other = (): void => newest().says(wire.awarenessFrame(new Uint8Array([1, 7, 3, 2, 123, 125])));
      other();
      assert.equal(link.awareness?.getStates().has(7), true);
      newest().ends(1006);
      assert.equal(link.awareness?.getStates().has(7), false);
      await timers.pass(300);
      newest().greets(text);
      other();
      assert.equal(link.awareness?.getStates().has(7), true);
    },
  );
});

describe("the ledger [N2]", () => {
  test("is clean only after complete and even", () => {
    const ledger = new Ledger();
    ledger.typed();
    ledger.sent();
    ledger.stored(1, false);
    assert.equal(ledger.dirty, true);
    ledger.stored(1, true);
    assert.equal(ledger.dirty, false);
    ledger.typed();
    ledger.sent();
    ledger.sent();
    ledger.stored(2, true);
    assert.equal(ledger.dirty, true);
    ledger.reconnected();
    ledger.sent();
    ledger.stored(1, true);
    assert.equal(ledger.dirty, false);
  });
});
