import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { obstacle, type Surroundings, trouble } from "../src/media/trouble.ts";
import { adviceFor, type Browser, browserOf, isHopeless } from "../src/pages/trouble_words.ts";

const named = (name: string, message = ""): Error => Object.assign(new Error(message), { name });

describe("what an exception of getUserMedia means [V2]", () => {
  const cases: [Error | string, string][] = [
    [named("NotAllowedError", "Permission denied"), "blocked"],
    [named("NotAllowedError", "Permission denied by system"), "system"],
    [named("SecurityError"), "blocked"],
    [named("NotFoundError"), "missing"],
    [named("OverconstrainedError"), "missing"],
    [named("NotReadableError", "Could not start video source"), "busy"],
    [named("AbortError"), "busy"],
    [named("TypeError"), "other"],
    ["a string", "other"],
  ];
  for (const [error, expected] of cases) {
    test(`${String(error)} is ${expected}`, () => assert.equal(trouble(error), expected));
  }
});

describe("what is in the way before anybody is asked [V2]", () => {
  const good: Surroundings = {
    secure: true,
    userAgent: "Chrome/150.0 Safari",
    hasDevices: true,
    hasPeerConnection: true,
  };
  const facebook = "Mozilla/5.0 (iPhone) AppleWebKit/605 [FBAN/FBIOS;FBAV/1]";
  const cases: [Partial<Surroundings>, string | null][] = [
    [{}, null],
    [{ userAgent: facebook }, null],
    [{ hasPeerConnection: false }, "unsupported"],
    [{ hasDevices: false }, "unsupported"],
    [{ hasDevices: false, secure: false }, "insecure"],
    [{ hasDevices: false, userAgent: facebook }, "embedded"],
    [{ hasDevices: false, userAgent: "Mozilla/5.0 (Linux; Android 15; wv) Chrome/150" }, "embedded"],
  ];
  for (const [change, expected] of cases) {
    test(`${JSON.stringify(change)} is ${expected}`, () => assert.equal(obstacle({ ...good, ...change }), expected));
  }
});

describe("words for a trouble [V2]", () => {
  test("only the browser and the page itself are beyond a second try", () => {
    assert.deepEqual(
      ["unsupported", "insecure", "embedded"].map((name) => isHopeless(name as "embedded")),
      [true, true, true],
    );
    assert.equal(isHopeless("blocked"), false);
  });

  test("every trouble has a title and a sentence for both devices", () => {
    for (const name of [
      "blocked",
      "system",
      "missing",
      "busy",
      "insecure",
      "embedded",
      "unsupported",
      "other",
    ] as const) {
      const [camera, microphone] = [adviceFor(name, "camera", "chrome"), adviceFor(name, "microphone", "chrome")];
      for (const { title, text } of [camera, microphone]) assert(title.length > 10 && text.length > 10, name);
      if (["blocked", "missing", "busy", "other"].includes(name)) assert.notEqual(camera.title, microphone.title);
    }
  });

  test("a refused camera is explained for each browser, a busy one needs no steps", () => {
    const browsers: Browser[] = ["safari-phone", "safari", "firefox", "chrome-phone", "chrome"];
    const first = new Set(browsers.map((browser) => adviceFor("blocked", "camera", browser).steps[0]));
    assert.equal(first.size, browsers.length);
    assert.deepEqual(adviceFor("busy", "camera", "chrome").steps, []);
  });

  test("browsers are told apart by what they say", () => {
    assert.equal(browserOf("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) CriOS/150 Mobile Safari"), "safari-phone");
    assert.equal(browserOf("Mozilla/5.0 (X11; Linux) Gecko Firefox/150.0"), "firefox");
    assert.equal(browserOf("Mozilla/5.0 (Linux; Android 15) Chrome/150 Mobile Safari/537"), "chrome-phone");
    assert.equal(browserOf("Mozilla/5.0 (Windows NT 10.0) Chrome/150 Safari/537 Edg/150"), "chrome");
    assert.equal(browserOf("Mozilla/5.0 (Macintosh) Version/18 Safari/605"), "safari");
  });
});
