/** A sheet over the picture that leaves the controls in reach: not modal, so Mute works while somebody writes. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { CallModel, Sheet as Name } from "./state.ts";

interface SheetProps {
  model: CallModel;
  name: Name;
  title: string;
  children: ComponentChildren;
}

/** Moves the focus in, and back to where it came from unless it has gone elsewhere meanwhile. */
const useFocusInside = () => {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement as HTMLElement | null;
    if (dialog && !dialog.open) dialog.show();
    return () => {
      const within = document.activeElement === document.body || dialog?.contains(document.activeElement);
      if (within) before?.focus();
    };
  }, []);
  return element;
};

const Open = ({ model, name, title, children }: SheetProps) => {
  const element = useFocusInside();
  const heading = useId();
  const close = () => {
    model.sheet.value = null;
  };
  return (
    <dialog ref={element} class={`sheet ${name}`} id={`sheet-${name}`} aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" class="button quiet icon-only" aria-label={t("Close")} onClick={close}>
          <Icon name="x" />
        </button>
      </header>
      {children}
    </dialog>
  );
};

export const Sheet = (props: SheetProps) => (props.model.sheet.value === props.name ? <Open {...props} /> : null);
