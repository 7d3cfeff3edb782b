import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { joined, only, person, setUp, snapshot, talking, welcome } from "./fake-call.ts";

const BOB = person("bob", "in_call", { name: "Bob" });

const connected = async () => {
  const rig = setUp();
  const socket = await joined(rig, talking);
  only(rig.peers).becomes({ connected: true });
  return { rig, socket };
};

describe("a professional who leaves the patient in the call [V4]", () => {
  test("is let go at once, and it is no interruption", async () => {
    const { rig, socket } = await connected();
    socket.says("gone", { id: "alice" });
    assert.equal(only(rig.peers).closed, true);
    assert.equal(rig.call.state.phase, "called");
    assert.deepEqual(rig.call.state.remotes, []);
  });

  test("makes room for a colleague, who is the first to be shown", async () => {
    const { rig, socket } = await connected();
    socket.says("gone", { id: "alice" });
    socket.says("participant", BOB);
    rig.peers[1]?.becomes({ connected: true });
    assert.deepEqual(
      rig.call.state.remotes.map(({ participant }) => participant.name),
      ["Bob"],
    );
    assert.equal(rig.call.state.phase, "live");
  });

  test("is let go at once also when only the next welcome tells who sits there now", async () => {
    const { rig, socket } = await connected();
    socket.ends(1006);
    await welcome(rig, snapshot([person("dana", "in_call"), BOB]));
    assert.deepEqual(
      rig.peers.map(({ closed }) => closed),
      [true, false],
    );
  });

  test("and is only not listed yet by a restarted server keeps the connection", async () => {
    const { rig, socket } = await connected();
    socket.ends(1006);
    await welcome(rig, snapshot([person("dana", "in_call")]));
    assert.equal(only(rig.peers).closed, false);
    assert.equal(rig.call.state.phase, "live");
  });
});

test("the relay's credentials of every welcome reach the connections that live", async () => {
  const { rig, socket } = await connected();
  const { renewals } = only(rig.peers);
  socket.ends(1006);
  await welcome(rig, talking);
  assert.equal(only(rig.peers).renewals, renewals + 1);
});
