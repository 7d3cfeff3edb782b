/** One person as they come over the engine: their stream, whether what they send arrives, and how well. It knows no DOM. */
import { Feed } from "./feed.ts";
import { Grader, type Pictures } from "./grader.ts";
import { arrives, examine, type Health, interrupted, phoneOffered, stand, unborn } from "./health.ts";
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
  #awaitedSince: number;
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

  get arrives(): boolean {
    return arrives(this.#health);
  }

  is(peer: string): void {
    this.#peer = peer;
  }

  examine({ standing, expected, counted, pictures }: Look, now: number): void {
    const counters = count(counted, now);
    if (expected && !this.#health.expected) this.#awaitedSince = now;
    this.#health = examine(stand(this.#health, standing, now), counters.bytesIn, expected, now);
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
      connected: this.#health.troubleSince === null && this.arrives,
      troubled: interrupted(this.#health),
      fresh: !this.#health.stood,
      phone: phoneOffered(this.#health, this.#awaitedSince, now),
      mine: this.#grader.mine,
      theirs: this.#grader.theirs,
      unseen: this.#grader.unseen,
      soundOnlyThere: false,
    };
  }
}
