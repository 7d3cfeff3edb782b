import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Grader, type Pictures } from "../src/media/grader.ts";
import { count } from "../src/media/quality.ts";

const CAMERA: Pictures = { in: false, out: true, camera: true };

const source = (frames: number | undefined) => ({ type: "media-source", kind: "video", frames });
const at = (seconds: number, frames: number | undefined, ...others: number[]) =>
  count([frames, ...others].map(source), seconds * 1000);

const graded = (
  pictures: Pictures,
  frames: (second: number) => number | undefined,
  seconds = 8,
  ...others: number[]
) => {
  const grader = new Grader(0);
  for (let second = 0; second <= seconds; second += 1) grader.count(at(second, frames(second), ...others), pictures);
  return grader.unseen;
};

describe("a camera that nobody sees [V7]", () => {
  test("is noticed when it gives no picture for four seconds", () => {
    assert.equal(
      graded(CAMERA, () => 18, 4),
      false,
    );
    assert.equal(
      graded(CAMERA, () => 18),
      true,
    );
  });

  test("is none when pictures come, however slowly", () => {
    assert.equal(
      graded(CAMERA, (second) => second),
      false,
    );
  });

  test("is none beside a line on which nothing is sent", () => {
    assert.equal(
      graded(CAMERA, (second) => second, 8, 0),
      false,
    );
  });

  test("is none while it is off or a screen is shown, nor where the browser does not count", () => {
    assert.equal(
      graded({ ...CAMERA, camera: false }, () => 18),
      false,
    );
    assert.equal(
      graded(CAMERA, () => undefined),
      false,
    );
  });
});
