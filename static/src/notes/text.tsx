/** A note's text as the server gives it: sections under their headings, to be read and not written. */
import { type ComponentChild, h } from "preact";
import { t } from "../lib/i18n.ts";
import type { SectionName } from "./wire.ts";
import { sectionTitle } from "./words.ts";
import { type Node, paragraphs, read } from "./written.ts";

export interface WrittenSection {
  name: SectionName;
  html: string;
}

const drawn = (node: Node): ComponentChild =>
  typeof node === "string" ? node : h(node.tag, node.attributes, ...node.children.map(drawn));

/** Sections without a word are named in one line, so that nobody looks for them. */
export const Written = ({ sections }: { sections: readonly WrittenSection[] }) => {
  const all = sections.map(({ name, html }) => ({ name, nodes: read(html) }));
  const filled = all.filter(({ nodes }) => paragraphs(nodes).length > 0);
  const empty = all.filter((section) => !filled.includes(section));
  return (
    <div class="written">
      {filled.map(({ name, nodes }) => (
        <section key={name}>
          <h3>{sectionTitle(name)}</h3>
          <div class="written-text">{nodes.map(drawn)}</div>
        </section>
      ))}
      {empty.length > 0 ? (
        <p class="soft small">
          {t("Empty: {sections}", { sections: empty.map(({ name }) => sectionTitle(name)).join(", ") })}
        </p>
      ) : null}
    </div>
  );
};
