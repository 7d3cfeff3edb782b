/** Where each row of the Today list stands: who waits comes first, what is over comes last. */
import { isOver, isWaiting, type TodayRow } from "./row.ts";

export interface Sections<T = TodayRow> {
  waiting: T[];
  day: T[];
  done: T[];
}

export type Order = Sections<string>;

const byTime = (one: TodayRow, two: TodayRow): number =>
  one.scheduled_at.localeCompare(two.scheduled_at) || one.id.localeCompare(two.id);

const byWait = (one: TodayRow, two: TodayRow): number =>
  (one.waiting_since ?? "").localeCompare(two.waiting_since ?? "") || byTime(one, two);

const sort = (rows: TodayRow[]): Sections => ({
  waiting: rows.filter(isWaiting).sort(byWait),
  day: rows.filter((row) => !isWaiting(row) && !isOver(row)).sort(byTime),
  done: rows.filter(isOver).sort(byTime),
});

export const orderOf = (rows: TodayRow[]): Order => {
  const { waiting, day, done } = sort(rows);
  const ids = (list: TodayRow[]): string[] => list.map((row) => row.id);
  return { waiting: ids(waiting), day: ids(day), done: ids(done) };
};

/** The rows in a given order; a row that the order does not know is left out, one that is gone is skipped. */
export const arrange = (rows: TodayRow[], order: Order): Sections => {
  const known = new Map(rows.map((row) => [row.id, row]));
  const pick = (ids: string[]): TodayRow[] => ids.flatMap((id) => known.get(id) ?? []);
  return { waiting: pick(order.waiting), day: pick(order.day), done: pick(order.done) };
};

/** Who comes to this reader next: whoever has waited longest, else the first of the day; the one at whose desk they are is not next. */
export const nextOf = (rows: TodayRow[], today: string, current: string | null = null): TodayRow | null => {
  const { waiting, day } = sort(rows.filter((row) => row.mine && row.id !== current && row.stage !== "in_call"));
  return waiting[0] ?? day.find((row) => localDate(new Date(row.scheduled_at)) === today) ?? null;
};

/** The rows of one calendar day of this browser. */
export interface Day {
  /** "2026-11-23". */
  date: string;
  rows: TodayRow[];
}

/** The calendar date of a moment where this browser is. */
export const localDate = (at: Date): string => {
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
};

/** Rows that stand in order of time, day by day. */
export const daysOf = (rows: TodayRow[]): Day[] => {
  const days: Day[] = [];
  for (const row of rows) {
    const date = localDate(new Date(row.scheduled_at));
    const last = days.at(-1);
    if (last?.date === date) last.rows.push(row);
    else days.push({ date, rows: [row] });
  }
  return days;
};
