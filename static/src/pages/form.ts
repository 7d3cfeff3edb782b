/** Plain forms, a little kinder: errors get the focus, and a second tap on the button sends nothing twice. */
import { $$, on } from "../lib/dom.ts";

// Over a slow line somebody may be mending the error already.
if (document.activeElement === document.body) $$("[data-errors]")[0]?.focus();

for (const form of $$<HTMLFormElement>("form")) {
  let sent = false;
  on(form, "submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // A page that comes back from the browser's cache must work again.
  on(window, "pageshow", () => {
    sent = false;
  });
}
