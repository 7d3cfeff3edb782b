import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { keepOff, switchedOff } from "../src/lib/prefs.ts";

const NOTHING = { camera: false, microphone: false };
const install = (storage: object): void => {
  Object.defineProperty(globalThis, "sessionStorage", { value: storage, configurable: true });
};

beforeEach(() => {
  const store = new Map<string, string>();
  install({
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => void store.set(key, value),
  });
});

describe("what was switched off [V7]", () => {
  test("is found again in the same call", () => {
    keepOff("dana", { camera: false, microphone: true });
    assert.deepEqual(switchedOff("dana"), { camera: false, microphone: true });
  });

  test("is nobody else's, and not the next call's", () => {
    keepOff("dana", { camera: true, microphone: true });
    assert.deepEqual(switchedOff("erin"), NOTHING);
  });

  test("is nothing at first, and where storage is forbidden or strange", () => {
    assert.deepEqual(switchedOff("dana"), NOTHING);
    install({ getItem: () => "not JSON", setItem: () => undefined });
    assert.deepEqual(switchedOff("dana"), NOTHING);
    const forbid = () => {
      throw new Error("SecurityError");
    };
    install({ getItem: forbid, setItem: forbid });
    keepOff("dana", NOTHING);
    assert.deepEqual(switchedOff("dana"), NOTHING);
  });
});
