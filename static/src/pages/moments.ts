/** How long until something begins, in words, and whether two zones call it by the same time; pure. */
import { formatDate, formatTime, plural, t } from "../lib/i18n.ts";

const MINUTE_MS = 60_000;
const HOUR_MIN = 60;
const DAY_MIN = 24 * HOUR_MIN;

/** "It begins in 2 hours."; rounded, because nobody needs seconds here. */
export const untilWords = (ms: number): string => {
  const minutes = Math.ceil(ms / MINUTE_MS);
  if (minutes <= 0) return t("It is time: please come in.");
  if (minutes < HOUR_MIN) return plural(minutes, "It begins in {count} minute.", "It begins in {count} minutes.");
  const hours = Math.round(minutes / HOUR_MIN);
  if (minutes < 2 * DAY_MIN) return plural(hours, "It begins in {count} hour.", "It begins in {count} hours.");
  const days = Math.round(minutes / DAY_MIN);
  return plural(days, "It begins in {count} day.", "It begins in {count} days.");
};

/** Whether clocks in both zones show the same at that moment. */
export const sameClock = (iso: string, zone: string, other: string): boolean =>
  formatDate(iso, zone) === formatDate(iso, other) && formatTime(iso, zone) === formatTime(iso, other);
