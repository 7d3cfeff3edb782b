/** The note beside the call: four sections under real headings, who else is in them, and whether everything is saved. */
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { post } from "../lib/api.ts";
import { copyText } from "../lib/copy.ts";
import { on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { realTimers } from "../lib/timers.ts";
import { socketUrl } from "../lib/urls.ts";
import { Answers } from "./answers.tsx";
import { WhoWrote } from "./authors.tsx";
import { browserBoxes } from "./boxes.ts";
import { Earlier } from "./earlier.tsx";
import { NoteEditor, type Style } from "./editor.ts";
import { Insert } from "./insert.tsx";
import { Keep } from "./keep.ts";
import { Left } from "./left.tsx";
import type { Ending } from "./line.ts";
import type { Listed } from "./listed.ts";
import type { Other } from "./presence.ts";
import { NoteLink, type NoteStatus, RESUMABLE } from "./provider.ts";
import type { Shelf } from "./shelf.ts";
import { SignBar } from "./signbar.tsx";
import { TooLate } from "./toolate.tsx";
import { SECTIONS, type SectionName } from "./wire.ts";
import {
  doingHere,
  endingWords,
  kindHint,
  noteTitle,
  SLOW_MS,
  sectionHint,
  sectionTitle,
  spokenOf,
  stateWords,
} from "./words.ts";

export interface NotePaneProps {
  note: Listed;
  shelf: Shelf;
  /** Id of the person at this screen. */
  person: string;
}

/** What stands beside the text. */
type Beside = "earlier" | "answers" | null;

interface BelowProps extends NotePaneProps {
  link: NoteLink;
  editor: NoteEditor;
  beside: Beside;
  close: () => void;
}

const openLink = ({ note }: NotePaneProps): NoteLink => {
  const boxes = browserBoxes();
  const keep = boxes && new Keep(boxes, note.id);
  return new NoteLink({
    url: socketUrl("/ws/note"),
    ticket: async () => {
      await keep?.find();
      return (await post<{ ticket: string }>(`/api/notes/${note.id}/tickets`)).ticket;
    },
    writable: note.writable,
    keep,
  });
};

/** Opens the link once for the life of the pane, and wakes it when the network or the reader comes back. */
const useLink = (props: NotePaneProps): NoteLink => {
  const link = useMemo(() => openLink(props), []);
  useEffect(() => {
    link.start();
    const stops = [
      on(window, "online", () => link.hurry()),
      on(document, "visibilitychange", () => document.visibilityState === "visible" && link.hurry()),
      on<BeforeUnloadEvent>(window, "beforeunload", (event) => link.status.value.saved || event.preventDefault()),
      () => link.stop(),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [link]);
  return link;
};

const useEditor = (link: NoteLink, me: string): NoteEditor | null => {
  const [editor, setEditor] = useState<NoteEditor | null>(null);
  useEffect(() => {
    let gone = false;
    let made: NoteEditor | null = null;
    void link.ready.then(() => {
      if (gone) return;
      made = new NoteEditor(link, { me });
      setEditor(made);
    });
    return () => {
      gone = true;
      made?.destroy();
    };
  }, [link]);
  return editor;
};

/** Draws again when "Saving…" has taken too long. */
const useNow = (status: NoteStatus): number => {
  const [now, setNow] = useState(() => realTimers.now());
  const since = status.unsavedSince;
  useEffect(() => {
    setNow(realTimers.now());
    if (since === null) return;
    const timer = setTimeout(() => setNow(realTimers.now()), SLOW_MS - (realTimers.now() - since) + 10);
    return () => clearTimeout(timer);
  }, [since]);
  return now;
};

const LABELS: readonly Style[] = ["bold", "italic", "list"];

const labelOf = (style: Style): { name: string; keys: string } =>
  ({
    bold: { name: t("Bold"), keys: "Control+B" },
    italic: { name: t("Italic"), keys: "Control+I" },
    list: { name: t("List"), keys: "Control+Shift+8" },
  })[style];

const GLYPHS = { bold: "B", italic: "I" } as const;

const Toolbar = ({ editor }: { editor: NoteEditor }) => {
  const styles = editor.styles.value;
  return (
    <fieldset class="note-tools">
      <legend class="unseen">{t("Text style")}</legend>
      {LABELS.map((style) => {
        const { name, keys } = labelOf(style);
        return (
          <button
            key={style}
            type="button"
            class={`note-tool note-tool-${style}`}
            aria-label={name}
            aria-pressed={styles[style]}
            aria-keyshortcuts={keys}
            title={`${name} (${keys.replaceAll("Control", "Ctrl")})`}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => editor.toggle(style)}
          >
            {style === "list" ? <Icon name="list" /> : <span aria-hidden="true">{GLYPHS[style]}</span>}
          </button>
        );
      })}
    </fieldset>
  );
};

const Section = ({ name, editor, others }: { name: SectionName; editor: NoteEditor; others: Other[] }) => {
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current) editor.mount(name, host.current, id);
  }, [editor, name, id]);
  const here = others.filter((other) => other.section === name);
  return (
    <section class="note-section" data-section={name}>
      <div class="note-line">
        <h3 id={id}>{sectionTitle(name)}</h3>
        {here.length > 0 ? (
          <p class="note-here">{here.map(doingHere).join(", ")}</p>
        ) : (
          <p class="note-hint">{sectionHint(name)}</p>
        )}
      </div>
      <div ref={host} class="note-host" />
    </section>
  );
};

const WhatIsLeft = ({ shelf }: { shelf: Shelf }) => {
  const [none, setNone] = useState(false);
  return (
    <>
      <button type="button" class="button" onClick={() => void shelf.again().then((found) => setNone(!found))}>
        {t("Show the notes that you may open")}
      </button>
      <p role="status">{none ? t("There is no note here that you may open.") : ""}</p>
    </>
  );
};

const WayOn = ({ link, shelf, ending }: { link: NoteLink; shelf: Shelf; ending: Ending }) => {
  if (ending === "withdrawn") return <WhatIsLeft shelf={shelf} />;
  return RESUMABLE.has(ending) ? (
    <button type="button" class="button" onClick={() => link.resume()}>
      {t("Go on here")}
    </button>
  ) : (
    <button type="button" class="button" onClick={() => location.reload()}>
      {t("Load the page again")}
    </button>
  );
};

const Ended = (props: { link: NoteLink; shelf: Shelf; ending: Ending }) => (
  <div class="callout warn note-ended" role="alert">
    <p>{endingWords(props.ending)}</p>
    <WayOn {...props} />
  </div>
);

const CopyAll = ({ editor }: { editor: NoteEditor }) => {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    const copied = await copyText(editor.plainText(sectionTitle));
    setSaid(copied ? t("Copied.") : t("This page may not copy. Select the text below instead."));
  };
  return (
    <div class="row">
      <button type="button" class="button" onClick={() => void copy()}>
        {t("Copy the text")}
      </button>
      <p role="status">{said}</p>
    </div>
  );
};

/** What a screen reader hears: changes of saving and of presence, each once, never at every key. */
const Spoken = ({ said, others }: { said: string | null; others: Other[] }) => {
  const saving = useRef("");
  const spoken = useRef<ReadonlyMap<string, string>>(new Map());
  saving.current = said ?? saving.current;
  spoken.current = spokenOf(spoken.current, others);
  return (
    <>
      <p class="unseen" role="status" data-note-said>
        {saving.current}
      </p>
      <p class="unseen" role="status" data-note-presence>
        {[...spoken.current.values()].join(", ")}
      </p>
    </>
  );
};

const presentWords = (others: Other[]): string =>
  others.length > 0
    ? t("Also here: {names}", { names: others.map((other) => other.name).join(", ") })
    : t("Nobody else is here");

/** Whoever may only read has nothing to insert, and earlier notes to read all the same. */
const LookBack = ({ past, toggle }: { past: boolean; toggle: () => void }) => (
  <div class="note-insert">
    <button type="button" class="button small" aria-expanded={past} onClick={toggle}>
      {t("Earlier notes")}
    </button>
  </div>
);

/** What stands in the way of writing, and how to get the text out. */
const Trouble = ({ link, shelf, editor }: { link: NoteLink; shelf: Shelf; editor: NoteEditor | null }) => {
  const { ending, full, saved } = link.status.value;
  return (
    <>
      {ending && ending !== "crossed" ? <Ended link={link} shelf={shelf} ending={ending} /> : null}
      {editor ? <Left link={link} editor={editor} /> : null}
      {full ? <p class="callout warn">{t("This note has reached its greatest length.")}</p> : null}
      {editor?.pasteRefused.value ? (
        <p class="callout warn" role="alert">
          {t("That is too much to paste at once. Please paste it in parts.")}
        </p>
      ) : null}
      {editor && (full || (ending && ending !== "crossed" && !saved)) ? <CopyAll editor={editor} /> : null}
    </>
  );
};

/** What stands under the text: earlier notes, whose words they are, and who stands for them. */
const Below = ({ note, shelf, link, editor, beside, close }: BelowProps) => (
  <>
    {beside === "earlier" ? (
      <Earlier note={note.id} editor={editor} editable={link.status.value.writable} close={close} />
    ) : null}
    {beside === "answers" ? (
      <Answers note={note.id} editor={editor} editable={link.status.value.writable} close={close} />
    ) : null}
    {note.kind === "jottings" ? null : (
      <>
        <WhoWrote note={note} link={link} />
        <SignBar note={note} shelf={shelf} link={link} />
      </>
    )}
  </>
);

export const NotePane = (props: NotePaneProps) => {
  const link = useLink(props);
  const editor = useEditor(link, props.person);
  const status = link.status.value;
  const words = stateWords(status, useNow(status));
  const others = editor?.others.value ?? [];
  const editable = status.writable && status.ending === null && !status.full;
  useEffect(() => editor?.setEditable(editable), [editor, editable]);
  useEffect(() => props.shelf.mark(props.note.id, status.saved), [status.saved]);
  const [beside, setBeside] = useState<Beside>(null);
  return (
    <div class="note" data-line={status.line} data-kind={props.note.kind} data-past={beside === "earlier"}>
      <div class="note-head">
        <h2>{noteTitle(props.note)}</h2>
        <p class="note-kind">{kindHint(props.note.kind)}</p>
        {props.note.kind === "jottings" ? null : <p class="note-present">{presentWords(others)}</p>}
      </div>
      <div class="note-bar">
        {editor && editable ? (
          <Insert
            note={props.note.id}
            editor={editor}
            openEarlier={() => setBeside("earlier")}
            openAnswers={() => setBeside("answers")}
          />
        ) : null}
        {editor && editable ? <Toolbar editor={editor} /> : null}
        {editor && !editable && status.ending === null ? (
          <LookBack past={beside !== null} toggle={() => setBeside(beside ? null : "earlier")} />
        ) : null}
        <p class="note-state" data-mood={words.mood}>
          {words.shown}
        </p>
      </div>
      <Spoken said={words.said} others={others} />
      <TooLate note={props.note} shelf={props.shelf} link={link} />
      <Trouble link={link} shelf={props.shelf} editor={editor} />
      {editor ? SECTIONS.map((name) => <Section key={name} name={name} editor={editor} others={others} />) : null}
      {editor ? <Below {...props} link={link} editor={editor} beside={beside} close={() => setBeside(null)} /> : null}
    </div>
  );
};
