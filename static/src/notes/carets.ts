/** The others' carets: colours by class, because the page's policy refuses style attributes. */
import { Extension } from "@tiptap/core";
import { yCursorPlugin } from "@tiptap/y-tiptap";
import type { Awareness } from "y-protocols/awareness";

const COLOURS = 6;

interface Shown {
  name?: unknown;
}

export const caretColour = (clientId: number): string => `caret-${clientId % COLOURS}`;

const caret = (user: Shown, clientId: number): HTMLElement => {
  const mark = document.createElement("span");
  mark.className = `caret ${caretColour(clientId)}`;
  mark.setAttribute("aria-hidden", "true");
  const name = document.createElement("span");
  name.className = "caret-name";
  name.textContent = typeof user.name === "string" ? user.name : "";
  // Word joiners keep the caret on its line and give the browser something to place it by.
  mark.append("\u2060", name, "\u2060");
  return mark;
};

const selection = (_: Shown, clientId: number) => ({ class: `caret-text ${caretColour(clientId)}` });

export const carets = (awareness: Awareness) =>
  Extension.create({
    name: "carets",
    addProseMirrorPlugins: () => [yCursorPlugin(awareness, { cursorBuilder: caret, selectionBuilder: selection })],
  });
