/** What is said in a call, in writing: the last lines of each speaker, for some seconds. It knows no DOM. */
import type { Timers } from "../lib/timers.ts";
import { CAPTION_CHARACTERS, type CaptionSource } from "../lib/wire.ts";

export interface Caption {
  from: string;
  body: string;
  /** Another one of the same person takes the place of one that is not. */
  final: boolean;
  source: CaptionSource;
}

export interface CaptionLine extends Caption {
  id: number;
  at: number;
}

/** Of one speaker; and of all together, so that the picture stays to be seen. */
export const MOST_OF_ONE = 2;
export const MOST_LINES = 4;
/** Two lines are read in this; longer they would hide the picture. */
export const FADES_MS = 9_000;
const LOOK_MS = 1_000;

/** The lines with one more, or with one that was not final replaced in its place. */
export const withCaption = (lines: readonly CaptionLine[], caption: CaptionLine): CaptionLine[] => {
  const open = lines.findLast(({ from, source }) => from === caption.from && source === caption.source);
  const replaced = open && !open.final ? open : null;
  const next = replaced
    ? lines.map((line) => (line === replaced ? { ...caption, id: replaced.id } : line))
    : [...lines, caption];
  const own = next.filter(({ from }) => from === caption.from);
  const tooOld = new Set(own.slice(0, Math.max(0, own.length - MOST_OF_ONE)));
  return next.filter((line) => !tooOld.has(line)).slice(-MOST_LINES);
};

export const withoutFaded = (lines: readonly CaptionLine[], now: number): readonly CaptionLine[] =>
  lines.every(({ at }) => now - at < FADES_MS) ? lines : lines.filter(({ at }) => now - at < FADES_MS);

/** The end of a line that goes on for long, from a word on. */
export const lastPart = (text: string, most = CAPTION_CHARACTERS): string => {
  if (text.length <= most) return text;
  const end = text.slice(-most);
  const word = end.indexOf(" ");
  return word < 0 ? end : end.slice(word + 1);
};

export class CaptionLines {
  readonly #timers: Timers;
  readonly #onChange: (lines: readonly CaptionLine[]) => void;
  #lines: readonly CaptionLine[] = [];
  #last = 0;
  #cancel: (() => void) | null = null;

  constructor(timers: Timers, onChange: (lines: readonly CaptionLine[]) => void) {
    this.#timers = timers;
    this.#onChange = onChange;
  }

  hear(caption: Caption): void {
    this.#last += 1;
    this.#set(withCaption(this.#lines, { ...caption, id: this.#last, at: this.#timers.now() }));
    this.#cancel ??= this.#timers.after(LOOK_MS, () => this.#look());
  }

  #look(): void {
    this.#set(withoutFaded(this.#lines, this.#timers.now()));
    this.#cancel = this.#lines.length > 0 ? this.#timers.after(LOOK_MS, () => this.#look()) : null;
  }

  #set(lines: readonly CaptionLine[]): void {
    if (lines === this.#lines) return;
    this.#lines = lines;
    this.#onChange(lines);
  }
}
