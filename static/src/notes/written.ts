/** Reads the HTML of a note's text as the server writes it, into a tree of what is allowed there: nothing else ever gets into the page.
 * The page's own parser is no use for that, because Trusted Types keep strings from it. Pure. */

export interface Element {
  tag: "p" | "ul" | "li" | "strong" | "em" | "span" | "ins" | "del";
  /** Only `class`, `dir` and `data-by`. */
  attributes: Record<string, string>;
  children: Node[];
}
export type Node = Element | string;

const TAGS: readonly string[] = ["p", "ul", "li", "strong", "em", "span", "ins", "del"];
const ATTRIBUTES: readonly string[] = ["class", "dir", "data-by"];
const TOKEN = /<(\/?)([a-z0-9]+)((?:\s+[a-z-]+="[^"]*")*)\s*>|[^<]+|</gi;
const ATTRIBUTE = /([a-z-]+)="([^"]*)"/gi;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

const unescaped = (text: string): string =>
  text.replace(/&(?:(amp|lt|gt|quot)|#x([0-9a-f]{1,6})|#([0-9]{1,7}));/gi, (whole, name, hex, decimal) => {
    if (name) return NAMED[String(name).toLowerCase()] ?? whole;
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

const attributesOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(ATTRIBUTE)]
      .map(([, name, value]) => [name ?? "", unescaped(value ?? "")])
      .filter(([name]) => ATTRIBUTES.includes(name ?? "")),
  );

/** The tree of an HTML text; of an element that is not allowed only the text inside stays. */
export const read = (html: string): Node[] => {
  const top: Node[] = [];
  const open: Element[] = [];
  const inside = (): Node[] => open.at(-1)?.children ?? top;
  for (const [whole, closing, tag, attributes] of html.matchAll(TOKEN)) {
    const name = tag?.toLowerCase();
    if (name === undefined) inside().push(unescaped(whole));
    else if (!TAGS.includes(name)) continue;
    else if (closing) {
      if (open.at(-1)?.tag === name) open.pop();
    } else {
      const element: Element = {
        tag: name as Element["tag"],
        attributes: attributesOf(attributes ?? ""),
        children: [],
      };
      inside().push(element);
      open.push(element);
    }
  }
  return top;
};

/** Its paragraphs as plain text, in their order; those with nothing in them are left out. */
export const paragraphs = (nodes: readonly Node[]): string[] =>
  nodes.flatMap((node) => {
    if (typeof node === "string") return [];
    return node.tag === "p" ? [plain(node)].filter((text) => text.trim() !== "") : paragraphs(node.children);
  });

const plain = (node: Node): string => (typeof node === "string" ? node : node.children.map(plain).join(""));
