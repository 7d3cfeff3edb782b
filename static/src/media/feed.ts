/** The one stream in which a person is heard and seen, whatever way their tracks take. It knows no DOM. */
import type { Kind } from "./link.ts";

/** A track of one way; `flows`: it can be heard or seen already. */
export interface Arm {
  track: MediaStreamTrack | null;
  flows: boolean;
}

export class Feed {
  readonly stream: MediaStream;

  constructor(stream: MediaStream) {
    this.stream = stream;
  }

  /**
   * Takes the first way that flows, the wanted one first; until one does, what is there stays. There are never two of a kind, so nobody
   * is heard twice.
   *
   * The old track goes before the new one comes, in the same task: players show the old picture until they have a new one. The other way
   * round Firefox shows nothing more, and Chromium nothing of a track whose id is that of the old one, as it is where the other browser's
   * connection stayed and only ours is another.
   */
  choose(kind: Kind, arms: readonly Arm[]): void {
    const held = this.#held(kind);
    const there = arms.filter(({ track }) => track !== null && track.readyState !== "ended");
    const chosen =
      there.find(({ flows }) => flows) ?? there.find(({ track }) => track !== null && held.includes(track)) ?? there[0];
    const track = chosen?.track ?? null;
    for (const other of held) if (other !== track) this.stream.removeTrack(other);
    if (track !== null && !held.includes(track)) this.stream.addTrack(track);
  }

  #held(kind: Kind): MediaStreamTrack[] {
    return this.stream.getTracks().filter((track) => track.kind === kind);
  }
}
