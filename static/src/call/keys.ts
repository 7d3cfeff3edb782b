/** Shortcuts of the call: Alt+M microphone, Alt+V camera, Escape closes a sheet. */
import { on } from "../lib/dom.ts";
import type { CallModel } from "./state.ts";

const toggle = ({ call, state }: CallModel, code: string): boolean => {
  const { mic, camera } = state.value.local;
  if (code === "KeyM") void call.media.setMic(!mic);
  else if (code === "KeyV") void call.setCamera(!camera);
  else return false;
  return true;
};

const pressed = (model: CallModel, event: KeyboardEvent): boolean => {
  const plain = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  return plain && model.shortcuts.value && !event.repeat && toggle(model, event.code);
};

/** Listens until the answer is called. Escape works also where the shortcuts are turned off. */
export const listenToKeys = (model: CallModel): (() => void) =>
  on<KeyboardEvent>(document, "keydown", (event) => {
    if (pressed(model, event)) event.preventDefault();
    if (event.key === "Escape" && model.sheet.value !== null) model.sheet.value = null;
  });
