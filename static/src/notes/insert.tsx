/** The Insert menu of a note: templates, snippets, and the way to earlier notes. */
import { type Signal, signal } from "@preact/signals";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { announce, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { NoteEditor } from "./editor.ts";
import { itemByKey } from "./menu.ts";
import { byShortcut, type Shortcut } from "./snippets.ts";
import { filledSections, loadTexts, type Template, type Texts } from "./texts.ts";

/** What may be inserted into one note; shortcuts work as soon as it is loaded. */
class Shelf {
  readonly texts: Signal<Texts | "missing" | null> = signal(null);
  readonly #note: string;
  readonly #editor: NoteEditor;

  constructor(note: string, editor: NoteEditor) {
    this.#note = note;
    this.#editor = editor;
  }

  async load(): Promise<void> {
    try {
      const texts = await loadTexts(this.#note);
      this.#editor.snippets = byShortcut(texts.snippets);
      this.texts.value = texts;
    } catch {
      this.texts.value = "missing";
    }
  }

  template({ name, sections }: Template): void {
    const filled = filledSections(sections);
    const done = filled.filter((section) => this.#editor.append(section.name, section.nodes));
    if (done.length < filled.length) return;
    if (done[0]) this.#editor.focus(done[0].name);
    announce(t("{name} was inserted.", { name }));
  }

  snippet({ shortcut, nodes }: Shortcut): void {
    this.#editor.insertHere(nodes);
    announce(t("{name} was inserted.", { name: `;${shortcut}` }));
  }
}

interface Item {
  label: string;
  run: () => void;
}

interface Group {
  title: string;
  items: Item[];
}

const groupsOf = (shelf: Shelf, texts: Texts, openEarlier: () => void): Group[] =>
  [
    {
      title: t("Templates"),
      items: texts.templates.map((one) => ({ label: one.name, run: () => shelf.template(one) })),
    },
    {
      title: t("Snippets"),
      items: texts.snippets.map((one) => ({ label: `;${one.shortcut}`, run: () => shelf.snippet(one) })),
    },
    { title: t("From before"), items: [{ label: t("Earlier notes"), run: openEarlier }] },
  ].filter(({ items }) => items.length > 0);

const buttonsIn = (menu: HTMLElement | null): HTMLElement[] => [
  ...(menu?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? []),
];

interface MenuProps {
  id: string;
  groups: Group[];
  /** `back`: the focus goes to the button that opened it. */
  close: (back: boolean) => void;
}

const Menu = ({ id, groups, close }: MenuProps) => {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    buttonsIn(menu.current)[0]?.focus();
    return on<PointerEvent>(document, "pointerdown", ({ target }) => {
      const home = menu.current?.parentElement;
      if (!(target instanceof Node && home?.contains(target))) close(false);
    });
  }, []);
  const move = (event: KeyboardEvent): void => {
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      close(event.key === "Escape");
      return;
    }
    const buttons = buttonsIn(menu.current);
    const labels = buttons.map(({ textContent }) => textContent ?? "");
    const next = itemByKey(labels, buttons.indexOf(document.activeElement as HTMLElement), event.key);
    if (next === null) return;
    event.preventDefault();
    buttons[next]?.focus();
  };
  return (
    <div ref={menu} id={id} class="note-menu" role="menu" aria-label={t("Insert")} tabIndex={-1} onKeyDown={move}>
      {groups.map(({ title, items }) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset has no place in a menu
        <div key={title} role="group" aria-label={title}>
          <p class="note-menu-title" aria-hidden="true">
            {title}
          </p>
          {items.map(({ label, run }) => (
            <button
              key={label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class="note-menu-item"
              dir="auto"
              onClick={() => {
                close(true);
                run();
              }}
            >
              {label}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
};

interface InsertProps {
  note: string;
  editor: NoteEditor;
  openEarlier: () => void;
  openAnswers: () => void;
}

export const Insert = ({ note, editor, openEarlier, openAnswers }: InsertProps) => {
  const shelf = useMemo(() => new Shelf(note, editor), [note, editor]);
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => void shelf.load(), [shelf]);
  const texts = shelf.texts.value;
  const toggle = (): void => {
    if (texts === "missing") void shelf.load();
    setOpen(!open);
  };
  const close = (back: boolean): void => {
    setOpen(false);
    if (back) button.current?.focus();
  };
  const none: Texts = { templates: [], snippets: [], answers: false };
  const menu = (
    <div class="note-insert">
      <button
        ref={button}
        type="button"
        class="button small"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-busy={texts === null}
        aria-controls={open ? id : undefined}
        onClick={toggle}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" || open) return;
          event.preventDefault();
          toggle();
        }}
      >
        <Icon name="plus" />
        {t("Insert")}
      </button>
      {open && texts !== null ? (
        <Menu id={id} groups={groupsOf(shelf, texts === "missing" ? none : texts, openEarlier)} close={close} />
      ) : null}
      {texts === "missing" ? <p class="note-insert-missing">{t("Templates could not be loaded.")}</p> : null}
    </div>
  );
  return (
    <>
      {menu}
      {texts !== null && texts !== "missing" && texts.answers ? (
        <button type="button" class="button small" data-opens="answers" onClick={openAnswers}>
          {t("Answers")}
        </button>
      ) : null}
    </>
  );
};
