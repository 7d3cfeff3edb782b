/** The signs of those who wrote, as they stand in the server's text; pure. */
import type { WrittenSection } from "./text.tsx";
import { type Element, type Node, read } from "./written.ts";

export interface Sign {
  name: string;
  /** What stands beside their words: initials, or an asterisk for what the note began with. */
  sign: string;
  /** A class for the colour. */
  colour: string;
}

const spans = (nodes: readonly Node[]): Element[] =>
  nodes.flatMap((node) => {
    if (typeof node === "string") return [];
    return node.attributes["data-by"] === undefined ? spans(node.children) : [node];
  });

/** The name for screen readers, which stands before the words. */
const nameOf = (span: Element): string => {
  const [first] = span.children;
  const name = typeof first === "object" ? first.children.join("") : "";
  return name.replace(/: $/, "");
};

const signOf = (span: Element): Sign => ({
  name: nameOf(span),
  sign: span.attributes["data-by"] ?? "",
  colour: (span.attributes.class ?? "").split(" ").find((each) => each.startsWith("by-")) ?? "",
});

/** Everybody with words in the text, in the order of `people`; what nobody here wrote comes last. */
export const legendOf = (sections: readonly WrittenSection[], people: readonly string[]): Sign[] => {
  const signs = new Map(sections.flatMap(({ html }) => spans(read(html))).map((span) => [nameOf(span), signOf(span)]));
  const place = ({ name }: Sign): number => (people.includes(name) ? people.indexOf(name) : people.length);
  return [...signs.values()].sort((one, other) => place(one) - place(other));
};
