import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { retryDelay } from "../src/lib/retries.ts";
import { CommandError, type Ending, JsonSocket, QUEUE_LIMIT, type SocketState } from "../src/lib/socket.ts";
import type { Commands, Events } from "../src/lib/wire.ts";
import { Exchange } from "./fake-socket.ts";
import { FakeTimers, settle } from "./fake-timers.ts";

const refusal = (status: number) => Object.assign(new Error("not yours"), { status });

const setUp = () => {
  const timers = new FakeTimers();
  const exchange = new Exchange();
  const states: [SocketState, Ending | null][] = [];
  const frames: string[] = [];
  const tickets = { asked: 0, refuse: 0 };
  const socket = new JsonSocket<Commands, Events>({
    url: "wss://here/ws/room",
    ticket: async () => {
      tickets.asked += 1;
      if (tickets.refuse > 0) throw refusal(tickets.refuse);
      return `ticket-${tickets.asked}`;
    },
    hello: (ticket) => ({ ticket, resume: null, tab: "t" }),
    onFrame: ({ t }) => frames.push(t),
    onState: (state, ending) => states.push([state, ending]),
    open: exchange.open,
    timers,
  });
  return { timers, exchange, states, frames, tickets, socket };
};

const connected = async () => {
  const all = setUp();
  all.socket.start();
  await settle();
  all.exchange.newest.opens();
  all.exchange.newest.says("welcome", {}, 1);
  return all;
};

describe("hello [V6]", () => {
  test("goes first, with the ticket, and the first event opens the socket", async () => {
    const { exchange, states, frames } = await connected();
    assert.deepEqual(exchange.newest.sent, [{ t: "hello", id: 1, b: { ticket: "ticket-1", resume: null, tab: "t" } }]);
    assert.deepEqual(
      states.map(([state]) => state),
      ["connecting", "open"],
    );
    assert.deepEqual(frames, ["welcome"]);
  });

  test("that is not answered within eight seconds is given up and tried again", async () => {
    const { socket, exchange, timers } = setUp();
    socket.start();
    await settle();
    exchange.newest.opens();
    await timers.pass(8_000);
    assert.equal(exchange.sockets[0]?.closed, true);
    await timers.pass(300);
    assert.equal(exchange.sockets.length, 2);
  });
});

describe("commands [V6]", () => {
  test("resolve and reject by the number that the reply carries", async () => {
    const { socket, exchange } = await connected();
    const first = socket.command("chat", { body: "one" });
    const second = socket.command("enter", {});
    const [chat, enter] = [exchange.newest.last("chat"), exchange.newest.last("enter")];
    exchange.newest.says("error", { code: "call_full", message: "Full." }, enter.id);
    exchange.newest.says("ok", { id: 7 }, chat.id);
    assert.deepEqual(await first, { id: 7 });
    await assert.rejects(second, (error: unknown) => error instanceof CommandError && error.code === "call_full");
  });

  test("wait for the connection in order, after hello and welcome", async () => {
    const { socket, exchange } = setUp();
    socket.start();
    void socket.command("chat", { body: "one" });
    void socket.command("chat", { body: "two" });
    await settle();
    exchange.newest.opens();
    exchange.newest.says("welcome", {}, 1);
    assert.deepEqual(
      exchange.newest.sent.map(({ t, b }) => [t, b.body]),
      [
        ["hello", undefined],
        ["chat", "one"],
        ["chat", "two"],
      ],
    );
  });

  test("beyond the limit of the queue are refused, and those in it still go", async () => {
    const { socket, exchange } = setUp();
    socket.start();
    for (let index = 0; index < QUEUE_LIMIT; index += 1) void socket.command("chat", { body: String(index) });
    await assert.rejects(socket.command("chat", { body: "too many" }), { code: "queue_full" });
    await settle();
    exchange.newest.opens();
    exchange.newest.says("welcome", {}, 1);
    assert.equal(exchange.newest.count("chat"), QUEUE_LIMIT);
  });

  test("in flight when the connection drops are rejected as dropped, not sent twice", async () => {
    const { socket, exchange, timers } = await connected();
    const chat = socket.command("chat", { body: "one" });
    exchange.newest.ends(1006);
    await assert.rejects(chat, { code: "dropped" });
    await timers.pass(300);
    exchange.newest.opens();
    exchange.newest.says("welcome", {}, 3);
    assert.equal(exchange.newest.count("chat"), 0);
  });

  test("after the end are refused at once", async () => {
    const { socket, exchange } = await connected();
    exchange.newest.ends(1000);
    await assert.rejects(socket.command("chat", { body: "late" }), { code: "closed" });
  });
});

test("a beat is answered with the same number", async () => {
  const { exchange } = await connected();
  exchange.newest.says("beat", { n: 41 });
  assert.deepEqual(exchange.newest.last("beat").b, { n: 41 });
});

test("nothing is sent over a connection that is closing, and a command waits for the next one", async () => {
  const { exchange, socket, timers } = await connected();
  const [first, sent] = [exchange.newest, exchange.newest.sent.length];
  first.readyState = 2;
  first.says("beat", { n: 42 });
  void socket.command("leave", {});
  assert.equal(socket.send("signal", { to: "p", candidate: null }), false);
  assert.equal(first.sent.length, sent);
  first.ends(1006);
  await timers.pass(300);
  exchange.newest.opens();
  exchange.newest.says("welcome", {}, 1);
  assert.equal(exchange.newest.last("leave").t, "leave");
});

test("silence for twelve seconds counts as lost; a beat in between does not", async () => {
  const { exchange, timers, states } = await connected();
  await timers.pass(11_000);
  exchange.newest.says("beat", { n: 1 });
  await timers.pass(11_000);
  assert.equal(states.at(-1)?.[0], "open");
  await timers.pass(1_000);
  assert.equal(states.at(-1)?.[0], "retrying");
});

describe("after a drop [V6]", () => {
  test("the first attempts come within 300 ms, so a restarted server is found fast", () => {
    assert.equal(retryDelay(0, 0, 0), 100);
    assert.equal(retryDelay(999, 3, 1), 300);
    for (const chance of [0, 0.5, 1]) {
      assert.ok(retryDelay(9_999, 20, chance) <= 1_000);
      assert.ok(retryDelay(29_999, 20, chance) <= 2_000);
      assert.ok(retryDelay(60_000, 20, chance) <= 10_000);
      assert.ok(retryDelay(60_000, 20, chance) >= 5_000);
    }
  });

  test("a server that is away for three seconds is back in the socket 1 s after it is up, with a fresh ticket", async () => {
    const { exchange, timers, tickets, states } = await connected();
    exchange.newest.ends(1006);
    tickets.refuse = 599;
    await timers.pass(3_000);
    assert.ok(tickets.asked > 5);
    tickets.refuse = 0;
    await timers.pass(1_000);
    exchange.newest.opens();
    exchange.newest.says("welcome", {}, 2);
    assert.equal(states.at(-1)?.[0], "open");
  });

  test("hurry does not wait for the next attempt", async () => {
    const { socket, exchange, timers, tickets } = await connected();
    tickets.refuse = 500;
    exchange.newest.ends(1006);
    await timers.pass(40_000);
    const before = tickets.asked;
    socket.hurry();
    await timers.pass(0);
    assert.equal(tickets.asked, before + 1);
  });

  test("hurry distrusts a connection that has been silent for more than a beat", async () => {
    const { socket, exchange, timers, states } = await connected();
    await timers.pass(6_000);
    socket.hurry();
    assert.equal(states.at(-1)?.[0], "open");
    await timers.pass(2_000);
    socket.hurry();
    assert.equal(states.at(-1)?.[0], "retrying");
    assert.equal(exchange.sockets[0]?.closed, true);
  });
});

describe("close codes [V6]", () => {
  for (const code of [1000, 4400, 4403, 4404, 4409]) {
    test(`${code} ends it, with the server's sentence`, async () => {
      const { exchange, timers, states } = await connected();
      exchange.newest.says("bye", { code, message: "Good-bye." });
      exchange.newest.ends(code);
      await timers.pass(60_000);
      assert.deepEqual(states.at(-1), ["closed", { code, message: "Good-bye." }]);
      assert.equal(exchange.sockets.length, 1);
    });
  }

  test("a farewell of long ago is not what the end says", async () => {
    const { exchange, timers, states } = await connected();
    exchange.newest.says("bye", { code: 1012, message: "Restarting." });
    exchange.newest.ends(1012);
    await timers.pass(300);
    exchange.newest.opens();
    exchange.newest.says("welcome", {});
    exchange.newest.ends(4404);
    assert.deepEqual(states.at(-1), ["closed", { code: 4404, message: "" }]);
  });

  test("4401 fetches one new ticket, and ends when that one is refused too", async () => {
    const { exchange, timers, states, tickets } = await connected();
    exchange.newest.ends(4401);
    await timers.pass(0);
    assert.equal(tickets.asked, 2);
    exchange.newest.opens();
    exchange.newest.ends(4401);
    assert.equal(states.at(-1)?.[1]?.code, 4401);
  });

  test("1012 comes back at once, 4429 after ten seconds", async () => {
    const { exchange, timers } = await connected();
    exchange.newest.ends(1012);
    await timers.pass(300);
    assert.equal(exchange.sockets.length, 2);
    exchange.newest.ends(4429);
    await timers.pass(9_900);
    assert.equal(exchange.sockets.length, 2);
    await timers.pass(200);
    assert.equal(exchange.sockets.length, 3);
  });

  for (const [status, code] of [
    [401, 4401],
    [403, 4403],
    [404, 4404],
  ] as const) {
    test(`a ticket refused with ${status} ends it like ${code}`, async () => {
      const { socket, states, tickets } = setUp();
      tickets.refuse = status;
      socket.start();
      await settle();
      assert.deepEqual(states.at(-1), ["closed", { code, message: "not yours" }]);
    });
  }

  test("start begins again after the end", async () => {
    const { socket, exchange, states } = await connected();
    exchange.newest.ends(4409);
    socket.start();
    await settle();
    exchange.newest.opens();
    exchange.newest.says("welcome", {}, 2);
    assert.equal(states.at(-1)?.[0], "open");
  });
});

test("a socket that was given up is not listened to any more", async () => {
  const { exchange, timers, frames } = await connected();
  const [old] = exchange.sockets;
  await timers.pass(12_000);
  old?.says("message", {});
  old?.ends(4404);
  await timers.pass(300);
  assert.deepEqual(frames, ["welcome"]);
  assert.equal(exchange.sockets.length, 2);
});
