/**
 * Plays sessions of people who undo while others write, with the real editor's schema and undo; see undo-sessions.mjs.
 * Arguments: how many sessions of each flow, and `crooked` for Yjs as it is, without `keepStraight`.
 */
import { argv, stdout } from "node:process";
import { getSchema } from "@tiptap/core";
import { Bold } from "@tiptap/extension-bold";
import { Document } from "@tiptap/extension-document";
import { Italic } from "@tiptap/extension-italic";
import { BulletList, ListItem } from "@tiptap/extension-list";
import { Paragraph } from "@tiptap/extension-paragraph";
import { Text } from "@tiptap/extension-text";
import { deleteSelection, joinBackward, splitBlock, toggleMark } from "@tiptap/pm/commands";
import type { Node } from "@tiptap/pm/model";
import { type Command, EditorState, TextSelection } from "@tiptap/pm/state";
import { defaultDeleteFilter, defaultProtectedNodes, initProseMirrorDoc, updateYFragment } from "@tiptap/y-tiptap";
import * as Y from "yjs";
import { keepStraight } from "../src/notes/straight.ts";

export const FLOWS = ["alone", "other section", "other paragraph", "same paragraph", "deleted paragraph"] as const;
type Flow = (typeof FLOWS)[number];

const STEPS = 120;
const FENCE = "----";
const WORDS = ["a", "bc", "ß", "😀", "word ", "x y z"];
const schema = getSchema([Document, Paragraph, Text, Bold, Italic, BulletList, ListItem]);

/** The same numbers at every run. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  roll(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }

  below(end: number): number {
    return Math.floor(this.roll() * end);
  }

  pick<Item>(list: readonly Item[]): Item {
    return list[this.below(list.length)] as Item;
  }
}

const write =
  (words: string): Command =>
  (state, dispatch) => {
    dispatch?.(state.tr.insertText(words));
    return true;
  };

/** A caret is never inside of a character. */
const caret = (doc: Node, from: number, to: number, dice: Dice): number => {
  const place = from + dice.below(to - from + 1);
  const { parent, parentOffset } = doc.resolve(place);
  const before = parent.isTextblock && parentOffset ? parent.textBetween(parentOffset - 1, parentOffset, "", " ") : "";
  return /[\ud800-\udbff]/.test(before) ? place - 1 : place;
};

/** From where to where a person writes: everywhere, or on their side of the fence. */
const rangeOf = (doc: Node, side: number | null): [number, number] => {
  let fence = -1;
  doc.forEach((node, offset) => {
    if (node.textContent === FENCE) fence = offset;
  });
  if (side === null || fence < 0) return [0, doc.content.size];
  return side === 0 ? [0, fence - 1] : [fence + FENCE.length + 2, doc.content.size];
};

class Tab {
  readonly doc = new Y.Doc();
  outgoing: Uint8Array[] = [];
  incoming: Uint8Array[] = [];
  readonly #undo: Y.UndoManager;
  readonly #fragment: Y.XmlFragment;
  readonly #side: number | null;

  constructor(client: number, section: string, side: number | null, straight: boolean) {
    this.doc.clientID = client;
    this.#side = side;
    this.#fragment = this.doc.getXmlFragment(section);
    if (straight) keepStraight(this.doc);
    this.#undo = new Y.UndoManager(this.#fragment, {
      trackedOrigins: new Set([this]),
      deleteFilter: (item) => defaultDeleteFilter(item, defaultProtectedNodes),
      captureTransaction: (change) => change.meta.get("addToHistory") !== false,
    });
    this.doc.on("update", (update: Uint8Array, origin: unknown) => origin !== "server" && this.outgoing.push(update));
  }

  receive(): void {
    for (const update of this.incoming.splice(0)) Y.applyUpdate(this.doc, update, "server");
  }

  act(dice: Dice, deeds: readonly [number, (dice: Dice) => Command][]): void {
    const chance = dice.roll();
    if (chance < 0.17) this.#step(chance < 0.12);
    else this.#edit(dice, deeds);
    if (dice.roll() < 0.5) this.#undo.stopCapturing();
  }

  /** Yjs 13.6 throws now and then where what it brought back before was collected meanwhile; at a desk the key does nothing then. */
  #step(back: boolean): void {
    try {
      if (back) this.#undo.undo();
      else this.#undo.redo();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  #edit(dice: Dice, deeds: readonly [number, (dice: Dice) => Command][]): void {
    let left = dice.below(100);
    const [, deed] = deeds.find(([often]) => {
      left -= often;
      return left < 0;
    }) ?? [0, () => write("a")];
    this.change((doc) => {
      const [from, to] = rangeOf(doc, this.#side);
      const start = caret(doc, from, to, dice);
      return [start, dice.roll() < 0.6 ? start : caret(doc, from, to, dice)];
    }, deed(dice));
  }

  change(where: (doc: Node) => [number, number], command: Command): void {
    const { doc, mapping } = initProseMirrorDoc(this.#fragment, schema);
    let state = EditorState.create({ doc: doc.childCount ? doc : (schema.topNodeType.createAndFill() as Node) });
    const [anchor, head] = where(state.doc).map((place) => state.doc.resolve(place));
    if (!anchor || !head) return;
    state = state.apply(state.tr.setSelection(TextSelection.between(anchor, head)));
    command(state, (tr) => {
      state = state.apply(tr);
    });
    const meta = { mapping, isOMark: new Map() } as unknown as Parameters<typeof updateYFragment>[3];
    this.doc.transact(() => updateYFragment(this.doc, this.#fragment, state.doc, meta), this);
  }
}

/** Deletes the whole paragraph at the caret, which others may be writing in. */
const deleteParagraph: Command = (state, dispatch) => {
  const { $from } = state.selection;
  if ($from.depth < 1 || state.doc.childCount < 2 || state.doc.child($from.index(0)).textContent === FENCE)
    return false;
  dispatch?.(state.tr.delete($from.before(1), $from.after(1)));
  return true;
};

const deedsOf = (flow: Flow): readonly [number, (dice: Dice) => Command][] => [
  [55, (dice) => write(dice.pick(WORDS))],
  [10, () => splitBlock],
  [7, () => toggleMark(schema.marks.bold as never)],
  [6, () => joinBackward],
  [8, () => deleteSelection],
  [flow === "deleted paragraph" ? 14 : 8, () => deleteParagraph],
  [6, (dice) => write(dice.pick(WORDS))],
];

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const sideOf = (flow: Flow, number: number): number | null => (flow === "other paragraph" ? number % 2 : null);

/** Returns a line for each message: who sent it, and what. */
export const play = (flow: Flow, seed: number, straight: boolean): string => {
  const dice = new Dice(seed);
  const count = flow === "alone" ? 1 : flow === "other paragraph" ? 2 : 2 + dice.below(2);
  const sections = ["plan", "objective", "assessment"];
  const tabs = Array.from({ length: count }, (_, number) => {
    const section = flow === "other section" ? (sections[number] as string) : "plan";
    return new Tab(1 + ((dice.below(1 << 20) * 4 + number) >>> 0), section, sideOf(flow, number), straight);
  });
  const lines: string[] = [];
  const pass = (from: Tab): void => {
    for (const update of from.outgoing.splice(0)) {
      lines.push(`${from.doc.clientID} ${hex(update)}`);
      for (const tab of tabs) if (tab !== from) tab.incoming.push(update);
    }
  };
  const first = tabs[0] as Tab;
  const opening = ["one two", "three four", FENCE, "five six", "seven eight"].map((words) =>
    schema.node("paragraph", null, schema.text(words)),
  );
  first.change(
    () => [0, 0],
    (state, dispatch) => {
      dispatch?.(state.tr.replaceWith(0, state.doc.content.size, opening));
      return true;
    },
  );
  pass(first);
  for (const tab of tabs) tab.receive();
  const late = flow === "same paragraph" || flow === "deleted paragraph" ? 0.5 : 0.25;
  for (let step = 0; step < STEPS; step += 1) {
    const tab = dice.pick(tabs);
    if (dice.roll() > late) tab.receive();
    tab.act(dice, deedsOf(flow));
    if (dice.roll() > late) pass(tab);
  }
  for (const tab of tabs) pass(tab);
  return lines.join("\n");
};

const [each, how] = argv.slice(2);
for (const flow of FLOWS) {
  for (let seed = 1; seed <= Number(each); seed += 1) {
    stdout.write(`# ${flow}\n${play(flow, seed, how !== "crooked")}\n\n`);
  }
}
