import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type CaptionLine,
  CaptionLines,
  FADES_MS,
  lastPart,
  MOST_LINES,
  MOST_OF_ONE,
  withCaption,
} from "../src/call/captions.ts";
import { Hearing, type Recognition, recognitionOf } from "../src/call/hearing.ts";
import { INTERIM_MS, Typist } from "../src/call/typist.ts";
import { FakeTimers } from "./fake-timers.ts";

const bodies = (lines: readonly CaptionLine[]): string[] => lines.map(({ body }) => body);
const typed = (from: string, body: string, final = true) => ({ from, body, final, source: "typed" as const });

const told = () => {
  const timers = new FakeTimers();
  let lines: readonly CaptionLine[] = [];
  const captions = new CaptionLines(timers, (next) => {
    lines = next;
  });
  return { timers, captions, lines: () => lines };
};

describe("captions of a call [V11]", () => {
  test("replace what was not final, and only that", () => {
    const { captions, lines } = told();
    captions.hear(typed("dana", "I", false));
    captions.hear(typed("alice", "Good", false));
    captions.hear(typed("dana", "I have", false));
    captions.hear(typed("dana", "I have a cough"));
    assert.deepEqual(bodies(lines()), ["I have a cough", "Good"]);
    const [first] = lines();
    captions.hear(typed("dana", "Since Monday", false));
    assert.deepEqual(bodies(lines()), ["I have a cough", "Good", "Since Monday"]);
    assert.equal(lines()[0]?.id, first?.id);
  });

  test("that somebody types leave those that their browser makes alone", () => {
    const { captions, lines } = told();
    captions.hear({ ...typed("dana", "spoken", false), source: "speech" });
    captions.hear(typed("dana", "written", false));
    captions.hear({ ...typed("dana", "spoken well"), source: "speech" });
    assert.deepEqual(bodies(lines()), ["spoken well", "written"]);
  });

  test("are few of each, and few of all", () => {
    const { captions, lines } = told();
    for (const body of ["1", "2", "3"]) captions.hear(typed("dana", body));
    assert.deepEqual(bodies(lines()), ["2", "3"]);
    assert.equal(lines().length, MOST_OF_ONE);
    for (const from of ["a", "b", "c"]) captions.hear(typed(from, from));
    assert.deepEqual(bodies(lines()), ["3", "a", "b", "c"]);
    assert.equal(lines().length, MOST_LINES);
  });

  test("fade, and the clock rests when there are none", async () => {
    const { timers, captions, lines } = told();
    captions.hear(typed("dana", "first"));
    await timers.pass(5_000);
    captions.hear(typed("alice", "second", false));
    await timers.pass(FADES_MS - 5_000 + 1_000);
    assert.deepEqual(bodies(lines()), ["second"]);
    await timers.pass(FADES_MS);
    assert.deepEqual(bodies(lines()), []);
    captions.hear(typed("dana", "again"));
    assert.deepEqual(bodies(lines()), ["again"]);
    await timers.pass(FADES_MS + 1_000);
    assert.deepEqual(bodies(lines()), []);
  });

  test("never grow, whatever comes", () => {
    let lines: CaptionLine[] = [];
    for (let id = 0; id < 500; id += 1)
      lines = withCaption(lines, { id, at: id, ...typed(`p${id % 7}`, `${id}`, id % 3 === 0) });
    assert.ok(lines.length <= MOST_LINES);
  });

  test("of a long speech begin with a word", () => {
    assert.equal(lastPart("short"), "short");
    assert.equal(lastPart("one two three", 8), "three");
    assert.equal(lastPart("x".repeat(400)).length, 300);
  });
});

describe("typed captions [V11]", () => {
  const setUp = () => {
    const timers = new FakeTimers();
    const sent: [string, boolean][] = [];
    return { timers, sent, typist: new Typist(timers, (body, final) => sent.push([body, final])) };
  };

  test("go out every 400 ms while somebody types, and whole at the end", async () => {
    const { timers, sent, typist } = setUp();
    typist.type("H");
    typist.type("He");
    assert.deepEqual(sent, []);
    await timers.pass(INTERIM_MS);
    typist.type("Hell");
    typist.type("Hello");
    await timers.pass(INTERIM_MS);
    typist.type("Hello ");
    await timers.pass(INTERIM_MS);
    assert.deepEqual(sent, [
      ["He", false],
      ["Hello", false],
    ]);
    typist.finish();
    assert.deepEqual(sent.at(-1), ["Hello", true]);
  });

  test("that are finished early are sent once, and nothing is sent as nothing", async () => {
    const { timers, sent, typist } = setUp();
    typist.finish();
    typist.type("Yes");
    typist.finish();
    typist.finish();
    await timers.pass(2 * INTERIM_MS);
    typist.type("   ");
    await timers.pass(INTERIM_MS);
    typist.finish();
    assert.deepEqual(sent, [["Yes", true]]);
  });
});

class FakeRecognition implements Recognition {
  lang = "";
  continuous = false;
  interimResults = false;
  onresult: Recognition["onresult"] = null;
  onerror: Recognition["onerror"] = null;
  onend: Recognition["onend"] = null;
  running = false;
  static refuses = false;

  start(): void {
    if (FakeRecognition.refuses) throw new Error("no");
    this.running = true;
  }

  abort(): void {
    this.running = false;
    this.onerror?.({ error: "aborted" });
    this.onend?.();
  }

  says(transcript: string, isFinal: boolean): void {
    this.onresult?.({ resultIndex: 0, results: [{ isFinal, 0: { transcript } }] });
  }

  ends(): void {
    this.running = false;
    this.onend?.();
  }
}

const listening = () => {
  const timers = new FakeTimers();
  const engines: FakeRecognition[] = [];
  const words: [string, boolean][] = [];
  const trouble: string[] = [];
  const hearing = new Hearing({
    make: () => {
      engines.push(new FakeRecognition());
      return engines.at(-1) as FakeRecognition;
    },
    language: "de",
    timers,
    onWords: (body, final) => words.push([body, final]),
    onTrouble: (sentence) => trouble.push(sentence),
  });
  hearing.start();
  return { timers, engines, words, trouble, hearing, engine: () => engines.at(-1) as FakeRecognition };
};

describe("captions by the browser's own recognition [V11]", () => {
  test("are in the page's language, interim and final", async () => {
    const { timers, engine, words } = listening();
    assert.equal(engine().lang, "de");
    assert.ok(engine().continuous && engine().interimResults);
    engine().says("guten", false);
    engine().says("guten tag", false);
    await timers.pass(400);
    engine().says("guten tag frau", false);
    engine().says("Guten Tag, Frau Diaz", true);
    assert.deepEqual(words, [
      ["guten", false],
      ["guten tag frau", false],
      ["Guten Tag, Frau Diaz", true],
    ]);
  });

  test("go on by themselves when the engine ends", async () => {
    const { timers, engines, hearing, trouble } = listening();
    await timers.pass(60_000);
    engines[0]?.onerror?.({ error: "no-speech" });
    engines[0]?.ends();
    assert.ok(hearing.on);
    await timers.pass(300);
    assert.equal(engines.length, 2);
    assert.ok(engines[1]?.running);
    assert.deepEqual(trouble, []);
  });

  test("stop for good when told to, also between two engines", async () => {
    const { timers, engines, hearing, words } = listening();
    await timers.pass(60_000);
    engines[0]?.ends();
    hearing.stop();
    await timers.pass(10_000);
    assert.equal(engines.length, 1);
    assert.equal(hearing.on, false);
    engines[0]?.says("late", true);
    assert.deepEqual(words, []);
    hearing.start();
    hearing.stop();
    assert.equal(engines[1]?.running, false);
    await timers.pass(10_000);
    assert.equal(engines.length, 2);
  });

  for (const [error, words] of [
    ["not-allowed", "does not allow"],
    ["audio-capture", "no microphone"],
    ["network", "cannot reach"],
    ["language-not-supported", "this language"],
    ["something-new", "at the moment"],
  ] as const)
    test(`say in words what ${error} means, and stop`, async () => {
      const { timers, engines, engine, hearing, trouble } = listening();
      engine().onerror?.({ error });
      assert.match(trouble.join(), new RegExp(words));
      assert.equal(hearing.on, false);
      await timers.pass(10_000);
      assert.equal(engines.length, 1);
    });

  test("give up on an engine that ends at once, time after time", async () => {
    const { timers, engines, engine, hearing, trouble } = listening();
    for (let time = 0; time < 8 && hearing.on; time += 1) {
      engine().ends();
      await timers.pass(300);
    }
    assert.equal(engines.length, 5);
    assert.equal(trouble.length, 1);
  });

  test("say so when the engine cannot even begin", () => {
    FakeRecognition.refuses = true;
    const { trouble, hearing } = listening();
    FakeRecognition.refuses = false;
    assert.equal(trouble.length, 1);
    assert.equal(hearing.on, false);
  });

  test("are offered only where the browser has them, under either name", () => {
    assert.equal(recognitionOf({}), null);
    assert.ok(recognitionOf({ SpeechRecognition: FakeRecognition })?.() instanceof FakeRecognition);
    assert.ok(recognitionOf({ webkitSpeechRecognition: FakeRecognition })?.() instanceof FakeRecognition);
  });
});
