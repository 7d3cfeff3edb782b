/** The live Today list: the newest rows, the server's time, and an order that stands still while somebody is choosing. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Notice } from "./notices.tsx";
import { arrange, localDate, type Order, orderOf, type Sections } from "./order.ts";
import { isWaiting, type TodayRow } from "./row.ts";

export interface TodayFrame {
  now: string;
  rows: TodayRow[];
  /** Left out by whoever shows the list beside something else. */
  notices?: Notice[];
}

/** How long the rows stand still after the pointer last moved over them. */
const STEADY_MS = 1500;

export class Board {
  readonly rows: Signal<TodayRow[]>;
  readonly notices: Signal<Notice[]>;
  /** The server's time in ms, moved on by `tick`. */
  readonly now: Signal<number>;
  /** The calendar date here, "2026-11-23". */
  readonly today: ReadonlySignal<string> = computed(() => localDate(new Date(this.now.value)));
  /** Show, and ring for, this person's own patients only. */
  readonly onlyMine: Signal<boolean> = signal(false);
  readonly shown: ReadonlySignal<TodayRow[]> = computed(() =>
    this.rows.value.filter((row) => row.mine || !this.onlyMine.value),
  );
  readonly waiting: ReadonlySignal<TodayRow[]> = computed(() => this.shown.value.filter(isWaiting));
  readonly waitingIds: ReadonlySignal<readonly string[]> = computed(() => this.waiting.value.map(({ id }) => id));
  readonly sections: ReadonlySignal<Sections> = computed(() => arrange(this.shown.value, this.#order.value));

  readonly #local: () => number;
  readonly #order: Signal<Order> = signal({ waiting: [], day: [], done: [] });
  readonly #holders = new Set<string>();
  #offset: number;
  #steadyUntil = 0;

  /** `local` gives this machine's time in ms; only its differences are trusted. */
  constructor(first: TodayFrame, local: () => number) {
    this.#local = local;
    this.#offset = Date.parse(first.now) - local();
    this.now = signal(Date.parse(first.now));
    this.rows = signal(first.rows);
    this.notices = signal(first.notices ?? []);
    this.#settle();
  }

  apply(frame: TodayFrame): void {
    this.#offset = Date.parse(frame.now) - this.#local();
    this.rows.value = frame.rows;
    this.notices.value = frame.notices ?? [];
    this.tick();
  }

  /** The server's time in ms at this moment. */
  time(): number {
    return this.#local() + this.#offset;
  }

  /** Moves the time on, and the rows to where they belong unless they are held still. */
  tick(): void {
    this.now.value = this.time();
    if (this.#holders.size === 0 && this.#local() >= this.#steadyUntil) this.#settle();
  }

  /** Keeps every row where it is until the same holder (a menu, a dialog) lets go. */
  hold(holder: string): void {
    this.#holders.add(holder);
  }

  release(holder: string): void {
    this.#holders.delete(holder);
    this.tick();
  }

  /** The pointer is over the rows: nothing may move from under it. */
  pointerMoved(): void {
    this.#steadyUntil = this.#local() + STEADY_MS;
  }

  pointerLeft(): void {
    this.#steadyUntil = 0;
    this.tick();
  }

  #settle(): void {
    const next = orderOf(this.rows.value);
    if (JSON.stringify(next) !== JSON.stringify(this.#order.value)) this.#order.value = next;
  }
}
