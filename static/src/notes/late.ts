/** Words that a note takes no more as they were typed: found by paragraph, and laid into another note, or into the same one afresh. */
import * as Y from "yjs";
import type { WrittenSection } from "./text.tsx";
import { SECTIONS, type SectionName } from "./wire.ts";
import { paragraphs, read } from "./written.ts";

export type Late = Partial<Record<SectionName, string[]>>;

const textOf = (node: Y.XmlElement): string =>
  node
    .toArray()
    .filter((child) => child instanceof Y.XmlText)
    .flatMap((child) => (child.toDelta() as { insert: unknown }[]).map(({ insert }) => String(insert)))
    .join("");

const paragraphsIn = (node: Y.XmlFragment): string[] =>
  node.toArray().flatMap((child) => {
    if (!(child instanceof Y.XmlElement)) return [];
    return child.nodeName === "paragraph" ? [textOf(child)] : paragraphsIn(child);
  });

/** The paragraphs of `doc` that the server's text does not have. What was only deleted or restyled is none. */
export const lateIn = (doc: Y.Doc, stored: readonly WrittenSection[]): Late => {
  const late: Late = {};
  for (const name of SECTIONS) {
    const known = new Set(paragraphs(read(stored.find((section) => section.name === name)?.html ?? "")));
    const found = paragraphsIn(doc.getXmlFragment(name)).filter((text) => text.trim() !== "" && !known.has(text));
    if (found.length > 0) late[name] = found;
  }
  return late;
};

const paragraph = (text: string): Y.XmlElement => {
  const element = new Y.XmlElement("paragraph");
  element.insert(0, [new Y.XmlText(text)]);
  return element;
};

/** Adds them to the end of their sections. */
export const layIn = (doc: Y.Doc, late: Late): void =>
  doc.transact(() => {
    for (const name of SECTIONS) {
      const found = late[name] ?? [];
      if (found.length > 0) doc.getXmlFragment(name).push(found.map(paragraph));
    }
  });

/** As plain text, under the titles that `title` gives. */
export const lateText = (late: Late, title: (section: SectionName) => string): string =>
  SECTIONS.filter((name) => late[name])
    .map((name) => `${title(name)}\n${(late[name] ?? []).join("\n")}\n`)
    .join("\n");
