/** A modal dialog: Escape and the Close button end it, the focus goes back to where it came from. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** Where the work begins: a field if there is one, else what the browser chooses. */
const FIRST_FIELD = "input, textarea, select";

const HOME = '[tabindex="-1"]';

/** What around an element may take the focus, from the inside to the outside; asked while the element still stands there. */
const homesOf = (element: Element | null): HTMLElement[] => {
  const homes: HTMLElement[] = [];
  for (let home = element?.closest<HTMLElement>(HOME); home; home = home.parentElement?.closest<HTMLElement>(HOME))
    homes.push(home);
  return homes;
};

/** Gives the focus a place when its opener has gone meanwhile: the name of its row, what it stood in, or the page. */
const restFocus = (dialog: Element | null, opener: Element | null, homes: readonly HTMLElement[]): void => {
  const held = document.activeElement;
  const lost = held === document.body || (dialog?.contains(held) ?? false);
  if (!lost || !(opener instanceof HTMLElement) || opener === document.body) return;
  const [row] = opener.dataset.focus?.split(" ") ?? [];
  const name = document.querySelector<HTMLElement>(`[data-focus="${row} desk"]`);
  [name, ...homes, document.getElementById("main")].some((place) => {
    place?.focus();
    return place === document.activeElement;
  });
};

export const Dialog = ({ title, onClose, children }: DialogProps) => {
  const element = useRef<HTMLDialogElement>(null);
  const mounted = useRef(true);
  const heading = useId();
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const homes = homesOf(opener);
    const dialog = element.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>(FIRST_FIELD)?.focus();
    return () => {
      mounted.current = false;
      dialog?.close();
      restFocus(dialog, opener, homes);
    };
  }, []);
  // At once, not at `close`, which comes a frame later: whoever opens the next dialog in that frame would see it close.
  const cancelled = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  // A browser may close the dialog without `cancel`; `close` comes late, when the next dialog may already be there.
  const closed = () => {
    if (mounted.current) onClose();
  };
  return (
    <dialog ref={element} class="dialog" aria-labelledby={heading} onCancel={cancelled} onClose={closed}>
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" class="button quiet icon-only" aria-label={t("Close")} onClick={onClose}>
          <Icon name="x" />
        </button>
      </header>
      {children}
    </dialog>
  );
};
