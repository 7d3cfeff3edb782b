/** One person as they come over the engine: their stream, whether what they send arrives, and how well. It knows no DOM. */
import { Feed } from "./feed.ts";
import { Grader, type Pictures } from "./grader.ts";
import { arrives, examine, type Health, missing, phoneOffered, stand, unborn } from "./health.ts";
import type { PeerView } from "./peer.ts";
import { count, type Entry } from "./quality.ts";

export interface Look {
  /** The connection on which they come is up. */
  standing: boolean;
  /** They say that they send something, and we take it. */
  expected: boolean;
  counted: readonly Entry[];
  pictures: Pictures;
}

export class Seen {
  readonly feed: Feed;
  /** Their browser; another one than the first means that they came back. */
  readonly #first: string;
  #peer: string;
  #health: Health;
  #awaited = false;
  #awaitedSince: number;
  #elsewhere = false;
  /** They have come, whatever way: only from then on is what is missing an interruption. */
  #came = false;
  readonly #grader: Grader;

  constructor(stream: MediaStream, peer: string, now: number) {
    this.feed = new Feed(stream);
    this.#first = peer;
    this.#peer = peer;
    this.#health = unborn(now);
    this.#awaitedSince = now;
    this.#grader = new Grader(now);
  }

  get returned(): boolean {
    return this.#peer !== this.#first;
  }

  get #connected(): boolean {
    return this.#health.troubleSince === null && arrives(this.#health);
  }

  is(peer: string): void {
    this.#peer = peer;
  }

  /** They say that they send something, or that they do not: what is waited for is waited for whatever way it may come. */
  expect(expected: boolean, now: number): void {
    if (expected && !this.#awaited) this.#awaitedSince = now;
    this.#awaited = expected;
  }

  /** They come, or do not, another way: what is missing is missing since then, and where nothing was, from now on. */
  follow(missingSince: number | null | undefined, now: number): void {
    this.#came ||= missingSince === null;
    if (missingSince === null || this.#elsewhere) this.#awaitedSince = now;
    else if (missingSince !== undefined) this.#awaitedSince = missingSince;
    this.#elsewhere = missingSince === null;
  }

  /** Whoever never came this way has been missing for as long as they were waited for. */
  get #missingSince(): number | null {
    return this.#health.stood ? missing(this.#health, this.#awaitedSince) : this.#awaitedSince;
  }

  examine({ standing, expected, counted, pictures }: Look, now: number): void {
    const counters = count(counted, now);
    this.expect(expected, now);
    this.#health = examine(stand(this.#health, standing, now), counters.bytesIn, expected, now);
    this.#came ||= this.#connected;
    if (this.#health.troubleSince === null) this.#grader.count(counters, pictures);
    else this.#grader.forget();
  }

  /** There is no connection to the engine any more. */
  lose(now: number): void {
    this.#health = stand(this.#health, false, now);
  }

  view(now: number): PeerView {
    return {
      stream: this.feed.stream,
      connected: this.#connected,
      troubled: this.#came && this.#health.troubleSince !== null,
      fresh: !this.#came && this.#health.troubleSince !== null,
      phone: phoneOffered(this.#missingSince, now),
      missingSince: this.#missingSince,
      mine: this.#grader.mine,
      theirs: this.#grader.theirs,
      unseen: this.#grader.unseen,
      soundOnlyThere: false,
      measured: () => this.#grader.measured,
    };
  }
}
