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
   * Takes the first way that flows, the wanted one first; until one does, what is there stays. The new track comes before the old one
   * goes, so that a player changes over in one step, and there are never two of a kind afterwards: nobody is heard twice.
   */
  choose(kind: Kind, arms: readonly Arm[]): void {
    const held = this.#held(kind);
    const there = arms.filter(({ track }) => track !== null && track.readyState !== "ended");
    const chosen =
      there.find(({ flows }) => flows) ?? there.find(({ track }) => track !== null && held.includes(track)) ?? there[0];
    const track = chosen?.track ?? null;
    if (track !== null && !held.includes(track)) this.stream.addTrack(track);
    for (const other of held) if (other !== track) this.stream.removeTrack(other);
  }

  #held(kind: Kind): MediaStreamTrack[] {
    return this.stream.getTracks().filter((track) => track.kind === kind);
  }
}
