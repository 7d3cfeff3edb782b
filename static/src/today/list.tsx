/** The Today list: who waits first, then the day, then what is done; the focus stays with its row over live updates. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatDate, ownZone, plural, t, zoneCity } from "../lib/i18n.ts";
import type { Actions } from "./actions.ts";
import type { Board } from "./board.ts";
import { Line } from "./line.tsx";
import { type Day, daysOf, localDate } from "./order.ts";
import type { TodayRow } from "./row.ts";

interface ListProps {
  board: Board;
  actions: Actions;
  compact?: boolean;
  /** The consultation that this page is about. */
  current?: string | null;
  /** Other desks open in a tab of their own: this one holds a call. */
  apart?: boolean;
}

const focusKey = (): string | null => {
  const focused = typeof document === "undefined" ? null : document.activeElement;
  return focused instanceof HTMLElement ? (focused.dataset.focus ?? null) : null;
};

/** Moving or replacing a row makes the browser drop the focus; put it back where it was, or on the row's name. */
const useKeptFocus = () => {
  const root = useRef<HTMLDivElement>(null);
  const before = focusKey();
  useLayoutEffect(() => {
    if (before === null || focusKey() !== null) return;
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[data-focus]") ?? [])];
    const [id] = before.split(" ");
    const same = all.find((element) => element.dataset.focus === before);
    (same ?? all.find((element) => element.dataset.focus === `${id} desk`))?.focus({ preventScroll: true });
  });
  return root;
};

/** "1 patient is waiting", read out when the number changes. */
export const WaitingCount = ({ board }: { board: Board }) => {
  const count = board.waiting.value.length;
  return (
    <p class="waiting-count" role="status" data-waiting={count > 0}>
      {count === 0
        ? t("Nobody is waiting")
        : plural(count, "{count} patient is waiting", "{count} patients are waiting")}
    </p>
  );
};

const DAY_MS = 86_400_000;

/** `today` as "2026-11-23"; noon is in the same day whatever the clocks do at night. */
const dayWords = (day: Day, today: string): string => {
  if (day.date === today) return t("Today");
  if (day.date === localDate(new Date(Date.parse(`${today}T12:00`) + DAY_MS))) return t("Tomorrow");
  return formatDate(day.rows[0]?.scheduled_at ?? day.date);
};

export const TodayList = ({ board, actions, compact = false, current = null, apart = false }: ListProps) => {
  const { waiting, day, done } = board.sections.value;
  const root = useKeptFocus();
  const lines = (rows: TodayRow[]) => (
    <ol class="lines">
      {rows.map((row) => (
        <Line
          key={row.id}
          row={row}
          board={board}
          actions={actions}
          compact={compact}
          current={row.id === current}
          apart={apart && row.id !== current}
        />
      ))}
    </ol>
  );
  const pointer = {
    onPointerMove: (event: PointerEvent) => event.pointerType === "mouse" && board.pointerMoved(),
    onPointerLeave: () => board.pointerLeft(),
  };
  return (
    <div ref={root} class={compact ? "today-list compact" : "today-list"} {...pointer}>
      {waiting.length > 0 && (
        <section class="waiting-rows">
          <h2>{t("Waiting")}</h2>
          {lines(waiting)}
        </section>
      )}
      {daysOf(day).map((each) => (
        <section key={each.date}>
          <h2>{dayWords(each, board.today.value)}</h2>
          {lines(each.rows)}
        </section>
      ))}
      {done.length > 0 && (
        <section class="done-rows">
          <h2>{t("Done")}</h2>
          {lines(done)}
        </section>
      )}
      {board.shown.value.length > 0 && (
        <p class="zone">{t("All times are {city} time.", { city: zoneCity(ownZone()) })}</p>
      )}
    </div>
  );
};
