/** Follows a connection's counters: how well both directions go, what people are told of it, how much picture to send. */
import { climb, type Ladder, ladderTop, type Quality, type Told, tell, toldStart } from "./policy.ts";
import { type Counters, gradeIn, gradeOut, rates } from "./quality.ts";

const GRADE_MS = 1_000;

/** Whether there is a picture to judge, in and out. */
export interface Pictures {
  in: boolean;
  out: boolean;
}

export class Grader {
  #before: Counters | null = null;
  #ladder: Ladder;
  #mine: Told;
  #theirs: Told;

  constructor(now: number) {
    this.#ladder = ladderTop(now);
    this.#mine = toldStart(now);
    this.#theirs = toldStart(now);
  }

  /** How ours arrives there, as it was last told. */
  get mine(): Quality {
    return this.#mine.said;
  }

  /** How theirs arrives here. */
  get theirs(): Quality {
    return this.#theirs.said;
  }

  get rung(): number {
    return this.#ladder.rung;
  }

  /** What was counted during trouble says nothing about the time after it. */
  forget(): void {
    this.#before = null;
  }

  count(counters: Counters, pictures: Pictures): void {
    const before = this.#before;
    this.#before ??= counters;
    if (before === null || counters.at - before.at < GRADE_MS) return;
    this.#before = counters;
    const measured = rates(before, counters);
    const mine = gradeOut(measured, pictures.out);
    this.#mine = tell(this.#mine, mine, counters.at);
    this.#theirs = tell(this.#theirs, gradeIn(measured, pictures.in), counters.at);
    this.#ladder = climb(this.#ladder, mine, counters.at);
  }
}
