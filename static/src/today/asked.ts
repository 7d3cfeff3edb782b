/** Colleagues who ask this person into a call, until they come or put it aside. It knows no DOM. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { prefer, preferred } from "../lib/prefs.ts";
import type { TodayRow } from "./row.ts";

export interface Ask {
  /** Another one once the same colleague asks again. */
  key: string;
  name: string;
  deskUrl: string;
}

const ASIDE = "askedAside";
/** An older one is over by then, or asks once more. */
const MOST_ASIDE = 20;
const BETWEEN = ",";

const kept = (): string[] => preferred(ASIDE, "").split(BETWEEN);

const asksOf = (rows: readonly TodayRow[], here: string | null): Ask[] =>
  rows
    .filter(({ id, invited_by }) => invited_by !== null && id !== here)
    .map(({ id, invited_by, invited_at, desk_url }) => ({
      key: `${id} ${invited_at}`,
      name: invited_by ?? "",
      deskUrl: desk_url,
    }));

export class Asked {
  readonly asks: ReadonlySignal<readonly Ask[]>;
  readonly #aside: Signal<readonly string[]> = signal(kept());

  /** `here`: the consultation that this page is about. */
  constructor(rows: ReadonlySignal<readonly TodayRow[]>, here: string | null = null) {
    this.asks = computed(() => asksOf(rows.value, here).filter(({ key }) => !this.#aside.value.includes(key)));
  }

  putAside({ key }: Ask): void {
    prefer(ASIDE, [...kept(), key].slice(-MOST_ASIDE).join(BETWEEN));
    this.recall();
  }

  /** What was put aside on another page is so here. */
  recall(): void {
    this.#aside.value = kept();
  }
}
