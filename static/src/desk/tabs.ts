/** Moving among tabs by key: one of them takes the Tab key, arrows lead to the others. */

export type DeskTab = "call" | "note" | "list";

export const TABS: readonly DeskTab[] = ["call", "note", "list"];

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

/** The tab that a key leads to; null for a key that leads nowhere. `rtl`: the page reads from right to left. */
export const tabByKey = (current: DeskTab, key: string, rtl: boolean): DeskTab | null => {
  if (key === "Home") return TABS[0] ?? null;
  if (key === "End") return TABS.at(-1) ?? null;
  const step = STEPS[key];
  if (step === undefined) return null;
  const place = TABS.indexOf(current) + (rtl ? -step : step);
  return TABS[(place + TABS.length) % TABS.length] ?? null;
};
