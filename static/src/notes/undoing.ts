/** Undo belongs to its person: taking back one's own words, paragraphs and lists leaves what a colleague wrote inside them. */
import type { AnyExtension } from "@tiptap/core";
import { Collaboration } from "@tiptap/extension-collaboration";
import { Plugin } from "@tiptap/pm/state";
import { ySyncPluginKey } from "@tiptap/y-tiptap";
import * as Y from "yjs";

/** An item of a list cannot be without the paragraph at its bullet while a list stands below that. */
const holdsItem = ({ parent }: Y.Item, type: unknown): boolean =>
  parent instanceof Y.XmlElement && parent.nodeName === "listItem" && parent.length > 1 && parent.get(0) === type;

/** Whether undo may take a part of the document away: letters always, an element only when nothing is left in it. */
export const removable = (item: Y.Item): boolean => {
  if (!(item.content instanceof Y.ContentType)) return true;
  const { type } = item.content;
  return type._length === 0 && !holdsItem(item, type);
};

/** The binding keeps with each step where the caret was then, and takes it up one change too late, for a text that has become another:
 * a place past its end throws, and the editor falls behind the document. Without it the caret stays where it is in the text. */
export const ownUndo = (fragment: Y.XmlFragment): Y.UndoManager => {
  const undo = new Y.UndoManager(fragment, {
    trackedOrigins: new Set([ySyncPluginKey]),
    deleteFilter: removable,
    captureTransaction: (change) => change.meta.get("addToHistory") !== false,
  });
  undo.on("stack-item-popped", ({ stackItem }) => stackItem.meta.clear());
  return undo;
};

/** The browser's own undo, which knows nothing of colleagues, never gets its turn: not by key, not by its menu or a gesture. */
const Together = Collaboration.extend({
  addKeyboardShortcuts() {
    const back = (): boolean => this.editor.commands.undo() || true;
    const forth = (): boolean => this.editor.commands.redo() || true;
    return { "Mod-z": back, "Mod-y": forth, "Shift-Mod-z": forth };
  },
  addProseMirrorPlugins() {
    const { editor } = this;
    const undone = ({ inputType }: InputEvent): boolean => {
      if (inputType === "historyUndo") return editor.commands.undo() || true;
      return inputType === "historyRedo" && (editor.commands.redo() || true);
    };
    const beforeinput = (_: unknown, event: InputEvent): boolean => {
      const taken = undone(event);
      if (taken) event.preventDefault();
      return taken;
    };
    return [...(this.parent?.() ?? []), new Plugin({ props: { handleDOMEvents: { beforeinput } } })];
  },
});

/** Binds an editor to its part of the shared document. */
export const together = (fragment: Y.XmlFragment): AnyExtension =>
  Together.configure({ fragment, yUndoOptions: { undoManager: ownUndo(fragment) } });
