/** The own caret, known to the editor wherever it has just gone. */
import { Extension } from "@tiptap/core";
import { Plugin } from "@tiptap/pm/state";
import { yCursorPluginKey } from "@tiptap/y-tiptap";

/** Browsers move a caret at once and tell of it with their next frame, which keys and colleagues' words can overtake. The editor would
 * act on them where the caret was, and put it back there; so it hears of the move now, as it will hear of it again. */
export const readCaret = (): void => {
  document.dispatchEvent(new Event("selectionchange"));
};

/** Reads it before each key, and before the others' carets are drawn anew. */
export const ownCaret = Extension.create({
  name: "ownCaret",
  dispatchTransaction({ transaction, next }) {
    const drawn: unknown = transaction.getMeta(yCursorPluginKey);
    if (drawn === undefined) return next(transaction);
    readCaret();
    next(this.editor.state.tr.setMeta(yCursorPluginKey, drawn));
  },
  addProseMirrorPlugins() {
    const keydown = (view: { composing: boolean }): boolean => {
      if (!view.composing) readCaret();
      return false;
    };
    return [new Plugin({ props: { handleDOMEvents: { keydown } } })];
  },
});
