import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Feed } from "../src/media/feed.ts";
import type { Kind } from "../src/media/link.ts";
import { Stream, Track } from "./fake-engine.ts";

const setUp = () => {
  const stream = new Stream();
  const feed = new Feed(stream as unknown as MediaStream);
  const log: string[] = [];
  const add = stream.addTrack.bind(stream);
  const remove = stream.removeTrack.bind(stream);
  stream.addTrack = (track) => {
    log.push(`+${track.id}`);
    add(track);
  };
  stream.removeTrack = (track) => {
    if (stream.tracks.includes(track)) log.push(`-${track.id}`);
    remove(track);
  };
  const take = (kind: Kind, arms: [Track | null, boolean][]): void =>
    feed.choose(
      kind,
      arms.map(([track, flows]) => ({ track: track as unknown as MediaStreamTrack | null, flows })),
    );
  const choose = (...arms: [Track | null, boolean][]): void => take("video", arms);
  const hear = (track: Track): void => take("audio", [[track, true]]);
  return { stream, log, choose, hear };
};

const video = (id: string) => new Track("video", id);
const audio = (id: string) => new Track("audio", id);

describe("the one stream of a person [V9]", () => {
  test("loses the old picture before it is given the new one", () => {
    const { log, choose } = setUp();
    const [old, fresh] = [video("old"), video("fresh")];
    choose([fresh, false], [old, true]);
    choose([fresh, true], [old, true]);
    assert.deepEqual(log, ["+old", "-old", "+fresh"]);
  });

  test("is never without a sound, but where a player would take the new one for the old", () => {
    const { log, hear } = setUp();
    for (const id of ["old", "fresh", "fresh"]) hear(audio(id));
    assert.deepEqual(log, ["+old", "+fresh", "-old", "-fresh", "+fresh"]);
  });

  test("keeps what it has while nothing flows, and takes what there is when that is gone", () => {
    const { stream, choose } = setUp();
    const [old, fresh] = [video("old"), video("fresh")];
    choose([old, false]);
    choose([fresh, false], [old, false]);
    assert.deepEqual(stream.ids, ["old"]);
    choose([fresh, false]);
    assert.deepEqual(stream.ids, ["fresh"]);
    choose([null, false]);
    assert.deepEqual(stream.ids, []);
  });

  test("takes no track that has ended, whatever was said of it", () => {
    const { stream, choose } = setUp();
    const [ended, other] = [video("ended"), video("other")];
    ended.readyState = "ended";
    choose([ended, true], [other, false]);
    assert.deepEqual(stream.ids, ["other"]);
  });

  test("leaves the other kind alone, and never holds two of one", () => {
    const { stream, choose } = setUp();
    stream.tracks.push(audio("voice"), video("one"), video("two"));
    choose([video("three"), true]);
    assert.deepEqual(stream.ids, ["three", "voice"]);
  });
});
