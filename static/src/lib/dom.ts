/** Small helpers for pages over server-rendered HTML: find, listen, announce. */

/** The element that the page's own template promises; a missing one is a bug, so it throws. */
export const $ = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T => {
  const found = root.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector} on this page`);
  return found;
};

export const $$ = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T[] => [
  ...root.querySelectorAll<T>(selector),
];

/** Listens and returns the function that stops it. */
export const on = <E extends Event = Event>(
  target: EventTarget,
  type: string,
  handler: (event: E) => void,
  options?: AddEventListenerOptions,
): (() => void) => {
  target.addEventListener(type, handler as EventListener, options);
  return () => target.removeEventListener(type, handler as EventListener, options);
};

/** Fills the live region of base.html; emptied first, so that the same sentence is read again. */
export const announce = (text: string, urgency: "polite" | "assertive" = "polite"): void => {
  const region = document.getElementById(`announce-${urgency}`);
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
};
