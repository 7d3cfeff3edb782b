/**
 * Makes `tests/pure/editor_sessions.txt`: what three tabs with the real editor's schema send while people write, format, nest, undo
 * and come back from a broken line. Run `node test/editor-sessions.mjs` after a change of the schema or of the editor's libraries.
 */
import { writeFileSync } from "node:fs";
import { getSchema } from "@tiptap/core";
import { Bold } from "@tiptap/extension-bold";
import { Document } from "@tiptap/extension-document";
import { Italic } from "@tiptap/extension-italic";
import { BulletList, ListItem } from "@tiptap/extension-list";
import { Paragraph } from "@tiptap/extension-paragraph";
import { Text } from "@tiptap/extension-text";
import { deleteSelection, joinBackward, selectAll, splitBlock, toggleMark } from "@tiptap/pm/commands";
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "@tiptap/pm/schema-list";
import { EditorState, TextSelection } from "@tiptap/pm/state";
import { initProseMirrorDoc, updateYFragment } from "@tiptap/y-tiptap";
import * as Y from "yjs";

const TARGET = new URL("../../tests/pure/editor_sessions.txt", import.meta.url);
const SESSIONS = 3;
const STEPS = 100;
const SECTIONS = ["subjective", "plan"];
const WORDS = ["a", "bc", "ß", "😀", "word ", "x y z"];
const schema = getSchema([Document, Paragraph, Text, Bold, Italic, BulletList, ListItem]);
const { bulletList, listItem } = schema.nodes;
const { bold, italic } = schema.marks;
const write = (dice) => (state, dispatch) => dispatch(state.tr.insertText(dice.pick(WORDS)));

/** What a person does, with how often. */
const DEEDS = [
  [45, write],
  [10, () => splitBlock],
  [7, () => toggleMark(bold)],
  [4, () => toggleMark(italic)],
  [8, () => wrapInList(bulletList)],
  [6, () => splitListItem(listItem)],
  [4, () => sinkListItem(listItem)],
  [4, () => liftListItem(listItem)],
  [4, () => joinBackward],
  [7, () => deleteSelection],
  [1, () => selectAll],
];

/** The same numbers at every run. */
class Dice {
  constructor(seed) {
    this.state = seed;
  }

  roll() {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.state / 2 ** 32;
  }

  below(end) {
    return Math.floor(this.roll() * end);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  pickDeed() {
    let left = this.below(100);
    return DEEDS.find(([often]) => {
      left -= often;
      return left < 0;
    })[1](this);
  }
}

class Tab {
  constructor(clientId) {
    this.doc = new Y.Doc();
    this.doc.clientID = clientId;
    this.online = true;
    this.outgoing = [];
    this.incoming = [];
    this.undo = SECTIONS.map(
      (name) => new Y.UndoManager(this.doc.getXmlFragment(name), { trackedOrigins: new Set([this]) }),
    );
    this.doc.on("update", (update, origin) => origin !== "server" && this.outgoing.push(update));
  }

  receive() {
    for (const update of this.incoming.splice(0)) Y.applyUpdate(this.doc, update, "server");
  }

  /** Does one thing in one section; a caret is never inside of a character. */
  act(dice) {
    const chosen = dice.below(SECTIONS.length);
    const chance = dice.roll();
    if (chance < 0.06) this.undo[chosen].undo();
    else if (chance < 0.1) this.undo[chosen].redo();
    else this.#edit(this.doc.getXmlFragment(SECTIONS[chosen]), dice);
    this.undo[chosen].stopCapturing();
  }

  #edit(fragment, dice) {
    const { doc, mapping } = initProseMirrorDoc(fragment, schema);
    let state = EditorState.create({ doc: doc.childCount ? doc : schema.topNodeType.createAndFill() });
    const places = [caret(state.doc, dice), caret(state.doc, dice)];
    if (dice.roll() < 0.5) places[1] = places[0];
    const [anchor, head] = places.map((place) => state.doc.resolve(place));
    state = state.apply(state.tr.setSelection(TextSelection.between(anchor, head)));
    dice.pickDeed()(state, (change) => {
      state = state.apply(change);
    });
    this.doc.transact(() => updateYFragment(this.doc, fragment, state.doc, { mapping, isOMark: new Map() }), this);
  }
}

function caret(doc, dice) {
  const place = dice.below(doc.content.size + 1);
  const { parent, parentOffset } = doc.resolve(place);
  const before = parent.isTextblock && parentOffset ? parent.textBetween(parentOffset - 1, parentOffset, "", " ") : "";
  return /[\ud800-\udbff]/.test(before) ? place - 1 : place;
}

/** Three tabs and a server that passes everything on; `lines` says for each message who sent it, and what. */
class Session {
  lines = [];
  #server = new Y.Doc();
  #tabs;
  #dice;

  constructor(number) {
    this.#dice = new Dice(number);
    this.#tabs = [17 + number, 2 ** 31 + number, 300 + number].map((id) => new Tab(id));
  }

  run() {
    for (let step = 0; step < STEPS; step += 1) this.#step(this.#dice.pick(this.#tabs));
    for (const tab of this.#tabs) if (!tab.online) this.#comeBack(tab);
    return this.lines.join("\n");
  }

  #step(tab) {
    if (tab.online) tab.online = this.#dice.roll() > 0.05;
    else if (this.#dice.roll() < 0.2) this.#comeBack(tab);
    if (!tab.online) tab.incoming.length = 0;
    if (this.#dice.roll() < 0.7) tab.receive();
    tab.act(this.#dice);
    if (tab.online) for (const update of tab.outgoing.splice(0)) this.#pass(tab, update);
  }

  #pass(from, update) {
    this.lines.push(`${from.doc.clientID} ${Buffer.from(update).toString("hex")}`);
    Y.applyUpdate(this.#server, update);
    for (const tab of this.#tabs) if (tab !== from && tab.online) tab.incoming.push(update);
  }

  #comeBack(tab) {
    tab.online = true;
    tab.outgoing.length = 0;
    Y.applyUpdate(tab.doc, Y.encodeStateAsUpdate(this.#server, Y.encodeStateVector(tab.doc)), "server");
    this.#pass(tab, Y.encodeStateAsUpdate(tab.doc, Y.encodeStateVector(this.#server)));
  }
}

const sessions = Array.from({ length: SESSIONS }, (_, index) => new Session(index + 1).run());
writeFileSync(TARGET, `${sessions.join("\n\n")}\n`);
