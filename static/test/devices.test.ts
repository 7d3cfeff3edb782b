import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { cameraConstraints, microphoneConstraints, remember, remembered } from "../src/media/devices.ts";

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

describe("the remembered choice", () => {
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

describe("constraints", () => {
  test("ask for a face where nothing was chosen, and for a device without insisting on it", () => {
    assert.deepEqual(cameraConstraints().facingMode, { ideal: "user" });
    remember({ camera: "back" });
    assert.deepEqual(cameraConstraints().deviceId, { ideal: "back" });
    assert.equal(cameraConstraints().facingMode, undefined);
    assert.equal(cameraConstraints(null).deviceId, undefined);
  });

  test("keep echoes out of every microphone", () => {
    assert.equal(microphoneConstraints("headset").echoCancellation, true);
    assert.deepEqual(microphoneConstraints("headset").deviceId, { ideal: "headset" });
  });
});
