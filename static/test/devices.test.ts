import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  cameraConstraints,
  microphoneConstraints,
  openCamera,
  openMicrophone,
  remember,
  remembered,
} from "../src/media/devices.ts";

const store = new Map<string, string>();
const working = {
  getItem: (key: string) => store.get(key) ?? null,
  setItem: (key: string, value: string) => void store.set(key, value),
};
const forbidden = {
  getItem: () => {
    throw new Error("SecurityError");
  },
  setItem: () => {
    throw new Error("SecurityError");
  },
};
const install = (storage: object): void => {
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
};
const NONE = { camera: null, microphone: null, speaker: null, withoutCamera: false };

beforeEach(() => {
  store.clear();
  install(working);
});

describe("the remembered choice [V2]", () => {
  test("is empty at first and keeps each device by itself", () => {
    assert.deepEqual(remembered(), NONE);
    remember({ camera: "back" });
    remember({ microphone: "headset", withoutCamera: true });
    assert.deepEqual(remembered(), { ...NONE, camera: "back", microphone: "headset", withoutCamera: true });
  });

  test("survives storage that is forbidden or holds junk", () => {
    store.set("consilium.devices", "{not json");
    assert.deepEqual(remembered(), NONE);
    install(forbidden);
    remember({ camera: "back" });
    assert.deepEqual(remembered(), NONE);
  });
});

describe("constraints [V2]", () => {
  test("ask for a face where nothing was chosen, and for just the device that was", () => {
    assert.deepEqual(cameraConstraints(null).facingMode, { ideal: "user" });
    assert.equal(cameraConstraints(null).deviceId, undefined);
    assert.deepEqual(cameraConstraints("back").deviceId, { exact: "back" });
    assert.equal(cameraConstraints("back").facingMode, undefined);
  });

  test("keep echoes out of every microphone", () => {
    assert.equal(microphoneConstraints("headset").echoCancellation, true);
    assert.deepEqual(microphoneConstraints("headset").deviceId, { exact: "headset" });
  });
});

describe("opening [V2]", () => {
  const asked: MediaStreamConstraints[] = [];
  const answers: (string | object)[] = [];
  const getUserMedia = async (constraints: MediaStreamConstraints): Promise<object> => {
    asked.push(constraints);
    const answer = answers.shift() ?? {};
    if (typeof answer === "string") throw new DOMException("", answer);
    return answer;
  };
  const devices = (): unknown[] =>
    asked.map(({ video, audio }) => ((video ?? audio) as MediaTrackConstraints).deviceId ?? null);

  beforeEach(() => {
    asked.length = answers.length = 0;
    Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true });
  });

  test("takes the remembered device", async () => {
    remember({ camera: "back", microphone: "headset" });
    await openCamera();
    await openMicrophone();
    assert.deepEqual(devices(), [{ exact: "back" }, { exact: "headset" }]);
  });

  test("takes the default one when that device is gone", async () => {
    const stream = {};
    answers.push("OverconstrainedError", stream);
    assert.equal(await openCamera("unplugged"), stream);
    assert.deepEqual(devices(), [{ exact: "unplugged" }, null]);
  });

  test("does not hide another trouble behind a second attempt", async () => {
    answers.push("NotAllowedError");
    await assert.rejects(openMicrophone("headset"), { name: "NotAllowedError" });
    assert.equal(asked.length, 1);
  });

  test("says so when there is no device at all", async () => {
    answers.push("NotFoundError");
    await assert.rejects(openCamera(null), { name: "NotFoundError" });
    assert.equal(asked.length, 1);
  });
});
