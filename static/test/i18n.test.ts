import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { formatDate, formatTime, formatTimeWithZone, plural, t, useStrings, zoneCity } from "../src/lib/i18n.ts";
import { untilWords } from "../src/pages/moments.ts";
import { findStrings } from "../strings.mjs";

const NOON = "2026-03-29T12:30:00Z";

afterEach(() => useStrings({}, "en-GB"));

describe("sentences", () => {
  test("values stand in their places, and an unknown place stays visible", () => {
    assert.equal(t("Dr {name} knows {who}", { name: "Ahmed" }), "Dr Ahmed knows {who}");
    assert.equal(t("{a}", { a: "{b}", b: "never" }), "{b}");
    assert.equal(t("{a}", { a: "$& $1" }), "$& $1");
  });

  test("the embedded translation is used, the English otherwise", () => {
    useStrings({ "Good day, {name}": "Guten Tag, {name}" }, "de");
    assert.equal(t("Good day, {name}", { name: "Dana" }), "Guten Tag, Dana");
    assert.equal(t("Not translated"), "Not translated");
  });

  test("plurals follow the language's own rules", () => {
    assert.equal(plural(1, "{count} hour", "{count} hours"), "1 hour");
    assert.equal(plural(0, "{count} hour", "{count} hours"), "0 hours");
    useStrings(
      { "{count} hour": { one: "{count} godzina", few: "{count} godziny", many: "{count} godzin", other: "?" } },
      "pl",
    );
    assert.deepEqual(
      [1, 3, 5].map((count) => plural(count, "{count} hour", "{count} hours")),
      ["1 godzina", "3 godziny", "5 godzin"],
    );
  });
});

describe("times", () => {
  test("a time is that of its zone, on both sides of a change of clocks", () => {
    assert.equal(formatTime(NOON, "Europe/London"), "13:30");
    assert.equal(formatTime("2026-03-28T12:30:00Z", "Europe/London"), "12:30");
    assert.equal(formatTime("2026-03-28T00:05:00Z", "UTC"), "00:05");
    assert.equal(formatTimeWithZone(NOON, "America/New_York"), "08:30 (New York time)");
  });

  test("the date turns at midnight of the zone", () => {
    useStrings({}, "en-GB");
    assert.equal(formatDate("2026-03-02T23:30:00Z", "Europe/London").replace(",", ""), "Monday 2 March");
    assert.equal(formatDate("2026-03-02T23:30:00Z", "Europe/Berlin").replace(",", ""), "Tuesday 3 March");
  });

  test("a zone is known by its city", () => assert.equal(zoneCity("America/Argentina/Buenos_Aires"), "Buenos Aires"));

  test("what is left is told in units that fit", () => {
    const minute = 60_000;
    const cases: [number, string][] = [
      [-5, "It is time: please come in."],
      [1, "It begins in 1 minute."],
      [minute + 1, "It begins in 2 minutes."],
      [59 * minute, "It begins in 59 minutes."],
      [60 * minute, "It begins in 1 hour."],
      [47 * 60 * minute, "It begins in 47 hours."],
      [72 * 60 * minute, "It begins in 3 days."],
    ];
    for (const [ms, words] of cases) assert.equal(untilWords(ms), words);
  });
});

describe("the sentences that a page embeds", () => {
  test("literals of t and plural are found, whatever stands around them", () => {
    const source = `t("One"); t(\n  "Two \\"quoted\\"",\n  { a })\nplural(count * 2, "{count} hour", "{count} hours"); fmt("no"); t(name); set("not")`;
    assert.deepEqual(findStrings(source), ["One", 'Two "quoted"', "{count} hour"]);
  });
});
