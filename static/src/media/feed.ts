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
   * An old picture goes before the new one comes, in the same task: players show the old one until they have the new one. The other way
   * round Firefox shows nothing more. An old sound goes afterwards: with no sound at all, Firefox would end its player and ask anew
   * whether it may play. A track of the same id always goes first, because Chromium takes the new one for it: tracks have the same id
   * where the other browser's connection stayed, and only ours is another.
   */
  choose(kind: Kind, arms: readonly Arm[]): void {
    const held = this.#held(kind);
    const there = arms.filter(({ track }) => track !== null && track.readyState !== "ended");
    const chosen =
      there.find(({ flows }) => flows) ?? there.find(({ track }) => track !== null && held.includes(track)) ?? there[0];
    const track = chosen?.track ?? null;
    const old = held.filter((other) => other !== track);
    for (const other of old) if (kind === "video" || other.id === track?.id) this.stream.removeTrack(other);
    if (track !== null && !held.includes(track)) this.stream.addTrack(track);
    for (const other of old) this.stream.removeTrack(other);
  }

  #held(kind: Kind): MediaStreamTrack[] {
    return this.stream.getTracks().filter((track) => track.kind === kind);
  }
}
