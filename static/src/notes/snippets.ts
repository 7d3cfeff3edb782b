/** Shortcuts: `;bp` and a space becomes the words that it stands for. */
import type { Nodes } from "./inserting.ts";

/** Letters and digits after a semicolon that begins a word; the space is what was typed last. */
const TYPED = /(?:^|[\s(])(;([\p{L}\p{N}]{1,20})) $/u;

export interface Shortcut {
  shortcut: string;
  nodes: Nodes;
}

export interface Found {
  /** Where the semicolon stands in the text. */
  index: number;
  /** What will be replaced: the shortcut, its semicolon and the space. */
  text: string;
  nodes: Nodes;
}

/** The shortcut that ends the text before the caret; null for letters that stand for nothing. */
export const shortcutIn = (text: string, known: ReadonlyMap<string, Nodes>): Found | null => {
  const match = TYPED.exec(text);
  const nodes = match && known.get(match[2] as string);
  if (!match || !nodes) return null;
  const typed = `${match[1]} `;
  return { index: text.length - typed.length, text: typed, nodes };
};

export const byShortcut = (snippets: readonly Shortcut[]): ReadonlyMap<string, Nodes> =>
  new Map(snippets.map(({ shortcut, nodes }) => [shortcut, nodes]));
