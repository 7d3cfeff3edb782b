import assert from "node:assert/strict";
import { test } from "node:test";
import { MutedEar } from "../src/call/muted.ts";
import { FakeTrack } from "./fake-media.ts";

test("where no page may listen to a microphone there are no hints, and the call goes on", () => {
  const copy = new FakeTrack("audio", "copy");
  const track = Object.assign(new FakeTrack("audio", "microphone"), { clone: () => copy });
  const ear = new MutedEar(() => assert.fail("nothing can be heard"));
  ear.listen(track as unknown as MediaStreamTrack);
  assert.equal(copy.readyState, "ended");
  ear.listen(null);
  assert.equal(track.readyState, "live");
});
