/** The browser's own speech recognition as a source of captions: it goes on until it is told to stop, and says in words why it cannot. */
import { t } from "../lib/i18n.ts";
import type { Timers } from "../lib/timers.ts";
import { lastPart } from "./captions.ts";

interface Heard {
  readonly isFinal: boolean;
  readonly 0: { readonly transcript: string };
}

/** What is used of the SpeechRecognition of the Web Speech API, which TypeScript does not know. */
export interface Recognition {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  onresult: ((event: { resultIndex: number; results: ArrayLike<Heard> }) => void) | null;
  onerror: ((event: { error: string }) => void) | null;
  onend: (() => void) | null;
  start(): void;
  abort(): void;
}

type Maker = new () => Recognition;

/** The one that this browser offers; null where there is none. */
export const recognitionOf = (scope: object): (() => Recognition) | null => {
  const { SpeechRecognition, webkitSpeechRecognition } = scope as Record<string, Maker | undefined>;
  const Found = SpeechRecognition ?? webkitSpeechRecognition;
  return Found ? () => new Found() : null;
};

/** The engine ends by itself in silence; one that ends at once, time after time, is left alone. */
const AGAIN_MS = 300;
const SHORT_MS = 2_000;
const MOST_SHORT = 5;
const INTERIM_MS = 400;

const HARMLESS = new Set(["no-speech", "aborted"]);

const wordsOf = (error: string): string => {
  if (error === "not-allowed" || error === "service-not-allowed")
    return t("Your browser does not allow captions of what you say.");
  if (error === "audio-capture") return t("Your browser hears no microphone for captions.");
  if (error === "network") return t("Your browser cannot reach what makes its captions.");
  if (error === "language-not-supported") return t("Your browser makes no captions in this language.");
  return t("Your browser makes no captions at the moment.");
};

export interface HearingOptions {
  make: () => Recognition;
  language: string;
  timers: Timers;
  onWords: (body: string, final: boolean) => void;
  /** It has stopped, and why. */
  onTrouble: (words: string) => void;
}

export class Hearing {
  readonly #options: HearingOptions;
  #engine: Recognition | null = null;
  #cancel: (() => void) | null = null;
  #begunAt = 0;
  #short = 0;
  #interimAt = Number.NEGATIVE_INFINITY;

  constructor(options: HearingOptions) {
    this.#options = options;
  }

  get on(): boolean {
    return this.#engine !== null || this.#cancel !== null;
  }

  start(): void {
    if (this.on) return;
    this.#short = 0;
    this.#begin();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    const engine = this.#engine;
    this.#engine = null;
    engine?.abort();
  }

  #begin(): void {
    const engine = this.#options.make();
    Object.assign(engine, { lang: this.#options.language, continuous: true, interimResults: true });
    engine.onresult = ({ resultIndex, results }) => engine === this.#engine && this.#hear(results, resultIndex);
    engine.onerror = ({ error }) => engine === this.#engine && !HARMLESS.has(error) && this.#fail(error);
    engine.onend = () => engine === this.#engine && this.#ended();
    this.#engine = engine;
    this.#begunAt = this.#options.timers.now();
    try {
      engine.start();
    } catch {
      this.#fail("start");
    }
  }

  #hear(results: ArrayLike<Heard>, first: number): void {
    const fresh = Array.from(results).slice(first);
    const said = (final: boolean) =>
      fresh
        .filter(({ isFinal }) => isFinal === final)
        .map((result) => result[0].transcript)
        .join(" ")
        .trim();
    if (said(true) !== "") this.#options.onWords(lastPart(said(true)), true);
    const now = this.#options.timers.now();
    if (said(false) === "" || now - this.#interimAt < INTERIM_MS) return;
    this.#interimAt = now;
    this.#options.onWords(lastPart(said(false)), false);
  }

  #ended(): void {
    this.#engine = null;
    const { timers } = this.#options;
    this.#short = timers.now() - this.#begunAt < SHORT_MS ? this.#short + 1 : 0;
    if (this.#short >= MOST_SHORT) this.#fail("ended");
    else
      this.#cancel = timers.after(AGAIN_MS, () => {
        this.#cancel = null;
        this.#begin();
      });
  }

  #fail(error: string): void {
    this.stop();
    this.#options.onTrouble(wordsOf(error));
  }
}
