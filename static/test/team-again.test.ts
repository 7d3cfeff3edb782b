import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EnginePath } from "../src/call/engine.ts";
import {
  answersOf,
  bob,
  changing,
  comeOn,
  type FakeEngineConnection,
  LOOK_MS,
  publishOffer,
  route,
  streamOf,
  subscribeOffer,
  talkingTwo,
  teamRig,
  tracksOf,
} from "./fake-engine.ts";
import type { FakeSocket } from "./fake-socket.ts";
import { settle } from "./fake-timers.ts";

const ALL = ["0", "1", "2", "3"];

describe("whom the engine let go of is let in again [V6]", () => {
  const letIn = async (socket: FakeSocket, epoch: number) => {
    socket.says("offer", publishOffer(epoch, "p again"));
    socket.says("offer", subscribeOffer(epoch, [...tracksOf("alice-1", 0), ...tracksOf("bob-1", 2)], "s again"));
    await settle();
  };

  test("on fresh connections, and the lost ones ask for nothing more", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [publish, subscribe] = await changing(rig, socket);
    socket.says("route", route("engine", 1, true));
    publish.becomes("disconnected");
    await letIn(socket, 1);
    assert.deepEqual([publish.connectionState, subscribe.connectionState], ["closed", "closed"]);
    const [sends, fresh] = rig.connections.slice(2) as [FakeEngineConnection, FakeEngineConnection];
    for (const each of [sends, fresh]) each.becomes("connected");
    for (let ms = 0; ms < 5_000; ms += 2 * LOOK_MS) await comeOn(rig, fresh, ...ALL);
    assert.deepEqual(streamOf(rig, "alice").ids, [`${fresh.name}:0`, `${fresh.name}:1`]);
    assert.equal(rig.connections.length, 4);
    assert.equal(socket.count("restart_media"), 0);
  });

  test("and during a change what the older way brings goes on", async () => {
    const rig = teamRig();
    const socket = await talkingTwo(rig);
    const [, carries] = await changing(rig, socket);
    await comeOn(rig, carries, ...ALL);
    socket.says("route", route("engine", 1, true));
    const [lost] = await changing(rig, socket, 2);
    await letIn(socket, 2);
    await rig.timers.pass(LOOK_MS);
    assert.equal(lost.connectionState, "closed");
    assert.equal(carries.connectionState, "connected");
    assert.deepEqual(streamOf(rig, "alice").ids, [`${carries.name}:0`, `${carries.name}:1`]);
  });

  test("and a page that could not fetch the engine's part tries again, and answers the newest offer alone", async () => {
    let there = false;
    const rig = teamRig(() => (there ? Promise.resolve(EnginePath) : Promise.reject(new Error("not there"))));
    const socket = await talkingTwo(rig);
    socket.says("participant", bob);
    socket.says("route", route("engine", 1, false));
    socket.says("offer", publishOffer(1, "first"));
    await settle();
    assert.equal(rig.connections.length, 0);
    there = true;
    socket.says("offer", publishOffer(1, "second"));
    await settle();
    assert.deepEqual(
      rig.connections.map(({ connectionState }) => connectionState),
      ["closed", "new"],
    );
    assert.deepEqual(
      answersOf(socket, "publish").map(({ sdp }) => sdp),
      [`answer of ${rig.connections[1]?.name}`],
    );
  });
});
