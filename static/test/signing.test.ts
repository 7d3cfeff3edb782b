import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as Y from "yjs";
import { ApiError } from "../src/lib/api.ts";
import { lateIn, lateText, layIn } from "../src/notes/late.ts";
import { legendOf } from "../src/notes/legend.ts";
import { type Ask, type Review, Signing, type Wish } from "../src/notes/signing.ts";
import { contributorWords, releasedWords, standing, unsavedWords } from "../src/notes/signwords.ts";
import { paragraphs, read } from "../src/notes/written.ts";
import { NOTE } from "./fake-listed.ts";

const REVIEW: Review = {
  seq: 7,
  head: "ab",
  sha256: "cd",
  sections: [],
  contributors: [],
  signatures: [],
  writing: [],
};

const setUp = async (wish: Wish, ...refusals: ApiError[]) => {
  const asked: [string, unknown][] = [];
  const ask = async (path: string, body?: unknown) => {
    asked.push([path, body]);
    if (path === "review") return { ...REVIEW, seq: 6 + asked.length };
    const refusal = refusals.shift();
    if (refusal) throw refusal;
    return NOTE;
  };
  const signing = new Signing(wish, ask as Ask);
  await signing.look();
  return { signing, asked };
};

describe("signing [N5]", () => {
  test("sends back the number of the text that was shown, with the password", async () => {
    const { signing, asked } = await setUp("lock");
    assert.equal(await signing.go("secret"), NOTE);
    assert.deepEqual(asked.at(-1), ["sign", { seq: 7, head: "ab", password: "secret", lock: true }]);
  });

  test("releases without a password", async () => {
    const { signing, asked } = await setUp("release");
    await signing.go("");
    assert.deepEqual(asked.at(-1), ["release", { seq: 7, head: "ab" }]);
  });

  test("says of a wrong password beside the field, and keeps the text", async () => {
    const { signing, asked } = await setUp("sign", new ApiError("password", "This is not your password.", 403));
    assert.equal(await signing.go("wrong"), null);
    assert.deepEqual([signing.refused.value, signing.error.value], ["This is not your password.", null]);
    assert.deepEqual([signing.review.value?.seq, asked.length, signing.busy.value], [7, 2, false]);
  });

  test("shows the fresh text when the note has moved on, and says so", async () => {
    const { signing } = await setUp("sign", new ApiError("moved", "The note has changed.", 409));
    assert.equal(await signing.go("secret"), null);
    assert.deepEqual([signing.review.value?.seq, signing.error.value], [9, "The note has changed."]);
  });
});

describe("what stands under a note [N5]", () => {
  const at = "2026-03-02T10:41:07Z";
  const signed = { name: "Bob Brown", at, kind: "signed", current: true } as const;

  test("is a draft, then signed, then changed since, then locked", () => {
    const words = (...signatures: Parameters<typeof standing>[0]["signatures"]) => standing({ ...NOTE, signatures })[0];
    assert.equal(words(), "Draft");
    assert.match(words(signed) ?? "", /^Signed by Bob Brown on .*[\d:]+$/);
    assert.match(words({ ...signed, current: false }) ?? "", /changed since$/);
    const locked = { ...signed, kind: "locked" } as const;
    assert.match(standing({ state: "locked", signatures: [signed, locked] })[0] ?? "", /^Locked by Bob Brown on/);
  });

  test("says of a note that was left behind who left, and whether it is signed as it stands", () => {
    const left = { ...signed, kind: "left" } as const;
    const words = (...signatures: Parameters<typeof standing>[0]["signatures"]) =>
      standing({ state: "locked", signatures });
    assert.match(
      words(left).join("; "),
      /^Not signed as it stands; Closed as it stood when Bob Brown left the practice on /,
    );
    assert.match(words(signed, left).join("; "), /^Signed by Bob Brown on [^;]*; Closed as it stood/);
    assert.match(
      words({ ...signed, current: false }, left).join("; "),
      /changed since; Not signed as it stands; Closed/,
    );
  });

  test("names each person once, with their last signature", () => {
    const again = { ...signed, current: false };
    assert.equal(standing({ ...NOTE, signatures: [again, { ...signed, name: "Alice" }, signed] }).length, 2);
  });

  test("tells whether the patient can read it", () => {
    const release = { ...signed, kind: "released" } as const;
    assert.match(releasedWords({ released: false, signatures: [release] }), /^Not released/);
    assert.match(releasedWords({ released: true, signatures: [release] }), /^Released on/);
    assert.match(releasedWords({ released: true, signatures: [{ ...release, current: false }] }), /changed since$/);
  });

  test("names the sections that keep it from being signed, and who wrote", () => {
    assert.equal(unsavedWords([]), "");
    assert.equal(unsavedWords(["objective", "plan"]), "Not saved yet: Objective, Plan");
    const contributors = [
      { name: "Alice", letters: 1, you: true },
      { name: "Bob", letters: 12, you: false },
    ];
    assert.equal(contributorWords(contributors), "Written by you (1 letter), Bob (12 letters)");
  });
});

describe("the server's HTML [N5]", () => {
  const cases: [string, string, unknown][] = [
    ["becomes a tree", '<p dir="auto">a<strong>b</strong></p>', [["p", { dir: "auto" }, ["a", ["strong", {}, ["b"]]]]]],
    ["has its letters back", "<p>&lt;b&gt; &amp;amp; &#x27;&quot;</p>", [["p", {}, ["<b> &amp; '\""]]]],
    [
      "loses elements that do not belong there",
      "<script>x</script><img src=x><p>y</p>",
      ["x", "<", "img src=x>", ["p", {}, ["y"]]],
    ],
    ["loses attributes that do not belong there", '<p onclick="x()" class="by">y</p>', [["p", { class: "by" }, ["y"]]]],
  ];
  const flat = (nodes: ReturnType<typeof read>): unknown[] =>
    nodes.map((node) => (typeof node === "string" ? node : [node.tag, node.attributes, flat(node.children)]));
  for (const [name, html, tree] of cases) test(name, () => assert.deepEqual(flat(read(html)), tree));

  test("is read by paragraph", () => {
    assert.deepEqual(paragraphs(read("<p>a<em>b</em></p><p></p><ul><li><p>c</p></li></ul>")), ["ab", "c"]);
  });
});

describe("words that came too late [N5]", () => {
  const written = (...texts: string[]): Y.Doc => {
    const doc = new Y.Doc();
    layIn(doc, { plan: texts });
    return doc;
  };

  test("are the paragraphs that the server does not have", () => {
    const stored = [{ name: "plan" as const, html: "<p>first</p>" }];
    assert.deepEqual(lateIn(written("first", "second & last"), stored), { plan: ["second & last"] });
    assert.deepEqual(lateIn(written("first"), stored), {});
  });

  test("go into another note's section, or out as text", () => {
    const other = written("there already");
    layIn(other, { plan: ["late"] });
    assert.deepEqual(lateIn(other, []), { plan: ["there already", "late"] });
    assert.equal(
      lateText({ plan: ["a", "b"] }, () => "Plan"),
      "Plan\na\nb\n",
    );
  });
});

test("the legend names whoever has words in the text, as it signs them [N4]", () => {
  const by = (place: string, sign: string, name: string): string =>
    `<span class="by${place}" data-by="${sign}"><span class="unseen">${name}: </span>x</span>`;
  const html = `<p>${by("", "*", "from the locked note")}${by(" by-1", "BB", "Bob")}</p><ul><li><p>${by(" by-0", "AA", "Al")}</p></li></ul>`;
  assert.deepEqual(legendOf([{ name: "plan", html }], ["Al", "Bob", "Charlie"]), [
    { name: "Al", sign: "AA", colour: "by-0" },
    { name: "Bob", sign: "BB", colour: "by-1" },
    { name: "from the locked note", sign: "*", colour: "" },
  ]);
});
