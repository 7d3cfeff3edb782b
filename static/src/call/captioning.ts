/** The captions of a call as signals for the views: whether they are shown, what is typed, what the browser hears. */
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { prefer, preferred } from "../lib/prefs.ts";
import { realTimers } from "../lib/timers.ts";
import type { CaptionSource } from "../lib/wire.ts";
import { type CaptionLine, CaptionLines } from "./captions.ts";
import type { Call } from "./client.ts";
import { Hearing, recognitionOf } from "./hearing.ts";
import { isTalking } from "./machine.ts";
import type { CallState } from "./model.ts";
import { Typist } from "./typist.ts";

export interface Captioning {
  lines: ReadonlySignal<readonly CaptionLine[]>;
  /** This reader wants to see them; off until somebody says so. */
  shown: ReadonlySignal<boolean>;
  show: (on: boolean) => void;
  /** A screen reader reads the finished lines. */
  aloud: ReadonlySignal<boolean>;
  readAloud: (on: boolean) => void;
  /** The field for a caption is open. */
  typing: Signal<boolean>;
  typist: Typist;
  /** This browser can make captions of what is said here. */
  canHear: boolean;
  /** It is to make them; that it may send the voice to its maker was agreed to in this call. */
  hearing: Signal<boolean>;
  agreed: Signal<boolean>;
  /** Why it stopped by itself. */
  refused: Signal<string | null>;
}

const kept = (name: string): [Signal<boolean>, (on: boolean) => void] => {
  const held = signal(preferred<boolean>(name, false));
  const keep = (on: boolean): void => {
    held.value = on;
    prefer(name, on);
  };
  return [held, keep];
};

type Say = (source: CaptionSource) => (body: string, final: boolean) => void;

/** Our own are shown here, too: who speaks or types sees what the others get. */
const sayerOf =
  (call: Call, lines: CaptionLines, trouble: Signal<string | null>): Say =>
  (source) =>
  (body, final) => {
    lines.hear({ from: call.state.me?.id ?? "", body, final, source });
    void call.command("caption", { body, final, source }).catch((error: Error) => {
      if (final) trouble.value = error.message;
    });
  };

/** The browser listens while somebody talks here, and never while they are muted. */
const hearWhenWanted = (
  state: ReadonlySignal<CallState>,
  hearing: Signal<boolean>,
  onTrouble: (words: string) => void,
  onWords: (body: string, final: boolean) => void,
): boolean => {
  const make = recognitionOf(globalThis);
  if (make === null) return false;
  const language = document.documentElement.lang || "en-GB";
  const ear = new Hearing({ make, language, timers: realTimers, onWords, onTrouble });
  effect(() => {
    const { phase, local } = state.value;
    if (hearing.value && isTalking(phase) && local.mic) ear.start();
    else ear.stop();
  });
  return true;
};

export const captioningOf = (
  call: Call,
  state: ReadonlySignal<CallState>,
  trouble: Signal<string | null>,
): Captioning => {
  const shownLines = signal<readonly CaptionLine[]>([]);
  const lines = new CaptionLines(realTimers, (next) => {
    shownLines.value = next;
  });
  call.onCaption = (caption) => lines.hear(caption);
  const say = sayerOf(call, lines, trouble);
  const hearing = signal(false);
  const refused = signal<string | null>(null);
  const stopped = (words: string): void => {
    hearing.value = false;
    refused.value = trouble.value = words;
  };
  const [shown, show] = kept("captions");
  const [aloud, readAloud] = kept("captionsAloud");
  return {
    lines: shownLines,
    shown,
    show,
    aloud,
    readAloud,
    typing: signal(false),
    typist: new Typist(realTimers, say("typed")),
    canHear: hearWhenWanted(state, hearing, stopped, say("speech")),
    hearing,
    agreed: signal(false),
    refused,
  };
};
