/** How the pictures of a call are laid out: what the people chose, what the stage has room for, and who speaks. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { prefer, preferred } from "../lib/prefs.ts";
import type { Layer, Participant } from "../lib/wire.ts";
import { type Arrangement, arrange, type Size } from "./arrange.ts";
import { SpeakerHold } from "./hold.ts";
import type { CallState } from "./model.ts";
import type { Looks } from "./paths.ts";
import type { Remote } from "./peers.ts";
import { isComing } from "./seen.ts";

export interface Layout {
  arranged: ReadonlySignal<Arrangement>;
  /** Of the stage; measured by the view. */
  size: Signal<Size>;
  /** The participant who is kept large. */
  pinned: Signal<string | null>;
  page: Signal<number>;
  /** All pictures of the same size. */
  grid: ReadonlySignal<boolean>;
  useGrid: (on: boolean) => void;
}

/** An upright phone, until the stage is measured. */
const UNMEASURED: Size = { inline: 23, block: 40 };

const joinedBefore = (one: Participant, other: Participant): number =>
  (one.since ?? "").localeCompare(other.since ?? "") || one.id.localeCompare(other.id);

/** Those with a picture or a place for one, in the order of joining. */
export const shownOf = ({ remotes }: CallState): Remote[] =>
  remotes
    .filter(({ participant }) => !participant.quiet)
    .sort((one, other) => joinedBefore(one.participant, other.participant));

/** Those who see and hear, and send nothing. */
export const listenersOf = ({ roster, me }: CallState): Participant[] =>
  roster.participants.filter(({ id, quiet, stage }) => quiet && stage === "in_call" && id !== me?.id);

const sharing = (shown: Remote[]): string | null =>
  shown.find(({ participant }) => participant.screen)?.participant.id ?? null;

/** Who is shown for the one who speaks; our own voice makes nobody small, and a voice that comes before its picture does not either. */
const heldSpeaker = (state: ReadonlySignal<CallState>): ReadonlySignal<string | null> => {
  const shown = signal<string | null>(null);
  const hold = new SpeakerHold((id) => {
    shown.value = id;
  });
  effect(() => {
    const { speaking, remotes } = state.value;
    const remote = remotes.find(({ participant }) => participant.id === speaking);
    hold.hear(remote && !isComing(state.value, remote) ? speaking : null);
  });
  return shown;
};

const gridChoice = (): Pick<Layout, "grid" | "useGrid"> => {
  const grid = signal(preferred<boolean>("grid", false));
  const useGrid = (on: boolean): void => {
    grid.value = on;
    prefer("grid", on);
  };
  return { grid, useGrid };
};

const same = (one: Arrangement, other: Arrangement): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The same value as long as nothing of it changes, so that the views rest while the state is told anew. */
const steadily = (make: () => Arrangement): ReadonlySignal<Arrangement> => {
  let last: Arrangement | null = null;
  return computed(() => {
    const next = make();
    last = last && same(last, next) ? last : next;
    return last;
  });
};

/** In a grid of so many or more each picture is as small as those beside a large one. */
const SMALL_GRID = 5;

/** What the picture of each of these people needs: nobody looks at small ones closely, and at those on another page not at all. */
export const looksOf = (
  { kind, main, tiles }: Arrangement,
  pinned: string | null,
  people: readonly string[],
): Looks => {
  const small: Layer = kind === "grid" && tiles.length < SMALL_GRID ? "m" : "l";
  const layerOf = (id: string): Layer | null => (id === main ? "h" : tiles.includes(id) ? small : null);
  return new Map(people.map((id) => [id, { layer: layerOf(id), pinned: id === main && id === pinned }]));
};

export const layoutOf = (state: ReadonlySignal<CallState>): Layout => {
  const size = signal(UNMEASURED);
  const pinned = signal<string | null>(null);
  const page = signal(0);
  const { grid, useGrid } = gridChoice();
  const speaker = heldSpeaker(state);
  const arranged = steadily(() => {
    const shown = shownOf(state.value);
    return arrange({
      people: shown.map(({ participant }) => participant.id),
      ourselves: state.value.me?.quiet !== true,
      speaker: speaker.value,
      pinned: pinned.value,
      screen: sharing(shown),
      grid: grid.value,
      size: size.value,
      page: page.value,
    });
  });
  return { arranged, size, pinned, page, grid, useGrid };
};
