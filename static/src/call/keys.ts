/** Shortcuts of the call: Alt+M microphone, Alt+V camera, Escape closes a sheet. */
import { on } from "../lib/dom.ts";
import type { CallModel } from "./state.ts";

/** A shortcut presses the button that names it: where there is none, nobody would see what the key has done. */
const press = ({ code }: KeyboardEvent): boolean => {
  const button = document.querySelector<HTMLElement>(`[aria-keyshortcuts="Alt+${code.slice(-1)}"]`);
  button?.click();
  return button !== null;
};

const pressed = (model: CallModel, event: KeyboardEvent): boolean => {
  const plain = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  return plain && model.shortcuts.value && !event.repeat && /^Key[MV]$/.test(event.code) && press(event);
};

/** Listens until the answer is called. Escape works also where the shortcuts are turned off. */
export const listenToKeys = (model: CallModel): (() => void) =>
  on<KeyboardEvent>(document, "keydown", (event) => {
    if (pressed(model, event)) event.preventDefault();
    if (event.key === "Escape" && model.sheet.value !== null) model.sheet.value = null;
  });
