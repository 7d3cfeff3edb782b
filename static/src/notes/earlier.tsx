/** Earlier notes of the same patient beside the note of today, and the way to carry a section over. */
import { type Signal, signal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { announce } from "../lib/dom.ts";
import { formatDay, t } from "../lib/i18n.ts";
import type { NoteEditor } from "./editor.ts";
import type { BlockNode, Nodes, TextNode } from "./inserting.ts";
import { type EarlierNote, filledSections, loadEarlier } from "./texts.ts";
import type { SectionName } from "./wire.ts";
import { noteTitle, sectionTitle } from "./words.ts";

type State = "loading" | "missing" | "done";

class Past {
  readonly notes: Signal<EarlierNote[]> = signal([]);
  readonly state: Signal<State> = signal("loading");
  readonly next: Signal<string | null> = signal(null);
  readonly #note: string;

  constructor(note: string) {
    this.#note = note;
  }

  async load(): Promise<void> {
    this.state.value = "loading";
    try {
      const page = await loadEarlier(this.#note, this.next.value);
      this.notes.value = [...this.notes.value, ...page.notes];
      this.next.value = page.next;
      this.state.value = "done";
    } catch {
      this.state.value = "missing";
    }
  }
}

const marked = ({ text, marks = [] }: TextNode) => {
  const has = (name: string): boolean => marks.some(({ type }) => type === name);
  const slanted = has("italic") ? <em>{text}</em> : text;
  return has("bold") ? <strong>{slanted}</strong> : slanted;
};

const Node = ({ node }: { node: BlockNode | TextNode }) => {
  if (node.type === "text") return <>{marked(node)}</>;
  const inside = (node.content ?? []).map((child, place) => <Node key={place} node={child} />);
  if (node.type === "bulletList") return <ul>{inside}</ul>;
  return node.type === "listItem" ? <li dir="auto">{inside}</li> : <p dir="auto">{inside}</p>;
};

const Text = ({ nodes }: { nodes: Nodes }) => (
  <div class="earlier-text">
    {nodes.map((node, place) => (
      <Node key={place} node={node} />
    ))}
  </div>
);

interface SectionProps {
  name: SectionName;
  nodes: Nodes;
  day: string;
  /** Null while nothing may be written. */
  carry: ((name: SectionName, nodes: Nodes, day: string) => void) | null;
}

const EarlierSection = ({ name, nodes, day, carry }: SectionProps) => (
  <section class="earlier-section">
    <div class="earlier-line">
      <h5>{sectionTitle(name)}</h5>
      {carry ? (
        <button type="button" class="button small quiet" onClick={() => carry(name, nodes, day)}>
          {t("Carry over")}
          <span class="unseen"> {t("{section} of {day}", { section: sectionTitle(name), day })}</span>
        </button>
      ) : null}
    </div>
    <Text nodes={nodes} />
  </section>
);

const Entry = ({ note, carry }: { note: EarlierNote; carry: SectionProps["carry"] }) => {
  const day = formatDay(note.held_at);
  return (
    <article class="earlier-note" data-kind={note.kind}>
      <h4>{day}</h4>
      <p class="soft small">
        {noteTitle(note)} · {note.author} · {note.state === "locked" ? t("Locked") : t("Draft")}
      </p>
      {note.sections === null ? <p class="callout warn">{t("This note cannot be read any more.")}</p> : null}
      {filledSections(note.sections ?? {}).map(({ name, nodes }) => (
        <EarlierSection key={name} name={name} nodes={nodes} day={day} carry={carry} />
      ))}
    </article>
  );
};

const Ending = ({ past }: { past: Past }) => {
  const state = past.state.value;
  const load = (): void => void past.load();
  if (state === "loading") return <p class="soft">{t("Opening earlier notes…")}</p>;
  if (state === "missing")
    return (
      <div class="callout danger" role="alert">
        <p>{t("Earlier notes could not be loaded.")}</p>
        <button type="button" class="button" onClick={load}>
          {t("Try again")}
        </button>
      </div>
    );
  if (past.next.value !== null)
    return (
      <button type="button" class="button" onClick={load}>
        {t("Show older notes")}
      </button>
    );
  return past.notes.value.length === 0 ? <p class="soft">{t("There is no earlier note that you may see.")}</p> : null;
};

interface EarlierProps {
  note: string;
  editor: NoteEditor;
  editable: boolean;
  close: () => void;
}

export const Earlier = ({ note, editor, editable, close }: EarlierProps) => {
  const past = useMemo(() => new Past(note), [note]);
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    void past.load();
    heading.current?.focus();
  }, [past]);
  const carry = (name: SectionName, nodes: Nodes, day: string): void => {
    if (editor.append(name, nodes))
      announce(t("{section} of {day} was added at the end of {section}.", { section: sectionTitle(name), day }));
  };
  const shut = (): void => {
    const opener = heading.current?.closest(".note")?.querySelector<HTMLElement>(".note-insert button");
    close();
    opener?.focus();
  };
  return (
    <aside class="note-earlier" aria-labelledby={id}>
      <div class="earlier-head">
        <h3 ref={heading} id={id} tabIndex={-1}>
          {t("Earlier notes")}
        </h3>
        <button type="button" class="button small" onClick={shut}>
          {t("Close earlier notes")}
        </button>
      </div>
      {past.notes.value.map((one) => (
        <Entry key={one.id} note={one} carry={editable ? carry : null} />
      ))}
      <Ending past={past} />
    </aside>
  );
};
