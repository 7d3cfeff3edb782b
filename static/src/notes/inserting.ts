/** Text from elsewhere goes in by the editor's own commands, as if its person had typed it; each insertion is one step of undo. */
import { type Editor, Extension, InputRule } from "@tiptap/core";
import { yUndoPluginKey } from "@tiptap/y-tiptap";
import { MAX_PASTE } from "./paste.ts";
import { shortcutIn } from "./snippets.ts";

export interface TextNode {
  type: "text";
  text: string;
  marks?: { type: string }[];
}

/** Paragraphs and lists as the server sends them: the editor's own nodes. */
export interface BlockNode {
  type: "paragraph" | "bulletList" | "listItem";
  content?: (BlockNode | TextNode)[];
}

export type Nodes = readonly BlockNode[];

/** How the text reads without its structure. */
export const lettersOf = (nodes: readonly (BlockNode | TextNode)[]): string =>
  nodes.map((node) => (node.type === "text" ? node.text : `${lettersOf(node.content ?? [])}\n`)).join("");

export const tooLong = (nodes: Nodes): boolean => lettersOf(nodes).length > MAX_PASTE;

/** A single paragraph flows on where the caret is; anything else stands as blocks of its own. */
export const inFlow = (nodes: Nodes): (BlockNode | TextNode)[] => {
  const [only] = nodes;
  if (nodes.length === 1 && only?.type === "paragraph" && only.content) return only.content;
  return [...nodes];
};

/** Without this an insertion within half a second of a key would be undone together with it. */
const asOwnStep = (editor: Editor, insert: () => void): void => {
  const cut = (): void => yUndoPluginKey.getState(editor.state)?.undoManager?.stopCapturing();
  cut();
  insert();
  cut();
};

/** Puts the text at the end of a section; an empty section holds nothing else afterwards. */
export const append = (editor: Editor, nodes: Nodes): void => {
  const { size } = editor.state.doc.content;
  const place = editor.isEmpty ? { from: 0, to: size } : size;
  asOwnStep(editor, () => editor.commands.insertContentAt(place, [...nodes], { updateSelection: false }));
};

/** Puts the text where the caret is, or last was. */
export const insertHere = (editor: Editor, nodes: Nodes): void =>
  asOwnStep(editor, () => editor.chain().focus().insertContent(inFlow(nodes)).run());

/** Replaces a shortcut as soon as the space after it is typed; `known` is asked at every space. */
export const shortcuts = (known: () => ReadonlyMap<string, Nodes>): Extension =>
  Extension.create({
    name: "shortcuts",
    addInputRules() {
      const { editor } = this;
      return [
        new InputRule({
          find: (text) => {
            const found = shortcutIn(text, known());
            return found && { index: found.index, text: found.text, data: { nodes: found.nodes } };
          },
          handler: ({ range, match, chain }) => {
            yUndoPluginKey.getState(editor.state)?.undoManager?.stopCapturing();
            const flow = inFlow((match.data as { nodes: Nodes }).nodes);
            const spaced = flow[0]?.type === "text" ? [...flow, { type: "text", text: " " }] : flow;
            chain().insertContentAt(range, spaced).run();
          },
        }),
      ];
    },
  });
