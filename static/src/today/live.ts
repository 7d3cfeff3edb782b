/** Keeps what the server has drawn up to date: parts with `data-live` are read again, and the focus stays where it was. */
import { atWork } from "../lib/api.ts";
import { $$ } from "../lib/dom.ts";

export const EVERY_MS = 60_000;

/**
 * Reads this page once more; null when it could not be read, or when another one came in its place (a sign-in).
 * The browser parses what it fetches by itself: to parse a text would need a policy for trusted types.
 */
const readPage = (): Promise<Document | null> =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const page = location.href.replace(location.hash, "");
    request.onload = () => {
      resolve(request.status === 200 && request.responseURL === page ? request.responseXML : null);
    };
    request.onerror = () => resolve(null);
    request.open("GET", page);
    request.responseType = "document";
    for (const [name, value] of Object.entries(atWork())) request.setRequestHeader(name, value);
    request.send();
  });

/** What has the focus, by a name that it has after the exchange, too. */
const nameOf = (element: Element | null): string | null => {
  if (!(element instanceof HTMLElement)) return null;
  if (element.dataset.focus) return element.dataset.focus;
  if (element instanceof HTMLButtonElement) return `${element.form?.getAttribute("action")} ${element.value}`;
  return element.getAttribute("href");
};

export const liveParts = (): HTMLElement[] => $$("[data-live]");

/** Puts what is new in place of what is old; parts that are the same stay untouched, so that nobody's reading is interrupted. */
export const exchange = (fresh: Document): void => {
  for (const part of liveParts()) {
    const next = fresh.getElementById(part.id);
    if (!next || next.isEqualNode(part)) continue;
    const held = part.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    part.replaceChildren(...next.childNodes);
    if (held === null) continue;
    const ways = [...part.querySelectorAll<HTMLElement>("a, button")];
    (ways.find((way) => nameOf(way) === held) ?? ways[0])?.focus({ preventScroll: true });
  }
};

/** One reading at a time; what is asked for meanwhile leads to one more. */
export class Live {
  #reading = false;
  #again = false;

  async refresh(): Promise<void> {
    if (liveParts().length === 0 || document.hidden) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    const fresh = await readPage();
    this.#reading = false;
    if (fresh !== null) exchange(fresh);
    if (this.#again) {
      this.#again = false;
      await this.refresh();
    }
  }
}
