/** The four sections of a note as rich text, each an editor of its own over one shared document. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Editor, type Extensions } from "@tiptap/core";
import { Bold } from "@tiptap/extension-bold";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import { Document } from "@tiptap/extension-document";
import { Italic } from "@tiptap/extension-italic";
import { BulletList, ListItem } from "@tiptap/extension-list";
import { Paragraph } from "@tiptap/extension-paragraph";
import { Text } from "@tiptap/extension-text";
import type { Awareness } from "y-protocols/awareness";
import { realTimers, type Timers } from "../lib/timers.ts";
import { ownCaret, readCaret } from "./caret.ts";
import { carets } from "./carets.ts";
import { append, insertHere, type Nodes, shortcuts, tooLong } from "./inserting.ts";
import { cleanHtml, tooMuch } from "./paste.ts";
import { type Other, othersIn } from "./presence.ts";
import type { NoteLink } from "./provider.ts";
import { together } from "./undoing.ts";
import { SECTIONS, type SectionName } from "./wire.ts";

/** After the last key somebody is shown as writing for so long. */
const WRITING_MS = 3_000;

export type Style = "bold" | "italic" | "list";
export type Styles = Readonly<Record<Style, boolean>>;
const PLAIN: Styles = { bold: false, italic: false, list: false };

/** Tab moves on to the next control as everywhere else; lists are nested with Mod-] and Mod-[. */
const Item = ListItem.extend({
  addKeyboardShortcuts() {
    return {
      Enter: () => this.editor.commands.splitListItem(this.name),
      "Mod-]": () => this.editor.commands.sinkListItem(this.name),
      "Mod-[": () => this.editor.commands.liftListItem(this.name),
    };
  },
});

/** Without a document of its own Tiptap parses an empty string as HTML, which Trusted Types refuse; it never gets into the shared text. */
const BLANK = { type: "doc", content: [{ type: "paragraph" }] };

export interface NoteEditorOptions {
  /** The person at this screen, who is not among the others. */
  me: string;
  timers?: Timers;
}

export class NoteEditor {
  /** What shortcuts stand for. */
  snippets: ReadonlyMap<string, Nodes> = new Map();
  readonly #link: NoteLink;
  readonly #awareness: Awareness;
  readonly #options: NoteEditorOptions;
  readonly #timers: Timers;
  readonly #editors = new Map<SectionName, Editor>();
  readonly #others: Signal<Other[]> = signal([]);
  readonly #styles: Signal<Styles> = signal(PLAIN);
  readonly #pasteRefused: Signal<boolean> = signal(false);
  #current: Editor | null = null;
  #editable = false;
  #cancelWriting = (): void => {};

  /** Only after the link is ready: before that nobody knows under which id this tab writes. */
  constructor(link: NoteLink, options: NoteEditorOptions) {
    if (!link.awareness) throw new Error("the note is not open yet");
    this.#link = link;
    this.#awareness = link.awareness;
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#awareness.on("change", this.#look);
    link.onOthers = readCaret;
    this.#look();
  }

  get others(): ReadonlySignal<Other[]> {
    return this.#others;
  }

  get styles(): ReadonlySignal<Styles> {
    return this.#styles;
  }

  /** The last paste was too much; true until something else is written. */
  get pasteRefused(): ReadonlySignal<boolean> {
    return this.#pasteRefused;
  }

  /** Puts a section's editor into `host`; `label` is the id of its heading. */
  mount(section: SectionName, host: HTMLElement, label: string): void {
    const attributes = {
      role: "textbox",
      "aria-multiline": "true",
      "aria-labelledby": label,
      class: "note-text",
      dir: "auto",
    };
    const editor = new Editor({
      element: host,
      content: BLANK,
      injectCSS: false,
      editable: this.#editable,
      extensions: this.#extensions(section),
      coreExtensionOptions: { tabindex: { value: "0" } },
      editorProps: {
        attributes: () => ({ ...attributes, "aria-readonly": String(!this.#editable) }),
        transformPastedHTML: cleanHtml,
        handlePaste: (_, event) => this.#refusePaste(event),
      },
    });
    editor.on("focus", () => this.#entered(section, editor));
    editor.on("blur", () => this.#left(section));
    editor.on("transaction", () => this.#restyle(editor));
    editor.on("update", ({ transaction }) => isChangeOrigin(transaction) || this.#wrote());
    this.#editors.set(section, editor);
  }

  setEditable(editable: boolean): void {
    this.#editable = editable;
    for (const editor of this.#editors.values()) editor.setEditable(editable, false);
  }

  /** Bold, italic or list, where the caret is or last was; at first that is the first section. */
  toggle(style: Style): void {
    readCaret();
    const editor = this.#current ?? [...this.#editors.values()][0];
    const chain = editor?.chain().focus();
    if (style === "bold") chain?.toggleBold().run();
    else if (style === "italic") chain?.toggleItalic().run();
    else chain?.toggleBulletList().run();
  }

  /** Adds to the end of a section; false, and shown as a paste that was too much, for what is too long. */
  append(section: SectionName, nodes: Nodes): boolean {
    const editor = this.#editors.get(section);
    const fits = !tooLong(nodes);
    if (editor && fits) append(editor, nodes);
    this.#pasteRefused.value = !fits;
    return fits;
  }

  /** Inserts where the caret is or last was; at first that is the first section. */
  insertHere(nodes: Nodes): void {
    readCaret();
    const editor = this.#current ?? [...this.#editors.values()][0];
    if (editor) insertHere(editor, nodes);
  }

  /** The same for what may be long; false, and shown as a paste that was too much, for what is too long. */
  insertBlocks(nodes: Nodes): boolean {
    const fits = !tooLong(nodes);
    if (fits) this.insertHere(nodes);
    this.#pasteRefused.value = !fits;
    return fits;
  }

  focus(section: SectionName): void {
    this.#editors.get(section)?.commands.focus("end");
  }

  /** All sections as plain text, under the titles that `title` gives. */
  plainText(title: (section: SectionName) => string): string {
    const parts = SECTIONS.map(
      (name) => `${title(name)}\n${this.#editors.get(name)?.getText({ blockSeparator: "\n" }) ?? ""}`,
    );
    return `${parts.join("\n\n")}\n`;
  }

  destroy(): void {
    this.#cancelWriting();
    this.#awareness.off("change", this.#look);
    for (const editor of this.#editors.values()) editor.destroy();
    this.#editors.clear();
  }

  #extensions(section: SectionName): Extensions {
    return [
      Document,
      Paragraph,
      Text,
      Bold,
      Italic,
      BulletList,
      Item,
      together(this.#link.doc.getXmlFragment(section)),
      carets(this.#awareness),
      ownCaret,
      shortcuts(() => this.snippets),
    ];
  }

  readonly #look = (): void => {
    this.#others.value = othersIn(this.#awareness.getStates(), this.#options.me);
  };

  #entered(section: SectionName, editor: Editor): void {
    this.#current = editor;
    this.#awareness.setLocalStateField("section", section);
    this.#restyle(editor);
  }

  #left(section: SectionName): void {
    if (this.#awareness.getLocalState()?.section === section) this.#awareness.setLocalStateField("section", null);
  }

  #restyle(editor: Editor): void {
    if (editor !== this.#current) return;
    const styles = {
      bold: editor.isActive("bold"),
      italic: editor.isActive("italic"),
      list: editor.isActive("bulletList"),
    };
    const before = this.#styles.value;
    if (styles.bold !== before.bold || styles.italic !== before.italic || styles.list !== before.list)
      this.#styles.value = styles;
  }

  #wrote(): void {
    this.#pasteRefused.value = false;
    this.#cancelWriting();
    if (this.#awareness.getLocalState()?.writing !== true) this.#awareness.setLocalStateField("writing", true);
    this.#cancelWriting = this.#timers.after(WRITING_MS, () => this.#awareness.setLocalStateField("writing", false));
  }

  #refusePaste(event: ClipboardEvent): boolean {
    if (!tooMuch(event.clipboardData?.getData("text/plain") ?? "")) return false;
    this.#pasteRefused.value = true;
    return true;
  }
}
