/** A question before the consultation: what is written is saved while it is written, so that nothing is lost by a page that is left. */
import { $, on } from "../lib/dom.ts";
import { formatTime, t } from "../lib/i18n.ts";
import "./form.ts";

const PAUSE_MS = 800;
const AGAIN_MS = 5000;

const form = $<HTMLFormElement>("form[data-draft]");
const said = $("#saved");
let timer = 0;
let sending = false;
let dirty = false;

const written = (): URLSearchParams => {
  const pairs = [...new FormData(form)].filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return new URLSearchParams(pairs);
};

const later = (ms: number): void => {
  clearTimeout(timer);
  timer = setTimeout(() => void save(), ms);
};

/** A page that goes away sends what is written all the same (`keepalive`). */
const send = (): Promise<Response> =>
  fetch(form.dataset.draft ?? "", { method: "POST", body: written(), redirect: "manual", keepalive: true });

async function save(): Promise<void> {
  if (sending) return later(PAUSE_MS);
  sending = true;
  dirty = false;
  const status = await send().then(
    (answer) => answer.status,
    () => 0,
  );
  sending = false;
  if (status === 204) said.textContent = t("Saved {time}", { time: formatTime(new Date().toISOString()) });
  else if (status === 0 || status >= 500) {
    said.textContent = t("Not saved yet. We try again by ourselves.");
    later(AGAIN_MS);
  } else said.textContent = t("This is not saved. Please press Continue.");
}

const wrote = (): void => {
  dirty = true;
  later(PAUSE_MS);
};

const isWritten = (field: Element): boolean => {
  if (field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue;
  if (!(field instanceof HTMLInputElement)) return false;
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
};

/** Whether the page was opened anew: on the way back, or loaded again, it may hold what stood there before, older than what is saved. */
const isFresh = (): boolean => {
  const [opening] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return opening?.type === "navigate";
};

on(form, "input", wrote);
on(form, "submit", () => {
  clearTimeout(timer);
  dirty = false;
});
on(window, "pagehide", () => {
  if (dirty) void send();
});
// Over a slow line somebody writes before this script is there.
if (isFresh() && [...form.elements].some(isWritten)) wrote();
