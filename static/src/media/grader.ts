/** Follows a connection's counters: how well both directions go, what people are told of it, how much picture to send. */
import { climb, type Ladder, ladderTop, type Quality, type Told, tell, toldStart } from "./policy.ts";
import { type Counters, gradeIn, gradeOut, type Rates, rates } from "./quality.ts";

const GRADE_MS = 1_000;
const UNSEEN_MS = 4_000;

/** Whether there is a picture to judge, in and out, and whether the one out is our camera's. */
export interface Pictures {
  in: boolean;
  out: boolean;
  camera: boolean;
}

export class Grader {
  #before: Counters | null = null;
  #measured: Rates | null = null;
  #ladder: Ladder;
  #mine: Told;
  #theirs: Told;
  #framesOut: number | null = null;
  #unseenMs = 0;

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

  /** Our camera is open and nobody sees it: no encoder takes the pictures of a depth camera, and a covered one may give none. */
  get unseen(): boolean {
    return this.#unseenMs >= UNSEEN_MS;
  }

  /** What was measured last; null while nothing can be. */
  get measured(): Rates | null {
    return this.#measured;
  }

  get rung(): number {
    return this.#ladder.rung;
  }

  /** What was counted during trouble says nothing about the time after it. */
  forget(): void {
    this.#before = null;
    this.#measured = null;
  }

  count(counters: Counters, pictures: Pictures): void {
    const before = this.#before;
    this.#before ??= counters;
    if (before === null || counters.at - before.at < GRADE_MS) return;
    this.#before = counters;
    this.#look(counters, pictures.camera, counters.at - before.at);
    const measured = rates(before, counters);
    this.#measured = measured;
    const mine = gradeOut(measured, pictures.out);
    this.#mine = tell(this.#mine, mine, counters.at);
    this.#theirs = tell(this.#theirs, gradeIn(measured, pictures.in), counters.at);
    this.#ladder = climb(this.#ladder, mine, counters.at);
  }

  #look({ framesOut }: Counters, camera: boolean, ms: number): void {
    const still = camera && framesOut !== null && framesOut === this.#framesOut;
    this.#framesOut = framesOut;
    this.#unseenMs = still ? this.#unseenMs + ms : 0;
  }
}
