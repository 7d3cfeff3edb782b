/** Rings for guests of this consultation who wait: at once for a new one, and again while nobody is being talked to. */
import { effect, type ReadonlySignal } from "@preact/signals";
import type { CallState } from "../call/model.ts";
import { Alarm } from "../today/alarm.ts";
import { sceneOf, waitingGuests } from "./scene.ts";

export class GuestBell {
  readonly #alarm: Alarm;
  readonly #state: ReadonlySignal<CallState>;
  readonly #now: () => number;

  constructor(state: ReadonlySignal<CallState>, chime: () => void, now: () => number = () => performance.now()) {
    this.#state = state;
    this.#now = now;
    // Outside the tab the list's own bell speaks; a guest is seen where the consultation is open.
    this.#alarm = new Alarm({ chime, notify: () => undefined });
    effect(() => {
      const ids = waitingGuests(state.value).map(({ id }) => id);
      this.#alarm.update(ids, this.#now());
    });
  }

  /** In a call one ring is enough: the guest stands on the page. */
  tick(): void {
    if (sceneOf(this.#state.peek()) !== "call") this.#alarm.tick(this.#now());
  }
}
