/** Sentences for people in their language, from the strings that the server embedded; times with their zone. */
import { embeddedStrings } from "./boot.ts";

type Values = Record<string, string | number>;
type Forms = Partial<Record<Intl.LDMLPluralRule, string>>;
export type Strings = Record<string, string | Forms>;

let strings: Strings = embeddedStrings<Strings>() ?? {};
const pageLocale = (): string => (typeof document === "undefined" ? "en" : document.documentElement.lang || "en");
let locale = pageLocale();

/** For tests: speak another language. */
export const useStrings = (next: Strings, nextLocale: string): void => {
  strings = next;
  locale = nextLocale;
};

const fill = (text: string, values: Values): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** The sentence in the reader's language. The first argument must be a literal: the extraction reads the source. */
export const t = (text: string, values: Values = {}): string => {
  const found = strings[text];
  return fill(typeof found === "string" ? found : text, values);
};

/** One or many, by the rules of the language; both are literals and may use {count}. */
export const plural = (count: number, one: string, many: string, values: Values = {}): string => {
  const forms = strings[one];
  const rule = new Intl.PluralRules(locale).select(count);
  const translated = typeof forms === "object" ? (forms[rule] ?? forms.other) : undefined;
  return fill(translated ?? (count === 1 ? one : many), { count, ...values });
};

/** "Alice, Bob and Carla". */
export const listWords = (names: readonly string[]): string =>
  new Intl.ListFormat(locale, { type: "conjunction" }).format(names);

const when = (iso: string): Date => new Date(iso);
const format = (iso: string, options: Intl.DateTimeFormatOptions, zone?: string): string =>
  new Intl.DateTimeFormat(locale, zone === undefined ? options : { ...options, timeZone: zone }).format(when(iso));

/** "10:30", in the reader's own zone or in the named one. */
export const formatTime = (iso: string, zone?: string): string =>
  format(iso, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, zone);

/** "Monday 23 November". */
export const formatDate = (iso: string, zone?: string): string =>
  format(iso, { weekday: "long", day: "numeric", month: "long" }, zone);

/** "23 November 2026": a day that may be long ago. */
export const formatDay = (iso: string, zone?: string): string =>
  format(iso, { day: "numeric", month: "long", year: "numeric" }, zone);

/** "London" of "Europe/London": the name that people know a zone by. */
export const zoneCity = (zone: string): string => zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");

/** The zone of this browser, as in "Europe/London". */
export const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "10:30 (London time)": a time is never shown without its zone on a patient's page. */
export const formatTimeWithZone = (iso: string, zone: string = ownZone()): string =>
  t("{time} ({city} time)", { time: formatTime(iso, zone), city: zoneCity(zone) });
