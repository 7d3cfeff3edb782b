import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as Y from "yjs";
import type { NoteLink } from "../src/notes/provider.ts";
import * as wire from "../src/notes/wire.ts";
import { AT, ME, setUp, textOf, type, withLink } from "./fake-note.ts";
import { settle } from "./fake-timers.ts";

describe("opening [N1]", () => {
  withLink(
    "sends ticket and schema first and takes the client id before anything is typed",
    async ({ link, newest, type }) => {
      assert.deepEqual(newest().hellos, [{ ticket: "ticket-1", schema: wire.SCHEMA }]);
      await link.ready;
      assert.equal(link.doc.clientID, ME);
      assert.equal(link.awareness?.clientID, ME);
      type("x");
      const clients = [...Y.decodeStateVector(Y.encodeStateVector(link.doc)).keys()];
      assert.deepEqual(clients, [ME]);
    },
  );

  withLink("is calm: nothing was typed, so nothing is unsaved", ({ link }) => {
    const { line, saved, savedAt, writable } = link.status.value;
    assert.deepEqual({ line, saved, savedAt, writable }, { line: "open", saved: true, savedAt: null, writable: true });
  });

  test("without a hello within eight seconds is tried again", async () => {
    const { link, timers, servers } = setUp();
    link.start();
    await timers.pass(8_000);
    assert.equal(servers[0]?.closed, true);
    await timers.pass(300);
    assert.equal(servers.length, 2);
    link.stop();
  });
});

describe("saved [N2]", () => {
  withLink("is said only when the server has confirmed every message", ({ link, newest, type }) => {
    type("a");
    assert.equal(link.status.value.saved, false);
    type("b");
    newest().acks(3);
    assert.equal(
      link.status.value.saved,
      false,
      "the insertion of the text node, a and b are three messages after step 2",
    );
    newest().acks(newest().edits().length);
    assert.equal(link.status.value.saved, true);
    assert.equal(link.status.value.savedAt, AT);
  });

  withLink("is not said of what others typed", ({ link, newest, text }) => {
    type({ doc: text } as NoteLink, "theirs");
    newest().says(wire.syncFrame(wire.UPDATE, Y.encodeStateAsUpdate(text)));
    assert.match(textOf(link.doc), /theirs/);
    assert.equal(link.status.value.saved, true);
    assert.equal(newest().edits().length, 1);
  });

  withLink(
    "is taken back when the line breaks before the answer, and is true again after the text went once more",
    async (all) => {
      const { link, newest, timers, text, type } = all;
      type("almost");
      newest().ends(1006);
      assert.equal(link.status.value.saved, false);
      assert.equal(link.status.value.line, "lost");
      type(" and offline");
      await timers.pass(300);
      newest().greets(text);
      assert.equal(link.status.value.saved, false);
      assert.equal(newest().edits().length, 1);
      newest().takes(text);
      assert.match(textOf(text), /and offline/);
      newest().acks(1);
      assert.equal(link.status.value.saved, true);
    },
  );

  withLink("is not said by an answer that comes before step 2 went out", async ({ link, newest, timers, type }) => {
    type("offline");
    newest().ends(1006);
    await timers.pass(300);
    newest().onopen?.({} as Event);
    newest().saysJson(wire.HELLO, { client_id: ME, schema: wire.SCHEMA, rights: "write" });
    newest().acks(0);
    assert.equal(link.status.value.saved, false);
  });

  withLink("stays true over a broken line when nothing was typed", ({ link, newest }) => {
    newest().ends(1006);
    assert.equal(link.status.value.saved, true);
  });

  withLink("is not said after a refusal, whatever is confirmed afterwards", ({ link, newest, type }) => {
    type("x");
    newest().saysJson(wire.REJECT, { n: 2, code: "full", message: "" });
    newest().acks(newest().edits().length);
    assert.equal(link.status.value.saved, false);
    assert.equal(link.status.value.full, true);
  });

  withLink("after a gap the server asks, gets everything, and only then is it true", ({ link, newest, text, type }) => {
    type("x");
    newest().saysJson(wire.REJECT, { n: 2, code: "gap", message: "" });
    type("y");
    const before = newest().edits().length;
    newest().says(wire.syncFrame(wire.STEP1, Y.encodeStateVector(text)));
    assert.equal(newest().edits().length, before + 1);
    newest().takes(text);
    assert.match(textOf(text), /yx/);
    newest().acks(before + 1);
    assert.equal(link.status.value.saved, true);
  });
});

describe("rights [N3]", () => {
  withLink("to write that are taken away stop the sending and never say saved", ({ link, newest, type }) => {
    newest().saysJson(wire.EVENT, { rights: "read" });
    const before = newest().edits().length;
    type("kept here");
    assert.equal(newest().edits().length, before);
    newest().acks(before);
    assert.equal(link.status.value.saved, false);
    assert.equal(link.status.value.writable, false);
  });

  const endings: [number, string, string][] = [
    [4403, "withdrawn", "withdrawn"],
    [4404, "not_found", "withdrawn"],
    [4409, "outdated", "outdated"],
    [4409, "replaced", "replaced"],
    [4400, "malformed", "refused"],
    [4413, "too_big", "refused"],
  ];
  for (const [code, reason, ending] of endings)
    withLink(
      `closed ${code} ${reason} ends for good and keeps the text`,
      async ({ link, newest, servers, timers, type }) => {
        type("mine");
        newest().ends(code, reason);
        await timers.pass(60_000);
        assert.equal(servers.length, 1);
        assert.deepEqual([link.status.value.line, link.status.value.ending], ["ended", ending]);
        assert.match(textOf(link.doc), /mine/);
        assert.equal(link.status.value.saved, false);
      },
    );

  withLink("a note that went to another tab can be brought back", async ({ link, newest, servers, text }) => {
    newest().ends(4409, "replaced");
    link.resume();
    await settle();
    assert.equal(servers.length, 2);
    newest().greets(text);
    assert.equal(link.status.value.line, "open");
  });
});

describe("coming back [N2]", () => {
  withLink("resumes under the same client id, quickly at first", async ({ newest, servers, timers }) => {
    newest().ends(1006);
    await timers.pass(300);
    assert.equal(servers.length, 2);
    newest().onopen?.({} as Event);
    assert.deepEqual(newest().hellos, [{ ticket: "ticket-2", schema: wire.SCHEMA, client_id: ME }]);
  });

  withLink(
    "tries often enough to be back within three seconds of the server's return",
    async ({ newest, servers, timers }) => {
      newest().ends(1006);
      for (let gone = 0; gone < 30_000; gone += 100) {
        const before = servers.length;
        await timers.pass(100);
        if (servers.length > before) newest().ends(1006);
      }
      const tries = servers.length;
      await timers.pass(3_000);
      assert.ok(servers.length > tries);
    },
  );

  withLink(
    "fetches one new ticket after 4401, and is signed out after the second",
    async ({ link, newest, servers, timers }) => {
      newest().ends(4401);
      await timers.pass(0);
      assert.equal(servers.length, 2);
      newest().ends(4401);
      assert.equal(link.status.value.ending, "signed_out");
    },
  );

  withLink(
    "whoever signs in again goes on with what they typed",
    async ({ link, newest, tickets, timers, text, type }) => {
      tickets.refuse = 401;
      newest().ends(4401);
      await timers.pass(0);
      type("kept");
      assert.equal(link.status.value.ending, "signed_out");
      tickets.refuse = 0;
      link.resume();
      await settle();
      newest().greets(text);
      newest().takes(text);
      newest().acks(1);
      assert.match(textOf(text), /kept/);
      assert.equal(link.status.value.saved, true);
    },
  );

  withLink("no other ending is resumed", async ({ link, newest, servers }) => {
    newest().ends(4403);
    link.resume();
    await settle();
    assert.equal(servers.length, 1);
  });

  for (const [status, ending] of [
    [401, "signed_out"],
    [403, "withdrawn"],
    [404, "withdrawn"],
  ] as const)
    withLink(`a ticket that is refused with ${status} ends it`, async ({ link, newest, tickets, timers }) => {
      tickets.refuse = status;
      newest().ends(1006);
      await timers.pass(300);
      assert.equal(link.status.value.ending, ending);
    });

  withLink("a server that is down or busy is asked again", async ({ link, newest, tickets, timers, servers }) => {
    tickets.refuse = 503;
    newest().ends(1006);
    await timers.pass(5_000);
    assert.equal(link.status.value.line, "lost");
    tickets.refuse = 0;
    await timers.pass(2_000);
    assert.equal(servers.length, 2);
  });

  withLink("waits ten seconds after too many frames", async ({ newest, servers, timers }) => {
    newest().ends(4429);
    await timers.pass(9_900);
    assert.equal(servers.length, 1);
    await timers.pass(200);
    assert.equal(servers.length, 2);
  });

  withLink(
    "a silent line is asked for a sign of life, and given up without one",
    async ({ newest, servers, timers }) => {
      const before = newest().edits().length;
      await timers.pass(15_000);
      assert.equal(newest().edits().length, before + 1);
      newest().acks(before + 1);
      await timers.pass(15_000);
      assert.equal(servers.length, 1);
      await timers.pass(8_400);
      assert.equal(servers.length, 2);
    },
  );
});

describe("what is not saved yet, by section [N5]", () => {
  const write = (doc: Y.Doc, section: string): void =>
    doc.getXmlFragment(section).insert(0, [new Y.XmlElement("paragraph")]);

  withLink("is named in the order of the note until the server has it", ({ link, newest }) => {
    write(link.doc, "plan");
    write(link.doc, "subjective");
    assert.deepEqual(link.unsaved.value, ["subjective", "plan"]);
    newest().acks(newest().edits().length);
    assert.deepEqual(link.unsaved.value, []);
  });

  withLink("holds nothing that others wrote", ({ link, newest, text }) => {
    write(text, "plan");
    newest().says(wire.syncFrame(wire.UPDATE, Y.encodeStateAsUpdate(text)));
    assert.deepEqual(link.unsaved.value, []);
  });
});

describe("a note that is locked while it is open [N5]", () => {
  withLink("is read only from the event on", ({ link, newest }) => {
    newest().saysJson(wire.EVENT, { rights: "read", state: "locked" });
    const { writable, locked, saved } = link.status.value;
    assert.deepEqual({ writable, locked, saved }, { writable: false, locked: true, saved: true });
  });

  withLink("has everything that was on its way, once the server confirms it", ({ link, newest, type }) => {
    type("in time");
    newest().saysJson(wire.EVENT, { rights: "read", state: "locked" });
    assert.equal(link.status.value.saved, false);
    newest().acks(newest().edits().length);
    assert.equal(link.status.value.saved, true);
  });

  withLink("never calls saved what was typed without the right", ({ link, newest, type }) => {
    newest().saysJson(wire.EVENT, { rights: "read", state: "draft" });
    type("not sent");
    newest().acks(newest().edits().length);
    assert.equal(link.status.value.saved, false);
  });

  withLink(
    "after a step that crossed a colleague's ends the line, keeps the text and never sends it again",
    async (it) => {
      const { link, servers, newest, timers, type } = it;
      type("back");
      newest().saysJson(wire.REJECT, { n: 2, code: "order", message: "" });
      const sent = newest().edits().length;
      type("on and ");
      link.hurry();
      link.resume();
      await timers.pass(60_000);
      const { line, ending, saved } = link.status.value;
      assert.deepEqual({ line, ending, saved }, { line: "ended", ending: "crossed", saved: false });
      assert.equal(servers.length, 1);
      assert.equal(newest().edits().length, sent);
      assert.equal(newest().closed, true);
      assert.match(textOf(link.doc), /on and back/);
    },
  );

  withLink("keeps what came too late as not saved", ({ link, newest, type }) => {
    type("late");
    newest().saysJson(wire.REJECT, { n: 2, code: "locked", message: "" });
    const { writable, locked, saved } = link.status.value;
    assert.deepEqual({ writable, locked, saved }, { writable: false, locked: true, saved: false });
    assert.deepEqual(link.unsaved.value, ["plan"]);
  });
});
