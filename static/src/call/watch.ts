/** What of everybody's pictures the engine need send to this page: pure. */
import type { Layer, Participant, Wish } from "../lib/wire.ts";
import type { Looks } from "./paths.ts";

/** Pictures that stand beside each other are small; from so many others on only the speaker's is not. */
const CROWD = 4;

export interface Watching {
  looks: Looks;
  speaking: string | null;
  soundOnly: boolean;
}

/** Where the page has not said how it shows somebody. */
const usual = ({ id, screen }: Participant, count: number, speaking: string | null): Layer => {
  if (screen || count === 1) return "h";
  return count < CROWD || id === speaking ? "m" : "l";
};

const wished = (
  person: Participant,
  count: number,
  { looks, speaking, soundOnly }: Watching,
): Omit<Wish, "peer" | "source"> => {
  const { layer, pinned } = looks.get(person.id) ?? { layer: usual(person, count, speaking), pinned: person.screen };
  return { layer: soundOnly ? null : layer, pinned };
};

/** A wish for the one picture that each person sends. */
export const wishesOf = (people: readonly Participant[], watching: Watching): Wish[] =>
  people.flatMap((person) =>
    person.peer === null
      ? []
      : [
          {
            peer: person.peer,
            source: person.screen ? "screen" : "camera",
            ...wished(person, people.length, watching),
          },
        ],
  );
