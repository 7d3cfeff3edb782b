import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { useStrings } from "../src/lib/i18n.ts";
import { sameClock } from "../src/pages/moments.ts";

const MIDDAY = "2026-11-23T12:00:00Z";

afterEach(() => useStrings({}, "en"));

test("the same time in another city is the same clock", () => {
  assert.equal(sameClock(MIDDAY, "Europe/London", "Europe/Lisbon"), true);
  assert.equal(sameClock(MIDDAY, "Europe/London", "Europe/Berlin"), false);
});

test("a language that puts its words before the time tells clocks apart as well", () => {
  useStrings({ "{time} ({city} time)": "Uhrzeit in {city}: {time}" }, "de");
  assert.equal(sameClock(MIDDAY, "Europe/London", "Europe/Berlin"), false);
});
