/** Reads the JSON blocks that the server puts into a page; data blocks pass the CSP, inline scripts would not. */

const read = (id: string): unknown => {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent ?? "null") : null;
};

/** What the server tells this page; every template with a script embeds it. */
export const boot = <T>(): T => {
  const found = read("boot");
  if (found === null) throw new Error("no boot data on this page");
  return found as T;
};

/** The translations of this page's own sentences; null in English, which needs none. */
export const embeddedStrings = <T>(): T | null => (typeof document === "undefined" ? null : (read("i18n") as T | null));
